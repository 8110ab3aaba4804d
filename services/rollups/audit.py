"""Whether every rollup equals its recompute, beside live ingest: in both directions, row by row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from data import schema
from data.database import Database, Tx
from services.rollups import state
from services.rollups.part import Part, Rollup
from services.rollups.parts import PARTS

LIMIT_MS: Final = 4 * 3_600_000

# One snapshot: raw rows and cells of the same moment, cut at the mark that the cells have. Nothing
# is written, also no temporary table: a transaction with an id would hold the mark back for as long
# as it compares.
_SNAPSHOT: Final = text("set transaction isolation level repeatable read, read only")

_INSERT: Final = re.compile(r"insert into \w+_next\s*(?:\(([^()]*)\))?\s")
_NEXT: Final = re.compile(r"\b(\w+)_next\b")

# Whole tables are joined: a planner that expects few rows would look each session up in every
# partition.
_SETTINGS: Final = text("""
    -- services.rollups.audit.settings
    select set_config('work_mem', '128MB', true), set_config('jit', 'off', true),
        set_config('enable_nestloop', 'off', true)
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
        compared = [each for part in parts for each in part.rollups if each.compares]
        differences = [_compare(tx, rollup, values) for rollup in compared]
    with db.write() as tx:
        tx.execute(_REMEMBER, differing=sum(each.differing for each in differences))
    return differences


def comparison(rollup: Rollup) -> TextClause:
    """Rows of the table against those of its recompute, each with how often the sides differ.

    A recompute that reads `<other>_next` reads the stored table here: that one is compared by
    itself, so when all agree, each equals what follows from the raw rows.
    """
    listed, query = _as_query(rollup)
    return text(f"""
        -- services.rollups.audit.{rollup.table}
        with differing as (
            select sum(side) as n
            from (
                select 1 as side, {listed} from {rollup.table}
                union all
                select -1, {listed} from ({query}) as wanted ({listed})
            ) as sides
            group by {listed}
            having sum(side) <> 0
        )
        select cast(:table as text) as table, (select count(*) from {rollup.table}) as rows,
            coalesce(sum(n) filter (where n > 0), 0)::bigint as extra,
            coalesce(-sum(n) filter (where n < 0), 0)::bigint as missing
        from differing
    """)  # noqa: S608 - our own names


def _as_query(rollup: Rollup) -> tuple[str, str]:
    """Columns and query of a statement that inserts what it recomputes."""
    found = _INSERT.search(rollup.recompute.text)
    if found is None:
        raise ValueError(f"The recompute of {rollup.table} does not insert into its next table.")
    columns = schema.metadata.tables[rollup.table].columns.keys()
    query = rollup.recompute.text[found.end() :]
    return found[1] or ", ".join(columns), _NEXT.sub(r"\1", query)


def _compare(tx: Tx, rollup: Rollup, values: dict[str, object]) -> Difference:
    statement = comparison(rollup)
    named = {"table": rollup.table, **values}
    params = {name: named[name] for name in statement.compile().params}
    found = tx.one_or_none(statement, Difference, **params)
    if found is None:
        raise TypeError("An aggregate has one row.")
    return found
