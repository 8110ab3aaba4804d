"""What the worker does for the rollups: keep them fresh, drop what is old, compare nightly."""

from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from data.database import Database
from data.rollups import kept
from services.errors import Unavailable
from services.rollups.audit import audit
from services.rollups.refresh import refresh
from services.rollups.retention import drop_old

TICK_S: Final = 5
LONGEST_S: Final = 30
"""How long one turn catches up before others have theirs."""
AUDIT_HOUR: Final = 4
AUDIT_EVERY: Final = timedelta(hours=20)

log: Final = structlog.get_logger(__name__)


def tick(db: Database, zone: ZoneInfo) -> None:
    """Fold in what is new; slice by slice when the worker was away."""
    until = monotonic() + LONGEST_S
    try:
        while (done := refresh(db, zone)) is not None and done.is_behind:
            log.info("rollups.catching_up", events=done.events)
            if monotonic() > until:
                break
    except Unavailable as refusal:
        log.warning("rollups.cannot_refresh", reason=refusal.message, remedy=refusal.remedy)


def drop(db: Database, zone: ZoneInfo) -> None:
    """Drop days and minutes that are older than their retention."""
    done = drop_old(db, zone, now=datetime.now(zone))
    if done is not None and done.days:
        log.info("rollups.dropped", days=done.days, minutes=done.minutes)


def compare(db: Database, zone: ZoneInfo) -> None:
    """Once a night, compare every rollup with the raw events and say what differed."""
    if not is_due(kept(db).audited_at, datetime.now(zone)):
        return
    try:
        differing = [each for each in audit(db, zone) if each.differing]
    except Unavailable as refusal:
        log.warning("rollups.cannot_audit", reason=refusal.message, remedy=refusal.remedy)
        return
    for each in differing:
        log.error("rollups.differ", table=each.table, extra=each.extra, missing=each.missing)
    if not differing:
        log.info("rollups.agree")


def is_due(audited_at: datetime | None, now: datetime) -> bool:
    """Whether it is the hour of the night, and it was not done in this one. `now` is local."""
    is_night = now.hour == AUDIT_HOUR
    return is_night and (audited_at is None or now - audited_at > AUDIT_EVERY)
