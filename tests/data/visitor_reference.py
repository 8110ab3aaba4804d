"""Visitors and sessions in plain Python, from raw events alone, and a busy season to compare on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from pandas import DataFrame
from sqlalchemy import text

from data.database import Database
from services import rollups
from tests.factories import NOW, Row

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
DAY: Final = timedelta(days=1)
DEVICES: Final = ("mobile", "desktop", "tablet")
_EVENTS: Final = text("""
    select visitor_id, session_id, event_id, occurred_at, devices.code as device
    from analytics_events join devices on devices.id = analytics_events.device
""")
_WRITE: Final = text("""
    insert into analytics_events
        (visitor_id, session_id, event_id, occurred_at, name, device, province, referral)
    select visitor_id, session_id, gen_random_uuid(), occurred_at, event_names.id, devices.id, 1, 1
    from unnest(
        cast(:visitors as bigint[]), cast(:sessions as bigint[]),
        cast(:moments as timestamptz[]), cast(:devices as text[])
    ) as seen (visitor_id, session_id, occurred_at, device)
    join event_names on event_names.name = 'visit' join devices on devices.code = seen.device
""")
Seen = tuple[int, int, datetime, str]
"""visitor, session, moment, device of an event."""


@dataclass(frozen=True)
class Event:
    visitor_id: int
    session_id: int
    event_id: object
    occurred_at: datetime
    device: str


@dataclass(frozen=True)
class Session:
    day: date
    device: str
    seconds: int
    events: int


Days = dict[int, set[date]]
"""The local days on which each visitor was active."""


def active_days(db: Database, zone: ZoneInfo = ZONE) -> Days:
    found: Days = {}
    for event in db.rows(_EVENTS, Event):
        day = event.occurred_at.astimezone(zone).date()
        found.setdefault(event.visitor_id, set()).add(day)
    return found


def distinct(days: Days, first: date, last: date) -> set[int]:
    """Visitors active on some day from first to last, both included."""
    return {who for who, seen in days.items() if any(first <= day <= last for day in seen)}


def new(days: Days, first: date, last: date) -> set[int]:
    """Those of them whose first active day ever lies there."""
    return {who for who, seen in days.items() if first <= min(seen) <= last}


def monday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() - 1)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def sessions(db: Database, zone: ZoneInfo = ZONE) -> list[Session]:
    by: dict[tuple[int, int], list[Event]] = {}
    for event in db.rows(_EVENTS, Event):
        by.setdefault((event.visitor_id, event.session_id), []).append(event)
    return [_session(events, zone) for events in by.values()]


def _session(events: Sequence[Event], zone: ZoneInfo) -> Session:
    ordered = sorted(events, key=lambda each: (each.occurred_at, str(each.event_id)))
    first, last = ordered[0], ordered[-1]
    seconds = (last.occurred_at - first.occurred_at) // timedelta(seconds=1)
    return Session(first.occurred_at.astimezone(zone).date(), first.device, seconds, len(ordered))


def records(frame: DataFrame) -> list[Row]:
    """The rows of an answer by column name."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def fill(db: Database, *, visitors: int = 150, days: int = 75, seed: int = 5) -> None:
    """Visitors who come now and then, for seconds or an hour, over midnight too, until now."""
    random, rows = np.random.default_rng(seed), []
    for visitor in range(visitors):
        device = str(random.choice(DEVICES, p=[0.7, 0.2, 0.1]))
        at = NOW - timedelta(days=float(random.uniform(0, days)))
        for session in range(int(random.integers(1, 9))):
            moment, pace = at, float(random.choice([5, 40, 300, 900]))
            for _ in range(int(random.integers(1, 14))):
                if moment < NOW:
                    rows.append((visitor, session, moment, device))
                moment += timedelta(seconds=float(random.exponential(pace)))
            at += timedelta(days=float(random.exponential(6)))
    write(db, rows)


def write(db: Database, rows: Iterable[Seen]) -> None:
    """Write many events at once."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    names = ("visitors", "sessions", "moments", "devices")
    with db.write() as tx:
        tx.execute(_WRITE, **dict(zip(names, columns, strict=True)))


def fold(db: Database, zone: ZoneInfo = ZONE, *, at: datetime = NOW) -> None:
    """Fold what was written, as if the last refresh had been at a moment."""
    rollups.refresh(db, zone, now=at + timedelta(hours=1))
    with db.write() as tx:
        tx.execute(text("update rollup_state set refreshed_at = :at"), at=at)
