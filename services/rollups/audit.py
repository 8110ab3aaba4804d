"""Whether every rollup equals its recompute, beside live ingest: in both directions, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from data.database import Database, Tx
from services.rollups import state
from services.rollups.part import Part, Rollup
from services.rollups.parts import PARTS
from services.rollups.refresh import run

LIMIT_MS: Final = 4 * 3_600_000

# One snapshot: raw rows and cells of the same moment, cut at the mark that the cells have.
_SNAPSHOT: Final = text("set transaction isolation level repeatable read")

_SETTINGS: Final = text("""
    -- services.rollups.audit.settings
    select set_config('work_mem', '128MB', true), set_config('jit', 'off', true)
""")

_STATE: Final = text("""
    -- services.rollups.audit.state
    select tx_done::text as tx_done, system_identifier, definition, raw_since, minutes_since
    from rollup_state
    where id = 1
""")

_REMEMBER: Final = text("""
    -- services.rollups.audit.remember
    update rollup_state
    set audited_at = clock_timestamp(), audit_differing = :differing
    where id = 1
""")


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of a table that its recompute lacks (`extra`), and the other way round (`missing`)."""

    table: str
    rows: int
    extra: int
    missing: int

    @property
    def differing(self) -> int:
        """Rows that differ, both ways."""
        return self.extra + self.missing


def audit(db: Database, zone: ZoneInfo, *, parts: Sequence[Part] = PARTS) -> list[Difference]:
    """Compare each rollup with its recompute from raw rows below the mark; one entry per table.

    Takes no lock that a refresh, a writer or a reader would wait for. The outcome is kept in
    rollup_state. Raises Unavailable for rollups of another cluster, zone or steps, and SourceDown.
    """
    with db.write(timeout_ms=LIMIT_MS) as tx:
        tx.execute(_SNAPSHOT)
        tx.execute(_SETTINGS)
        kept = tx.one_or_none(_STATE, state.State)
        if kept is None:
            return []
        found = state.here(tx)
        state.check(tx, kept, found, zone)
        values = state.values(kept, zone=zone, lo="0", hi=kept.tx_done, now=found.now)
        for part in parts:
            for rollup in part.rollups:
                _recompute(tx, rollup, values)
        compared = [each for part in parts for each in part.rollups if each.compares]
        differences = [_compare(tx, rollup.table) for rollup in compared]
    with db.write() as tx:
        tx.execute(_REMEMBER, differing=sum(each.differing for each in differences))
    return differences


def _recompute(tx: Tx, rollup: Rollup, values: dict[str, object]) -> None:
    beside = f"{rollup.table}_next"
    tx.execute(text(f"create temp table {beside} (like {rollup.table}) on commit drop"))
    run(tx, rollup.recompute, values)
    tx.execute(text(f"analyze {beside}"))


def _compare(tx: Tx, table: str) -> Difference:
    found = tx.one_or_none(
        text(f"""
            -- services.rollups.audit.compare
            select cast(:table as text) as table, (select count(*) from {table}) as rows,
                (select count(*) from (table {table} except all table {table}_next) as extra)
                    as extra,
                (select count(*) from (table {table}_next except all table {table}) as missing)
                    as missing
        """),  # noqa: S608 - our own names
        Difference,
        table=table,
    )
    if found is None:
        raise TypeError("A select without a table has one row.")
    return found
