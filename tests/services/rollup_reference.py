"""What each rollup of events must hold, computed in plain Python from its definition.

Written from the definitions and not from the SQL, so that a mistake of the one is not the other's.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

Rows = Counter[tuple[Any, ...]]
Who = tuple[int, int]
WINDOWS: Final = (timedelta(minutes=30), timedelta(hours=24), timedelta(days=7), timedelta.max)
LENGTHS_S: Final = (60, 180, 600, 1800)
DEPTHS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 5, 7: 6, 8: 6, 9: 6, 10: 6}
FIRST_EVER: Final = 32767


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it was written; `step` is 0 when its name is not a step."""

    visitor_id: int
    session_id: int
    event_id: UUID
    at: datetime
    name: int
    step: int
    device: int = 1
    province: int = 2
    referral: int = 1
    tenant: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    who: Who
    events: list[Event]
    reached: list[datetime]
    day: date
    city: str

    @property
    def first(self) -> Event:
        return self.events[0]

    @property
    def length(self) -> timedelta:
        return self.events[-1].at - self.first.at

    @property
    def dims(self) -> tuple[int, int, int]:
        return self.first.device, self.first.province, self.first.referral


def expected(
    events: Iterable[Event], zone: ZoneInfo, cities: Mapping[Who, str] | None = None
) -> dict[str, Rows]:
    """Every rollup by table, as a multiset of its rows. Of an event sent twice the first counts."""
    first: dict[tuple[Any, ...], Event] = {}
    for each in events:
        first.setdefault((each.visitor_id, each.session_id, each.event_id, each.at), each)
    kept = list(first.values())
    sessions = list(_sessions(kept, zone, cities or {}))
    return _counts(kept, zone) | _of_sessions(sessions) | _of_visitors(kept, zone)


def chain(events: Iterable[Event]) -> list[datetime]:
    """When each step was reached: the first event of each that is not before the one before it."""
    reached: list[datetime] = []
    ordered = sorted(events, key=lambda e: e.at)
    for step in range(1, 6):
        since = reached[-1] if reached else datetime.min.replace(tzinfo=UTC)
        found = [e.at for e in ordered if e.step == step and e.at >= since]
        if not found:
            break
        reached.append(found[0])
    return reached


def bucket(span: timedelta) -> int:
    """Number of the 2 % class of a span."""
    return math.floor(math.log(max(span.total_seconds(), 1)) / math.log(1.02))


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _sessions(events: list[Event], zone: ZoneInfo, cities: Mapping[Who, str]) -> Iterator[Session]:
    by_session: dict[Who, list[Event]] = defaultdict(list)
    for each in events:
        by_session[each.visitor_id, each.session_id].append(each)
    for who, found in by_session.items():
        found.sort(key=lambda e: (e.at, e.event_id))
        day = local_day(found[0].at, zone)
        yield Session(who, found, chain(found), day, cities.get(who, ""))


def _counts(events: list[Event], zone: ZoneInfo) -> dict[str, Rows]:
    minutes = {e: e.at.replace(second=0, microsecond=0) for e in events}
    hours = {e: minute.replace(minute=0) for e, minute in minutes.items()}
    return {
        "roll_minute": _counted((minutes[e], e.name) for e in events),
        "roll_hour": _counted((hours[e], e.province, e.name) for e in events),
        "roll_hour_prov": _counted((hours[e], e.province) for e in events),
        "roll_day": _counted(
            (local_day(e.at, zone), e.name, e.device, e.province, e.referral) for e in events
        ),
    }


def _counted(keys: Iterable[tuple[Any, ...]]) -> Rows:
    return Counter((*key, n) for key, n in Counter(keys).items())


def _of_sessions(sessions: list[Session]) -> dict[str, Rows]:
    spans = [
        (each.day, each.first.device, step, bucket(later - earlier))
        for each in sessions
        for step, (earlier, later) in enumerate(pairwise(each.reached), start=1)
    ]
    return {
        "session_funnel": Counter(_row(each) for each in sessions),
        "funnel_day": _grouped(sessions, lambda s: (s.day, *s.dims), _funnel),
        "funnel_tenant_day": _grouped(sessions, lambda s: (s.day, s.first.tenant), _funnel),
        "city_day": _grouped(
            sessions, lambda s: (s.day, s.first.province, s.city, s.first.device), _outcome
        ),
        "session_shape": _grouped(
            sessions, lambda s: (s.day, s.first.device, *_shape(s)), _lengths
        ),
        "step_hist": _counted(spans),
        "ttc_hist": _counted(
            (each.day, each.first.device, _smallest(_took(each)), bucket(_took(each)))
            for each in sessions
            if len(each.reached) == 5
        ),
    }


