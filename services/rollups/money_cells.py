"""Cells of payments: how a tick adds to each, what it leaves behind, and what each is from scratch.

Every cell is a sum over payment_applied, so all of them follow one pattern: what changed is grouped
by the whole key and added, and cells that became empty go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from services.rollups.cells import add, drop_empty
from services.rollups.money_payments import MEASURES
from services.rollups.part import Rollup


@dataclass(frozen=True, slots=True)
class Entries:
    """What is counted: the rows that changed in a tick, and all of them from scratch.

    `measures` says how a changed row enters each measure, `lessens` which of them take away, and
    `count` what is 0 when a cell is empty.
    """

    changes: str
    moment: str
    measures: Mapping[str, str]
    lessens: str
    count: str
    whole: str


ATTEMPTS: Final = Entries(
    changes="payments_diff",
    moment="created_at",
    measures={"n": "sign", "amount": "sign * amount"},
    lessens="sign < 0",
    count="n",
    whole="(select created_at as at, 1 as n, kept.* from payment_applied_next as kept) as entry",
)
MONEY: Final = Entries(
    changes="money_moves",
    moment="at",
    measures={name: name for name in MEASURES},
    lessens="sales < 0 or refunds < 0",
    count="sales + cell.refunds",
    whole="""(
        select sold_at as at, sold_day as day, 1 as sales, amount as gross, commission,
            0 as refunds, 0 as refunded, 0 as commission_back, 0 as charged_back,
            tenant, province, city, device, referral, currency, provider_id, kind, service
        from payment_applied_next where sold_day is not null
        union all
        select back_at, back_day, 0, 0, 0, 1, refunded, commission_back,
            refunded * (status = 'charged_back')::int,
            tenant, province, city, device, referral, currency, provider_id, kind, service
        from payment_applied_next where back_day is not null
    ) as entry""",
)


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of cells, its key, and what it counts."""

    table: str
    keys: str
    entries: Entries

    def steps(self) -> Iterator[TextClause]:
        """Add what changed, then delete what it emptied."""
        counted, names = self.entries, ", ".join(self.entries.measures)
        grouped = self.keys.replace("hour", f"date_bin('1 hour', {counted.moment}, {_ORIGIN})")
        named = self.keys.replace(
            "hour", f"date_bin('1 hour', {counted.moment}, {_ORIGIN}) as hour"
        )
        sums = ", ".join(f"sum({value})" for value in counted.measures.values())
        yield add(
            f"money_cells.{self.table}",
            self.table,
            keys=self.keys,
            measures=names,
            query=f"select {grouped}, {sums} from {counted.changes} group by {grouped}",  # noqa: S608 - our own names
        )
        yield drop_empty(
            f"money_cells.{self.table}_emptied",
            self.table,
            keys=self.keys,
            measure=counted.count,
            touched=f"(select {named} from {counted.changes} where {counted.lessens}) as lessened",  # noqa: S608 - our own names
        )

    def rollup(self) -> Rollup:
        """The table with its recompute, which truncates to the hour instead of binning."""
        names = ", ".join(self.entries.measures)
        sums = ", ".join(f"sum({name})" for name in self.entries.measures)
        grouped = self.keys.replace("hour", "date_trunc('hour', at, 'UTC')")
        statement = f"""
            -- services.rollups.money_cells.recompute_{self.table}
            insert into {self.table}_next ({self.keys}, {names})
            select {grouped}, {sums} from {self.entries.whole} group by {grouped}
        """  # noqa: S608 - our own names
        return Rollup(self.table, text(statement))


_ORIGIN: Final = "timestamptz '2000-01-01 00:00+00'"

CELLS: Final = (
    Cells("pay_hour", "hour, currency, gateway, status, reason", ATTEMPTS),
    Cells(
        "pay_day",
        "day, currency, device, referral, method, instalments, status, reason",
        ATTEMPTS,
    ),
    Cells(
        "pay_province_day",
        "province, day, currency, method, instalments, status, reason",
        ATTEMPTS,
    ),
    # Split by device class and origin too, there would be hardly one payment in a cell.
    Cells("money_hour", "hour, currency, province", MONEY),
    Cells("money_day", "day, currency, province, device, referral", MONEY),
    Cells("money_tenant_day", "tenant, day, currency", MONEY),
    Cells("money_city_day", "day, province, city, device, currency", MONEY),
    # By the name that providers give to a service, with the kind that tells one "Consulta" from
    # another: cells grow with the vocabulary. A service of its own is hardly sold twice a day, so
    # by service_id there would be as many cells as sales.
    Cells("service_day", "day, currency, kind, service", MONEY),
    Cells("provider_day", "provider_id, day, currency", MONEY),
)
