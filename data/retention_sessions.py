"""Reads of Retention about sessions: how long and how deep they are.

A session belongs to the local day of its earliest event. Its length runs from its first to its last
event in whole seconds, so a session of one event has none and counts as 0; its depth is the number
of its events. Which days count, and which of them are compared, is said in data.retention_days.
"""

import math
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from pandas import DataFrame
from sqlalchemy import text

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.period import Filters
from data.retention import in_classes
from data.retention_days import DAYS, compared, curve, has_day_over, over

LENGTHS: Final = ("Single", "< 1", "1\u20133", "3\u201310", "10\u201330", "30 +")
"""Classes of length in minutes, one event before them; the code of `length_class` is the place."""
DEPTHS: Final = ("1", "2", "3", "4", "5\u20136", "7\u201310", "11 +")
"""Classes of depth in events; the code of `depth_class` is the place, from 1 on."""

TOTALS: Final = text(f"""
    -- data.retention_sessions.totals
    with {DAYS}
    select day, coalesce(sum(n), 0)::bigint as sessions,
        coalesce(sum(seconds), 0)::bigint as seconds, coalesce(sum(events), 0)::bigint as events,
        coalesce(sum(n) filter (where length_class = 0), 0)::bigint as single
    from days join session_shape on day >= first and day < stop
    group by grouping sets ((), (day))
    order by day
""")  # noqa: S608 - our own words

CLASSES: Final = text(f"""
    -- data.retention_sessions.classes
    with {DAYS}
    select length_class::int as length, depth_class::int as depth, sum(n)::bigint as n
    from days join session_shape on day >= first and day < stop
    group by length_class, depth_class
""")  # noqa: S608 - our own words

BY_DAY: Final = text(f"""
    -- data.retention_sessions.by_day
    with {DAYS}
    select day::timestamp at time zone :tz as at, sum(n)::bigint as sessions,
        (sum(seconds) / sum(n))::float8 as mean_s, (sum(events) / sum(n))::float8 as depth,
        coalesce(sum(n) filter (where length_class = 0), 0)::bigint as single,
        (100.0 * coalesce(sum(n) filter (where length_class = 0), 0) / sum(n))::float8 as single_pct
    from days join session_shape on day >= first and day < stop
    group by day
    order by at
""")  # noqa: S608 - our own words

BY_DEVICE: Final = text(f"""
    -- data.retention_sessions.by_device
    with {DAYS}
    select code as device, sum(n)::bigint as sessions,
        (100 * sum(n) / sum(sum(n)) over ())::float8 as share_pct,
        (sum(seconds) / sum(n))::float8 as mean_s, (sum(events) / sum(n))::float8 as depth,
        coalesce(sum(n) filter (where length_class = 0), 0)::bigint as single,
        (100.0 * coalesce(sum(n) filter (where length_class = 0), 0) / sum(n))::float8 as single_pct
    from days join session_shape on day >= first and day < stop
    join devices on devices.id = device
    group by code
    order by sessions desc, code
""")  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Shape:
    """Sessions of one local day, or of the whole range (day None): sums, and those of one event."""

    day: date | None
    sessions: int = 0
    seconds: int = 0
    events: int = 0
    single: int = 0

    @property
    def mean_s(self) -> float | None:
        """Mean length in seconds; None without sessions."""
        return self.seconds / self.sessions if self.sessions else None

    @property
    def depth(self) -> float | None:
        """Mean number of events; None without sessions."""
        return self.events / self.sessions if self.sessions else None


@dataclass(frozen=True, slots=True)
class Cell:
    """Sessions of one class of length and depth, by the codes of session_shape."""

    length: int
    depth: int
    n: int


@question(ttl_s=30)
def mean_length(db: Database, filters: Filters) -> KeyFigure:
    """Mean length of the sessions of the days that are over, from first to last event.

    Seconds, exact: sum of whole seconds by sessions, those of one event counting as 0; unknown
    without sessions. A period of today alone counts today so far, without comparison. Small line:
    by local day. Source: session_shape.
    """
    whole, days = _shapes(db, filters)
    before = compared(filters)
    previous = _shapes(db, before)[0].mean_s if before else None
    return KeyFigure(whole.mean_s, previous, tuple(each.mean_s for each in days), "s")