def _seconds(session: Session) -> int:
    return session.length // timedelta(seconds=1)


def _shape(session: Session) -> tuple[int, int]:
    seconds, depth = _seconds(session), len(session.events)
    length = 0 if depth == 1 else 1 + sum(seconds >= limit for limit in LENGTHS_S)
    return length, DEPTHS.get(depth, 7)


def _took(session: Session) -> timedelta:
    return session.reached[4] - session.reached[0]


def _smallest(took: timedelta) -> int:
    return next(number for number, window in enumerate(WINDOWS) if took <= window)


def _row(session: Session) -> tuple[Any, ...]:
    first, reached = session.first, session.reached
    times = [*reached, *[None] * (5 - len(reached))]
    spans = [bucket(later - earlier) for earlier, later in pairwise(reached)]
    return (
        *session.who,
        first.at,
        first.event_id,
        session.events[-1].at,
        *times,
        session.day,
        *session.dims,
        first.tenant,
        bucket(_took(session)) if len(reached) == 5 else None,
        len(session.events),
        session.city,
        *spans,
        *[None] * (4 - len(spans)),
    )


def _grouped(
    sessions: list[Session],
    key: Callable[[Session], tuple[Any, ...]],
    measures: Callable[[list[Session]], tuple[int, ...]],
) -> Rows:
    groups: dict[tuple[Any, ...], list[Session]] = defaultdict(list)
    for each in sessions:
        groups[key(each)].append(each)
    return Counter((*group, *measures(some)) for group, some in groups.items())


def _funnel(sessions: list[Session]) -> tuple[int, ...]:
    """Sessions, those with step 1, then by step 2 to 5 and by window who got there in time."""
    spans = [[at - s.reached[0] for at in s.reached] for s in sessions]
    within = [
        sum(len(span) >= step and span[step - 1] <= window for span in spans)
        for step in range(2, 6)
        for window in WINDOWS
    ]
    return (len(sessions), sum(bool(span) for span in spans), *within)


def _outcome(sessions: list[Session]) -> tuple[int, ...]:
    begun = sum(bool(s.reached) for s in sessions)
    return len(sessions), begun, sum(len(s.reached) == 5 for s in sessions)


def _lengths(sessions: list[Session]) -> tuple[int, ...]:
    return len(sessions), sum(map(_seconds, sessions)), sum(len(s.events) for s in sessions)


def _of_visitors(events: list[Event], zone: ZoneInfo) -> dict[str, Rows]:
    days: dict[int, set[date]] = defaultdict(set)
    for each in events:
        days[each.visitor_id].add(local_day(each.at, zone))
    gaps = [gap for found in days.values() for gap in _gaps(sorted(found))]
    return {
        "visitor_day": Counter((who, day) for who, found in days.items() for day in found),
        "active_gap": _counted(gaps),
        "active_day": Counter(_active(days)),
        "cohort_week": _cohorts(days, lambda day: day - timedelta(days=day.weekday())),
        "cohort_month": _cohorts(days, lambda day: day.replace(day=1)),
    }


def _gaps(days: list[date]) -> Iterator[tuple[date, int]]:
    yield days[0], FIRST_EVER
    for earlier, later in pairwise(days):
        yield later, (later - earlier).days


def _active(days: Mapping[int, set[date]]) -> Iterator[tuple[Any, ...]]:
    seen = {day for found in days.values() for day in found}
    for day in {day + timedelta(days=later) for day in seen for later in range(30)}:
        counts = [
            sum(
                any(day - timedelta(days=back) in found for back in range(length))
                for found in days.values()
            )
            for length in (1, 7, 30)
        ]
        yield (day, *counts)


def _cohorts(days: Mapping[int, set[date]], period: Callable[[date], date]) -> Rows:
    return _counted(
        (period(min(found)), each) for found in days.values() for each in set(map(period, found))
    )
