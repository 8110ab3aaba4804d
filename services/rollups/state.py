"""Who may move the rollups, from where to where, and whether they still mean what they say.

The mark is a transaction id. Every transaction below `pg_snapshot_xmin` has ended, so its rows are
visible to every later snapshot or never: the rows in [lo, hi) are final, and each is taken once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from data.database import Tx
from services.errors import Unavailable
from services.rollups.set_aside import LONGEST_SESSION, MOST_AHEAD

ALWAYS: Final = "-infinity"

_TRY_TO_LEAD: Final = text("""
    -- services.rollups.state.try_to_lead
    select pg_try_advisory_xact_lock(hashtextextended('atalaya.rollups', 0))
""")

_LEAD: Final = text("""
    -- services.rollups.state.lead
    select pg_advisory_xact_lock(hashtextextended('atalaya.rollups', 0))
""")

_STATE: Final = text("""
    -- services.rollups.state.state
    select tx_done::text as tx_done, system_identifier, definition, raw_since, minutes_since
    from rollup_state
    where id = 1
    for update
""")

_HERE: Final = text("""
    -- services.rollups.state.here
    select pg_snapshot_xmin(pg_current_snapshot())::text as hi, clock_timestamp() as now,
        (select system_identifier::text from pg_control_system()) as system_identifier,
        (select string_agg(id || ' ' || step, ', ' order by step, id) from event_names
            where step is not null) as steps
""")

# No row that we see has an id that this cluster has not given out yet.
HOME: Final = text("""
    -- services.rollups.state.home
    select coalesce(system_identifier = here, true) and not exists (
            select from analytics_events where tx >= pg_snapshot_xmax(pg_current_snapshot())
        ) and not exists (
            select from payments where tx >= pg_snapshot_xmax(pg_current_snapshot())
        ) as is_home
    from rollup_state
    cross join (select system_identifier::text as here from pg_control_system()) as control
    where id = 1
""")

# Always between transactions, never inside one: one that is larger than a slice is taken whole.
_CUT: Final = text("""
    -- services.rollups.state.cut
    select tx::text from analytics_events
    where tx >= cast(:lo as xid8) and tx < cast(:hi as xid8)
    order by tx
    offset :most
    limit 1
""")

_MARK: Final = text("""
    -- services.rollups.state.mark
    update rollup_state
    set tx_done = cast(:hi as xid8), refreshed_at = clock_timestamp(),
        system_identifier = :system_identifier, definition = :definition,
        source_max_at = greatest(source_max_at, cast(:newest as timestamptz))
    where id = 1
""")


@dataclass(frozen=True, slots=True)
class State:
    """The row of rollup_state, held until the transaction ends."""

    tx_done: str
    system_identifier: str | None
    definition: str | None
    raw_since: datetime | None
    minutes_since: datetime | None


@dataclass(frozen=True, slots=True)
class Here:
    """The cluster that we are in, and what the cells mean in it."""

    hi: str
    now: datetime
    system_identifier: str
    steps: str | None


def try_to_lead(tx: Tx) -> bool:
    """Be the only one who moves the rollups until this transaction ends; False if another is.

    The lock goes with the transaction: a crash frees it.
    """
    return bool(tx.scalar(_TRY_TO_LEAD))


def lead(tx: Tx) -> None:
    """The same, waiting for the other."""
    tx.scalar(_LEAD)


def state(tx: Tx) -> State:
    """Read after the lock, so never a mark that the former leader has moved."""
    found = tx.one_or_none(_STATE, State)
    if found is None:
        raise Unavailable(
            "rollup_state has no row.", "Insert one: `insert into rollup_state default values`."
        )
    return found


def here(tx: Tx) -> Here:
    """Read after the lock as well: `hi` is the mark to come."""
    found = tx.one_or_none(_HERE, Here)
    if found is None:
        raise TypeError("A select without a table has one row.")
    return found


def definition(found: Here, zone: ZoneInfo) -> str:
    """What the cells rest on: with another zone or other steps, all of them would be others."""
    return f"{zone.key}; steps {found.steps or 'none'}"


def check(tx: Tx, kept: State, found: Here, zone: ZoneInfo) -> None:
    """Refuse to add to cells of another meaning or by ids of another cluster."""
    check_cluster(tx, kept, found)
    if kept.definition not in {None, definition(found, zone)}:
        raise Unavailable(
            f"The rollups were made for {kept.definition}, and this is {definition(found, zone)}.",
            "Run `python -m dashboard rollups rebuild`.",
        )


def check_cluster(tx: Tx, kept: State, found: Here) -> None:
    """Refuse ids of another cluster. The rows themselves are looked at before the first mark."""
    if kept.system_identifier == found.system_identifier:
        return
    if not tx.scalar(HOME):
        raise Unavailable(
            "The database was moved to another cluster, where its transaction ids mean nothing.",
            "Run `python -m dashboard rollups adopt` once.",
        )


def cut(tx: Tx, *, lo: str, hi: str, most: int) -> str:
    """The mark after at most about `most` events."""
    found = tx.scalar(_CUT, lo=lo, hi=hi, most=most)
    if found is None:
        return hi
    return str(found) if str(found) != lo else str(int(lo) + 1)


def values(kept: State, *, zone: ZoneInfo, lo: str, hi: str, now: datetime) -> dict[str, object]:
    """What the statements of the parts may name."""
    return {
        "lo": lo,
        "hi": hi,
        "tz": zone.key,
        "latest": now + MOST_AHEAD,
        "longest": LONGEST_SESSION,
        "raw_since": kept.raw_since or ALWAYS,
        "minutes_since": kept.minutes_since or ALWAYS,
    }


def mark(tx: Tx, found: Here, *, zone: ZoneInfo, hi: str, newest: datetime | None) -> None:
    """Move the mark, in the transaction of the cells. `newest` is the latest event taken."""
    tx.execute(
        _MARK,
        hi=hi,
        system_identifier=found.system_identifier,
        definition=definition(found, zone),
        newest=newest,
    )
