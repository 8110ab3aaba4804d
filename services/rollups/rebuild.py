"""All rollups from raw events, built beside those that pages read, and put in their place at once.

Ingest goes on: what is written meanwhile waits for the next tick. Readers see the old tables until
the new ones are there, and wait for a moment while they change places.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from data.database import Database
from services.rollups import state
from services.rollups.part import Part
from services.rollups.parts import PARTS
from services.rollups.refresh import run

LIMIT_MS: Final = 4 * 3_600_000

_SETTINGS: Final = text("""
    -- services.rollups.rebuild.settings
    select set_config('work_mem', '256MB', true), set_config('jit', 'off', true),
        set_config('maintenance_work_mem', '256MB', true),
        set_config('client_min_messages', 'warning', true)
""")

_BESIDE: Final = text("""
    -- services.rollups.rebuild.beside
    select atalaya_rollup_beside(cast(:tables as text[]))
""")

_SWAP: Final = text("""
    -- services.rollups.rebuild.swap
    select atalaya_rollup_swap(cast(:tables as text[]))
""")

_NEWEST: Final = text("""
    -- services.rollups.rebuild.newest
    select max(last_at) from session_funnel
""")

_START_OVER: Final = text("""
    -- services.rollups.rebuild.start_over
    update rollup_state
    set source_max_at = null, audited_at = null, audit_differing = null
    where id = 1
""")

_MADE_FOR: Final = text("""
    -- services.rollups.rebuild.made_for
    select definition from rollup_state where id = 1
""")

Tell = Callable[[str], None]


def is_due(db: Database, zone: ZoneInfo) -> bool:
    """Whether they were never made, or for another zone or other steps. Raises SourceDown."""
    with db.write() as tx:
        return tx.scalar(_MADE_FOR) != state.definition(state.here(tx), zone)


def rebuild(
    db: Database,
    zone: ZoneInfo,
    *,
    now: datetime | None = None,
    parts: Sequence[Part] = PARTS,
    tell: Tell = lambda _: None,
) -> None:
    """Make every rollup anew from the rows of all transactions that have ended.

    Waits for a refresh under way. `tell` hears each table's name as it is begun. Raises Unavailable
    when the database was moved to another cluster, and SourceDown.
    """
    with db.write(timeout_ms=LIMIT_MS) as tx:
        state.lead(tx)
        kept, found = state.state(tx), state.here(tx)
        state.check_cluster(tx, kept, found)
        values = state.values(kept, zone=zone, lo="0", hi=found.hi, now=now or found.now)
        tables = [table for part in parts for table in part.tables]
        tx.execute(_SETTINGS)
        tx.scalar(_BESIDE, tables=tables)
        for part in parts:
            for step in part.prepares:
                run(tx, step, values)
            for rollup in part.rollups:
                tell(rollup.table)
                run(tx, rollup.fastest, values)
        tell("indexes")
        tx.scalar(_SWAP, tables=tables)
        tx.execute(_START_OVER)
        newest = tx.scalar(_NEWEST)
        state.mark(
            tx,
            found,
            zone=zone,
            hi=found.hi,
            newest=newest if isinstance(newest, datetime) else None,
        )
