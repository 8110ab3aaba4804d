"""What is dropped with age: whole days of raw events, and minutes that no page looks back to.

How long raw events stay is the policy for `analytics_events` in retention_policies; without one
they stay. Their cells stay in any case: from then on they are carried over, not recomputed.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from data.database import Database, Tx
from services.rollups import state

MINUTE_DAYS: Final = 7
LIMIT_MS: Final = 120_000

_POLICY: Final = text("""
    -- services.rollups.retention.policy
    select id, keep_days from retention_policies
    where table_name = 'analytics_events' and is_enabled and exists (
        select from pg_partitioned_table where partrelid = to_regclass('analytics_events')
    )
    order by keep_days desc
    limit 1
""")

# What no refresh has taken yet is not old: it is late, and waits for the next tick.
_WAITING: Final = text("""
    -- services.rollups.retention.waiting
    select exists (
        select from analytics_events where occurred_at < :before and tx >= cast(:lo as xid8)
    )
""")

_DROP_DAYS: Final = text("""
    -- services.rollups.retention.drop_days
    select atalaya_drop_event_partitions(cast(:day as date), :tz)
""")

_DROP_SET_ASIDE: Final = text("""
    -- services.rollups.retention.drop_set_aside
    delete from rollup_set_aside where occurred_at < :before
""")

_DROP_MINUTES: Final = text("""
    -- services.rollups.retention.drop_minutes
    delete from roll_minute where minute < :before
""")

_MOVE_RAW: Final = text("""
    -- services.rollups.retention.move_raw
    update rollup_state set raw_since = greatest(raw_since, :before) where id = 1
""")

_MOVE_MINUTES: Final = text("""
    -- services.rollups.retention.move_minutes
    update rollup_state set minutes_since = greatest(minutes_since, :before) where id = 1
""")

_NOTE: Final = text("""
    -- services.rollups.retention.note
    update retention_policies set last_run_at = clock_timestamp(), last_removed = :days
    where id = :id
""")


@dataclass(frozen=True, slots=True)
class Policy:
    """How many days of raw events are kept."""

    id: int
    keep_days: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """What went: day partitions, and cells of minutes."""

    days: int
    minutes: int


def drop_old(db: Database, zone: ZoneInfo, *, now: datetime) -> Dropped | None:
    """Drop what is older than its retention. None when a refresh is at it: try again later.

    Days go only as a whole, once all of their events are in the rollups. Raises SourceDown when
    readers or writers hold the events for too long.
    """
    with db.write(timeout_ms=LIMIT_MS) as tx:
        if not state.try_to_lead(tx):
            return None
        kept = state.state(tx)
        minutes = _drop_minutes(tx, now)
        days = _drop_days(tx, kept, zone, now)
    return Dropped(days, minutes)


def _drop_minutes(tx: Tx, now: datetime) -> int:
    hour = now.replace(minute=0, second=0, microsecond=0)
    before = hour - timedelta(days=MINUTE_DAYS)
    tx.execute(_MOVE_MINUTES, before=before)
    return tx.execute(_DROP_MINUTES, before=before)


def _drop_days(tx: Tx, kept: state.State, zone: ZoneInfo, now: datetime) -> int:
    policy = tx.one_or_none(_POLICY, Policy)
    if policy is None:
        return 0
    day = now.astimezone(zone).date() - timedelta(days=policy.keep_days)
    before = datetime.combine(day, time.min, zone)
    if kept.raw_since is not None and before < kept.raw_since:
        return 0
    if tx.scalar(_WAITING, before=before, lo=kept.tx_done):
        return 0
    dropped = tx.scalar(_DROP_DAYS, day=day, tz=zone.key)
    tx.execute(_DROP_SET_ASIDE, before=before)
    tx.execute(_MOVE_RAW, before=before)
    tx.execute(_NOTE, id=policy.id, days=dropped)
    return dropped if isinstance(dropped, int) else 0
