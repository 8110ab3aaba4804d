"""Reads about how long the booking funnel takes: from step to step, and from visit to booking.

Whole local days that the period touches, by the day of the session. Times lie in logarithmic
buckets of 2 % (data.log_histogram). Cells know the device; a tenant's sessions are read from their
index; region and referral are not known here, so under these the answers are empty.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pandas import DataFrame
from sqlalchemy import TextClause, text

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.funnel_source import STEPS, WINDOWS, values, window_of
from data.log_histogram import class_of, in_classes, merged, quantile
from data.period import Filters

CELLS: Final = text("""
    -- data.funnel_times.cells
    select step::int as step, bucket::int as bucket, sum(n)::bigint as n
    from step_hist
    where day >= :from_day and day <= :to_day and (cast(:device as text) is null
        or device = (select id from devices where code = :device))
    group by step, bucket
    union all
    select 5, bucket, sum(n)::bigint
    from ttc_hist
    where day >= :from_day and day <= :to_day and w <= :widest and (cast(:device as text) is null
        or device = (select id from devices where code = :device))
    group by bucket
""")

# The index of tenants holds none without one, so it must be said that none is wanted.
OF_TENANT: Final = text("""
    -- data.funnel_times.of_tenant
    select step, bucket::int as bucket, count(*) as n
    from session_funnel
    cross join lateral (values
        (1, bucket1), (2, bucket2), (3, bucket3), (4, bucket4),
        (5, case when t5 - t1 <= cast(:length as interval) then ttc_bucket end)
    ) as spent (step, bucket)
    where tenant = :tenant and tenant <> 0 and day >= :from_day and day <= :to_day
        and spent.bucket is not null and (cast(:device as text) is null
            or device = (select id from devices where code = :device))
    group by step, bucket
""")

WHOLE: Final = 5
"""The "step" that stands for the whole way, from the visit to the booking."""
_MIN, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_EDGES: Final = (
    (1 * _MIN, "< 1 min"),
    (2 * _MIN, "1\u20132 min"),
    (3 * _MIN, "2\u20133 min"),
    (5 * _MIN, "3\u20135 min"),
    (10 * _MIN, "5\u201310 min"),
    (20 * _MIN, "10\u201320 min"),
    (30 * _MIN, "20\u201330 min"),
    (1 * _HOUR, "30\u201360 min"),
    (3 * _HOUR, "1\u20133 h"),
    (12 * _HOUR, "3\u201312 h"),
    (24 * _HOUR, "12\u201324 h"),
    (3 * _DAY, "1\u20133 d"),
    (7 * _DAY, "3\u20137 d"),
)
_CLASSES: Final = {"30m": 7, "24h": 11, "7d": 13}


@dataclass(frozen=True, slots=True)
class Spent:
    """Sessions whose way from a step to the next took as long as a bucket says."""

    step: int
    bucket: int
    n: int


@question(ttl_s=30)
def time_to_book(db: Database, filters: Filters) -> KeyFigure:
    """Median time from the visit to the paid booking, of sessions that paid within the window.

    Seconds, by the day of the session; off by 2 % at most. Unknown without a booking and under a
    region or referral. Source: ttc_hist, session_funnel.
    """
    found, before = _spent(db, filters), filters.compared()
    earlier = quantile(_of(_spent(db, before), WHOLE), 0.5) if before else math.nan
    return KeyFigure(_known(quantile(_of(found, WHOLE), 0.5)), _known(earlier), unit="s")


@question(ttl_s=30)
def step_times(db: Database, filters: Filters) -> DataFrame:
    """How long it takes from each step to the next: median and 90th percentile.

    From step to step: of all who went on, however late. The whole way: of those who paid within the
    window. Interpolated on a logarithmic scale within buckets of 2 %.

    Grain: the four ways in order, then the whole one. Columns: step str (where the way ends;
    "whole_way" for all of it), median_s, p90_s float (NaN without cases), cases int,
    before_median_s, before_p90_s, change_pct float (of the median). Empty under a region or
    referral. Source: step_hist, ttc_hist, session_funnel.
    """
    found, before = _spent(db, filters), filters.compared()
    earlier = _spent(db, before) if before else []
    if not found and not earlier:
        return DataFrame(columns=list(_COLUMNS))
    return DataFrame([_row(step, found, earlier) for step in range(1, WHOLE + 1)], columns=_COLUMNS)


@question(ttl_s=30)
def times_to_book(db: Database, filters: Filters) -> DataFrame:
    """How the time from the visit to the paid booking is distributed, within the window.

    Grain: class of durations, shortest first, all classes of the window. Columns: bucket str, n int
    (sessions), mark str ("median", "p90", both, or empty). A limit between classes is off by 1 % at
    most. Empty without a booking and under a region or referral. Source: ttc_hist, session_funnel.
    """
    counts = _of(_spent(db, filters), WHOLE)
    classes = _EDGES[: _CLASSES[window_of(filters)]]
    edges = [edge for edge, _ in classes[:-1]]
    if not counts:
        return DataFrame(columns=["bucket", "n", "mark"])
    marks: list[list[str]] = [[] for _ in classes]
    for name, q in (("median", 0.5), ("p90", 0.9)):
        marks[class_of(quantile(counts, q), edges)].append(name)
    words = [word for _, word in classes]
    return DataFrame(
        {
            "bucket": words,
            "n": in_classes(counts, edges),
            "mark": [", ".join(each) for each in marks],
        }
    )


_COLUMNS: Final = (
    *("step", "median_s", "p90_s", "cases"),
    *("before_median_s", "before_p90_s", "change_pct"),
)


def _row(step: int, found: list[Spent], earlier: list[Spent]) -> tuple[object, ...]:
    now, before = _of(found, step), _of(earlier, step)
    median, median_before = quantile(now, 0.5), quantile(before, 0.5)
    return (
        "whole_way" if step == WHOLE else STEPS[step],
        *(median, quantile(now, 0.9), sum(now.values())),
        *(median_before, quantile(before, 0.9), 100 * (median / median_before - 1)),
    )


def _spent(db: Database, filters: Filters) -> list[Spent]:
    chosen = filters.selection
    if chosen.region or chosen.referral:
        return []
    statement: TextClause = CELLS if chosen.tenant is None else OF_TENANT
    window = window_of(filters)
    widest = list(WINDOWS).index(window)
    limits = {"widest": widest, "length": WINDOWS[window]}
    return db.rows(statement, Spent, **values(filters), **limits)


def _of(found: Iterable[Spent], step: int) -> dict[int, int]:
    return merged((each.bucket, each.n) for each in found if each.step == step)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
