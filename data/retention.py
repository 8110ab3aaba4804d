"""Reads of Retention: distinct visitors, who is new and who came back, and how often.

A visitor is an anonymous visitor id; a day is active when it has an event. Numbers of distinct
visitors are exact for any range of days and cannot be added up over days or segments. Which days
count, and which of them are compared, is said in data.retention_days.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pandas import DataFrame
from sqlalchemy import text

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.period import Filters
from data.retention_days import DAYS, compared, curve, has_day_over, over

AWAY: Final = ("1", "2\u20136", "7\u201313", "14\u201329", "30\u201389", "90 +")
"""Classes of days since the last active day, shortest first."""

# A visitor-day is the visitor's first one in the range when the last one before lies outside it.
RANGE: Final = text(f"""
    -- data.retention.range
    with {DAYS}
    select day, (select greatest(stop - first, 0) from days) as known_days,
        coalesce((select first >= oldest from days), false) as has_all_days,
        coalesce(sum(n), 0)::bigint as active,
        coalesce(sum(n) filter (where gap = 32767), 0)::bigint as fresh,
        coalesce(sum(n) filter (where gap > day - first), 0)::bigint as visitors
    from days join active_gap on day >= first and day < stop
    group by grouping sets ((), (day))
""")  # noqa: S608 - our own words

WINDOWS: Final = text(f"""
    -- data.retention.windows
    with {DAYS}
    select each::date as day, coalesce(dau, 0)::bigint as dau, coalesce(wau, 0)::bigint as wau,
        coalesce(mau, 0)::bigint as mau
    from days
    cross join lateral generate_series(
        greatest(first, oldest)::timestamp, (stop - 1)::timestamp, interval '1 day'
    ) as each
    left join active_day on active_day.day = each::date
    where oldest is not null
    order by day
""")  # noqa: S608 - our own words

ACTIVE: Final = text(f"""
    -- data.retention.active
    with {DAYS}
    select each at time zone :tz as at, series, value
    from days
    cross join lateral generate_series(
        greatest(first, oldest)::timestamp, (stop - 1)::timestamp, interval '1 day'
    ) as each
    left join active_day on active_day.day = each::date
    cross join lateral (values
        ('dau', coalesce(dau, 0)), ('wau', coalesce(wau, 0)), ('mau', coalesce(mau, 0))
    ) as line (series, value)
    where oldest is not null
    order by series, at
""")  # noqa: S608 - our own words

STICKINESS: Final = text(f"""
    -- data.retention.stickiness_by_day
    with {DAYS}
    select day::timestamp at time zone :tz as at, (100.0 * dau / nullif(mau, 0))::float8 as value,
        dau, mau
    from days join active_day on day >= first and day < stop
    order by at
""")  # noqa: S608 - our own words

NEW_AND_RETURNING: Final = text(f"""
    -- data.retention.new_and_returning
    with {DAYS},
    counts as (
        select day, sum(n) filter (where gap = 32767) as fresh,
            sum(n) filter (where gap < 32767) as known_before
        from days join active_gap on day >= first and day < stop
        group by day
    )
    select each at time zone :tz as at, series, coalesce(value, 0)::bigint as value
    from days
    cross join lateral generate_series(
        greatest(first, oldest)::timestamp, (stop - 1)::timestamp, interval '1 day'
    ) as each
    left join counts on counts.day = each::date
    cross join lateral (values ('returning', known_before), ('new', fresh)) as part (series, value)
    where oldest is not null
    order by series, at
""")  # noqa: S608 - our own words

GAPS: Final = text(f"""
    -- data.retention.gaps
    with {DAYS}
    select width_bucket(gap, array[2, 7, 14, 30, 90]) as class, sum(n)::bigint as n
    from days join active_gap on day >= first and day < stop
    where gap < 32767
    group by class
