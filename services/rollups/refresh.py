"""A tick: what was written since the last one is folded into every rollup, in one transaction.

A crash before the commit leaves nothing behind; after it, the next tick starts at the new mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from data.database import Database, Tx
from services.rollups import state
from services.rollups.part import Part
from services.rollups.parts import PARTS

MOST: Final = 100_000
"""Events of one tick: a worker that was away catches up in slices of this size."""
LIMIT_MS: Final = 120_000

# Short statements on a busy machine: no parallel workers, no compiler; sorts of a slice fit.
SETTINGS: Final = text("""
    -- services.rollups.refresh.settings
    select set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
        set_config('max_parallel_workers_per_gather', '0', true),
        set_config('client_min_messages', 'warning', true)
""")

_TAKEN: Final = text("""
    -- services.rollups.refresh.taken
    select count(*) as events, max(occurred_at) as newest_at from new_events
""")


@dataclass(frozen=True, slots=True)
class Taken:
    """What the tick took: events, and the time of the newest (None without events)."""

    events: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick that was committed. `is_behind`: more was waiting than one slice holds."""

    events: int
    is_behind: bool


def refresh(
    db: Database,
    zone: ZoneInfo,
    *,
    now: datetime | None = None,
    most: int = MOST,
    parts: Sequence[Part] = PARTS,
) -> Tick | None:
    """Fold one slice of what is new into the rollups. None when another is at it.

    `now` decides which event times are impossible; without it the server's clock does. Raises
    Unavailable when the rollups are of another cluster, zone or set of steps, and SourceDown.
    """
    with db.write(timeout_ms=LIMIT_MS) as tx:
        if not state.try_to_lead(tx):
            return None
        kept, found = state.state(tx), state.here(tx)
        state.check(tx, kept, found, zone)
        hi = state.cut(tx, lo=kept.tx_done, hi=found.hi, most=most)
        values = state.values(kept, zone=zone, lo=kept.tx_done, hi=hi, now=now or found.now)
        _stage(tx, parts)
        for part in parts:
            _fold(tx, part, values)
        taken = tx.one_or_none(_TAKEN, Taken) or Taken(0, None)
        state.mark(tx, found, zone=zone, hi=hi, newest=taken.newest_at)
    return Tick(taken.events, is_behind=hi != found.hi)


def catch_up(
    db: Database,
    zone: ZoneInfo,
    *,
    now: datetime | None = None,
    most: int = MOST,
    parts: Sequence[Part] = PARTS,
) -> int:
    """Refresh until nothing waits; returns the events taken. Stops when another is at it."""
    events = 0
    while (tick := refresh(db, zone, now=now, most=most, parts=parts)) is not None:
        events += tick.events
        if not tick.is_behind:
            break
    return events


def run(tx: Tx, statement: TextClause, values: dict[str, object]) -> int:
    """Run a statement with those of the values that it names."""
    named = statement.compile().params
    return tx.execute(statement, **{name: values[name] for name in named})


def _fold(tx: Tx, part: Part, values: dict[str, object]) -> None:
    """Run the steps of a part; the first stages, and without a new row the others have no work."""
    if run(tx, part.steps[0], values) == 0:
        return
    for step in part.steps[1:]:
        run(tx, step, values)


def _stage(tx: Tx, parts: Sequence[Part]) -> None:
    tx.execute(SETTINGS)
    for part in parts:
        for ddl in part.staging:
            tx.execute(text(ddl))
