"""The funnel in plain Python, from raw events alone, and a busy fortnight to compare it on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import text

from data.database import Database
from data.period import Filters
from services import rollups
from tests.factories import NOW

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
STEPS: Final = ("visit", "search", "provider_selected", "checkout", "booking_paid")
WINDOWS: Final = {
    "30m": timedelta(minutes=30),
    "24h": timedelta(hours=24),
    "7d": timedelta(hours=168),
}
LATEST_FIRST_STEP: Final = timedelta(hours=6)
PROVINCES: Final = ("AR-B", "AR-X", "AR-M")
_EVENTS: Final = text("""
    select visitor_id, session_id, event_id, occurred_at, coalesce(step, 0) as step,
        devices.code as device, provinces.iso as province, referrals.code as referral, tenant
    from analytics_events as event
    join event_names on event_names.id = event.name join devices on devices.id = event.device
    join provinces on provinces.id = event.province join referrals on referrals.id = event.referral
""")


_WRITE: Final = text("""
    insert into analytics_events
        (visitor_id, session_id, event_id, occurred_at, name, device, province, referral, tenant)
    select visitor_id, 1, gen_random_uuid(), occurred_at, event_names.id, devices.id, provinces.id,
        referrals.id, seen.tenant
    from unnest(
        cast(:visitors as bigint[]), cast(:moments as timestamptz[]), cast(:names as text[]),
        cast(:devices as text[]), cast(:provinces as text[]), cast(:referrals as text[]),
        cast(:tenants as integer[])
    ) as seen (visitor_id, occurred_at, name, device, province, referral, tenant)
    join event_names on event_names.name = seen.name join devices on devices.code = device
    join provinces on iso = province join referrals on referrals.code = referral
""")
_COLUMNS: Final = ("visitors", "moments", "names", "devices", "provinces", "referrals", "tenants")
Row = tuple[int, datetime, str, str, str, str, int]
"""visitor, moment, name, device, province, referral, tenant of an event; session 1."""


@dataclass(frozen=True)
class Event:
    visitor_id: int
    session_id: int
    event_id: object
    occurred_at: datetime
    step: int
    device: str
    province: str
    referral: str
    tenant: int


@dataclass(frozen=True)
class Session:
    """A session by its earliest event, and when it reached each step (None: it did not)."""

    first: Event
    times: tuple[datetime | None, ...]

    def reached(self, k: int, window: timedelta) -> bool:
        start, at = self.times[0], self.times[k - 1]
        return start is not None and at is not None and at - start <= window

    def is_closed(self, window: timedelta, at: datetime) -> bool:
        """Closed is who has had the whole window.

        Or who came to step 1 so long after the first event that the day was over for good.
        """
        if self.times[0] is None:
            return False
        over = (at - window - LATEST_FIRST_STEP).astimezone(ZONE).date()
        day = self.first.occurred_at.astimezone(ZONE).date()
        return self.times[0] + window <= at or day < over


def sessions(db: Database) -> list[Session]:
    by: dict[tuple[int, int], list[Event]] = {}
    for event in db.rows(_EVENTS, Event):
        by.setdefault((event.visitor_id, event.session_id), []).append(event)
    return [_session(events) for events in by.values()]


def _session(events: Sequence[Event]) -> Session:
    ordered = sorted(events, key=lambda each: (each.occurred_at, str(each.event_id)))
    times: list[datetime | None] = []
    for step in range(1, 6):
        last = times[-1] if times else datetime.min.replace(tzinfo=NOW.tzinfo)
        later = [
            e.occurred_at for e in ordered if last and e.step == step and e.occurred_at >= last
        ]
        times.append(min(later, default=None))
    return Session(ordered[0], tuple(times))


def chosen(found: Iterable[Session], filters: Filters) -> list[Session]:
    """Sessions that began in the period and match the filters."""
    wanted = filters.selection
    dimensions = {
        "province": wanted.region,
        "device": wanted.device,
        "referral": wanted.referral,
        "tenant": wanted.tenant,
    }
    given = {name: value for name, value in dimensions.items() if value is not None}
    return [
        each
        for each in found
        if filters.period.since <= each.first.occurred_at < filters.now
        and all(getattr(each.first, name) == value for name, value in given.items())
    ]


def fill(db: Database, *, number: int = 260, days: int = 20, seed: int = 3) -> None:
    """Sessions with steps in any order and pace: back and forth, repeated, over midnight."""
    random, rows = np.random.default_rng(seed), []
    for visitor in range(number):
        at = NOW - timedelta(seconds=float(random.uniform(60, days * 86_400)))
        device = str(random.choice(["mobile", "desktop", "tablet"], p=[0.7, 0.25, 0.05]))
        province = str(random.choice(PROVINCES, p=[0.6, 0.3, 0.1]))
        referral = str(random.choice(["direct", "whatsapp"]))
        tenant = int(random.integers(0, 15))
        pace = float(random.choice([60, 600, 6 * 3600, 36 * 3600]))
        for step in _path(random):
            if at < NOW:
                rows.append((visitor, at, step, device, province, referral, tenant))
            at += timedelta(seconds=float(random.exponential(pace)))
    write(db, rows)


def write(db: Database, rows: Sequence[Row]) -> None:
    """Write many events at once."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    with db.write() as tx:
        tx.execute(_WRITE, **dict(zip(_COLUMNS, columns, strict=True)))


def _path(random: np.random.Generator) -> list[str]:
    length = int(random.integers(1, 8))
    ordered = [STEPS[min(4, k)] for k in range(length)]
    if random.random() < 0.3:
        random.shuffle(ordered)
    return [*(["login"] if random.random() < 0.3 else []), *ordered]


def fold(db: Database, zone: ZoneInfo = ZONE, *, at: datetime = NOW) -> None:
    """Fold what was written, as if the last refresh had been at a moment."""
    rollups.refresh(db, zone, now=NOW + timedelta(hours=1))
    with db.write() as tx:
        tx.execute(text("update rollup_state set refreshed_at = :at"), at=at)