""")  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Visitors:
    """Visitors of one local day, or of the whole range (day None).

    known_days: days of the range that the rollups have reached; None before their first refresh.
    has_all_days: whether the range begins on or after the first day with a visitor. active:
    visitor-days. fresh: visitors never seen before. visitors: distinct ones, meaningful for the
    whole range only.
    """

    day: date | None
    known_days: int | None
    has_all_days: bool
    active: int
    fresh: int
    visitors: int


@dataclass(frozen=True, slots=True)
class Windows:
    """Distinct visitors of the 1, 7 and 30 days that end with a day."""

    day: date
    dau: int
    wau: int
    mau: int


@question(ttl_s=30)
def visitors(db: Database, filters: Filters) -> KeyFigure:
    """Distinct visitors of the days of the period that are over, each counted once, exactly.

    A count; unknown when the rollups have reached none of the days. A period of today alone counts
    today so far, without comparison; nor is there one that begins before the first day with a
    visitor. Small line: by local day. Source: active_gap.
    """
    return _figure(db, filters, lambda each: float(each.visitors), lambda each: float(each.active))


@question(ttl_s=30)
def new_visitors(db: Database, filters: Filters) -> KeyFigure:
    """Visitors whose first active day ever lies on one of the days of the period that are over.

    A count; days and absence as in visitors. Source: active_gap.
    """
    return _figure(db, filters, lambda each: float(each.fresh), lambda each: float(each.fresh))


@question(ttl_s=30)
def returning_share(db: Database, filters: Filters) -> KeyFigure:
    """Share of the period's distinct visitors who had been there before the period began.

    Unit %, numerator visitors less new ones, denominator visitors; unknown without visitors. Small
    line: the same of each day by itself, so of those who had been there on an earlier day. Days as
    in visitors. Source: active_gap.
    """
    whole, days = _range(db, filters)
    earlier = _before(db, filters)
    spark = tuple(_pct(each.active - each.fresh, each.active) for each in days)
    if whole is None:
        return KeyFigure(None, None, (), "%")
    came_back = whole.visitors - whole.fresh
    previous = _pct(earlier.visitors - earlier.fresh, earlier.visitors) if earlier else None
    share = _pct(came_back, whole.visitors)
    return KeyFigure(share, previous, spark, "%", came_back, whole.visitors)


@question(ttl_s=30)
def stickiness(db: Database, filters: Filters) -> KeyFigure:
    """DAU / MAU over the days of the period that are over: how much of a month's crowd a day sees.

    Unit %, sum of the days' DAU by sum of their MAU, so large days weigh as they are; unknown
    without visitors. In the first 30 days of data a MAU holds fewer days, which makes it higher.
    Small line: by local day. Source: active_day.
    """
    found, before = _windows(db, filters), compared(filters)
    spark = tuple(_pct(each.dau, each.mau) for each in found)
    return KeyFigure(_sticky(found), _sticky(_windows(db, before)) if before else None, spark, "%")


@question(ttl_s=30)
def active(db: Database, filters: Filters) -> DataFrame:
    """How many distinct visitors came on each day (DAU), in its week (WAU), in its month (MAU).

    Week and month are the 7 and 30 local days that end with the day; today's are so far.

    Two weeks at least. Grain: (day, series), from the first day with a visitor on; days that the
    rollups have not reached are absent. Columns: at datetime UTC (local midnight), series str (dau,
    wau, mau), value int. Source: active_day.
    """
    return db.frame(ACTIVE, **curve(filters))


@question(ttl_s=30)
def stickiness_by_day(db: Database, filters: Filters) -> DataFrame:
    """DAU / MAU of each day: which part of the visitors of 30 days comes on one of them.

    Grain: day; days without a visitor in 30 days, and those that the rollups have not reached, are
    absent. Columns: at datetime UTC (local midnight), value float (%), dau, mau int. Source:
    active_day.
    """
    return db.frame(STICKINESS, **curve(filters))


@question(ttl_s=30)
def new_and_returning(db: Database, filters: Filters) -> DataFrame:
    """Visitors of each day who were never seen before, and those who had been there on an earlier
    day. Together they are the day's distinct visitors.

    Grain: (day, series), days as in active. Columns: at datetime UTC (local midnight), series str
    (returning, new), value int. Source: active_gap.
    """
    return db.frame(NEW_AND_RETURNING, **curve(filters))


@question(ttl_s=30)
def days_away(db: Database, filters: Filters) -> DataFrame:
    """How long returning visitors had been away: days since their last active day, on each day on
    which one came back. Counts visitor-days of the days that are over; first visits are not in it.

    Grain: class of AWAY, all of them in order; empty when nobody came back, and for the comparison
    of today alone. Columns: bucket str, n int, mark str ("median" or ""). Source: active_gap.
    """
    if filters.lag and not has_day_over(filters):
        return in_classes({}, AWAY)
    found = db.frame(GAPS, **over(filters))
    return in_classes(dict(zip(found["class"], found["n"], strict=True)), AWAY)


def in_classes(counts: Mapping[int, int], classes: Sequence[str]) -> DataFrame:
    """Lay counts out by class and mark the one in which the middle one lies; empty without any."""
    numbers = [int(counts.get(place, 0)) for place in range(len(classes))]
    total, passed, median = sum(numbers), 0, ""
    for name, number in zip(classes, numbers, strict=True):
        passed += number
        if not median and total and 2 * passed >= total:
            median = name
    marks = ["median" if name == median else "" for name in classes]
    found = DataFrame({"bucket": list(classes), "n": numbers, "mark": marks})
    return found if total else found.head(0)


def _figure(
    db: Database,
    filters: Filters,
    of_range: Callable[[Visitors], float],
    of_day: Callable[[Visitors], float],
) -> KeyFigure:
    whole, days = _range(db, filters)
    earlier = _before(db, filters)
    return KeyFigure(
        of_range(whole) if whole else None,
        of_range(earlier) if earlier else None,
        tuple(of_day(each) for each in days),
        "count",
    )


def _range(db: Database, filters: Filters) -> tuple[Visitors | None, list[Visitors]]:
    """The whole range, None where nothing is known of it, and its days in order."""
    asked = over(filters)
    found = {each.day: each for each in db.rows(RANGE, Visitors, **asked)}
    whole, first = found[None], asked["first_day"]
    if not whole.known_days or not isinstance(first, date):
        return None, []
    days = (first + timedelta(days=n) for n in range(whole.known_days))
    return whole, [found.get(day, Visitors(day, 1, True, 0, 0, 0)) for day in days]


def _before(db: Database, filters: Filters) -> Visitors | None:
    """The whole comparison; None where it begins before the data: what is missing is not zero."""
    before = compared(filters)
    whole = _range(db, before)[0] if before else None
    return whole if whole and whole.has_all_days else None


def _windows(db: Database, filters: Filters) -> list[Windows]:
    return db.rows(WINDOWS, Windows, **over(filters))


def _sticky(found: list[Windows]) -> float | None:
    return _pct(sum(each.dau for each in found), sum(each.mau for each in found))


def _pct(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