@question(ttl_s=30)
def events_per_session(db: Database, filters: Filters) -> KeyFigure:
    """Mean depth of the sessions of the days that are over: events by sessions, exact.

    A number of events; unknown without sessions. Days as in mean_length. Source: session_shape.
    """
    whole, days = _shapes(db, filters)
    before = compared(filters)
    previous = _shapes(db, before)[0].depth if before else None
    return KeyFigure(whole.depth, previous, tuple(each.depth for each in days), "")


@question(ttl_s=30)
def lengths(db: Database, filters: Filters) -> DataFrame:
    """How long sessions are, from first to last event: sessions of the days that are over by class.

    Grain: class of LENGTHS, all of them in order; empty without sessions, and for the comparison of
    today alone. Columns: bucket str, n int, mark str ("median" where the middle session lies).
    Source: session_shape.
    """
    return in_classes(_counts(db, filters, "length"), LENGTHS)


@question(ttl_s=30)
def depths(db: Database, filters: Filters) -> DataFrame:
    """How many events sessions have: sessions of the days that are over by class.

    Grain: class of DEPTHS, all of them in order; empty as in lengths. Columns: bucket str, n int,
    mark str ("median" where the middle session lies). Source: session_shape.
    """
    counts = _counts(db, filters, "depth")
    return in_classes({code - 1: n for code, n in counts.items()}, DEPTHS)


@question(ttl_s=30)
def by_day(db: Database, filters: Filters) -> DataFrame:
    """Length and depth of sessions by local day, and the share of those with a single event.

    Two weeks at least. Grain: day; days without sessions are absent, today is so far. Columns: at
    datetime UTC (local midnight), sessions int, mean_s float (seconds), depth float (events),
    single int, single_pct float (% of sessions). Source: session_shape.
    """
    return db.frame(BY_DAY, **curve(filters))


@question(ttl_s=30)
def by_device(db: Database, filters: Filters) -> DataFrame:
    """Length, depth and one-event sessions by device, against the comparison period.

    Sessions of the days that are over; together they are all sessions. Grain: device, the one with
    most sessions first; devices without any are absent. Columns: device str (code), sessions int,
    share_pct float, mean_s float (seconds), depth float (events), single int, single_pct float,
    before_mean_s, before_single_pct float (NaN without a comparison or without sessions),
    before_sessions int, change_pct float (of mean_s). Source: session_shape.
    """
    found = db.frame(BY_DEVICE, **over(filters)).set_index("device")
    before = compared(filters)
    earlier = db.frame(BY_DEVICE, **over(before)).set_index("device") if before else found.head(0)
    earlier = earlier.reindex(found.index)
    found["before_mean_s"] = earlier["mean_s"].astype("float64")
    found["before_single_pct"] = earlier["single_pct"].astype("float64")
    found["before_sessions"] = earlier["sessions"].fillna(0).astype("int64")
    was = found["before_mean_s"].where(found["before_mean_s"] > 0, math.nan)
    found["change_pct"] = 100 * (found["mean_s"] - was) / was
    return found.reset_index()


def totals(db: Database, filters: Filters) -> Shape:
    """Sums over the days that are over, without cache, for other questions and tests."""
    return _shapes(db, filters)[0]


def _shapes(db: Database, filters: Filters) -> tuple[Shape, list[Shape]]:
    found = db.rows(TOTALS, Shape, **over(filters))
    whole = next(each for each in found if each.day is None)
    return whole, [each for each in found if each.day is not None]


def _counts(db: Database, filters: Filters, column: Literal["length", "depth"]) -> dict[int, int]:
    """Sessions by class of length or depth; none for the comparison of today alone."""
    if filters.lag and not has_day_over(filters):
        return {}
    counts: dict[int, int] = {}
    for each in db.rows(CLASSES, Cell, **over(filters)):
        code = getattr(each, column)
        counts[code] = counts.get(code, 0) + each.n
    return counts
