"""Reads about the worker: whether one leads, and since when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from data.database import Database

# The row that the leading worker keeps fresh; those that stand by write nothing.
LEADER: Final = "worker"

HEARTBEAT: Final = text("""
    -- data.worker.heartbeat
    select beat_at, started_at, extract(epoch from clock_timestamp() - beat_at)::float8 as age_s
    from worker_heartbeats
    where name = :name
""")


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last sign of life of the leading worker. `age_s` is by the database's own clock."""

    beat_at: datetime
    started_at: datetime
    age_s: float


def heartbeat(db: Database) -> Heartbeat | None:
    """The leading worker's last sign of life; None when no worker ever led.

    Not a cached question: readiness asks it. Source: worker_heartbeats. Raises SourceDown.
    """
    return db.one(HEARTBEAT, Heartbeat, name=LEADER)
