"""Reads of the Overview: the period against the one before it.

Rows that the platform writes are all there: a bucket or window without rows is a true zero.
"""

from dataclasses import dataclass
from typing import Final

from pandas import DataFrame
from sqlalchemy import TextClause

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.narrow import narrowed
from data.period import Filters

SPARK_POINTS: Final = 60
ACTIVE_S: Final = 300
LONGEST_SESSION_S: Final = 6 * 3600
_HOURLY_FROM_S: Final = 6 * 3600
_HOURLY_TO_S: Final = 8 * 86_400

# Both windows are counted in one pass; the grouping sets add each window's total to its buckets. A
# period that reaches into the future is compared with as much of the earlier one as has passed.
BOOKINGS: Final = narrowed("""
    -- data.overview.bookings
    with windows as (
        select false as is_before, cast(:since as timestamptz) as since,
            least(:until, now()) as until
        union all
        select true, :since_before,
            :until_before - greatest(cast(:until as timestamptz) - now(), interval '0')
    )
    select is_before,
        floor(extract(epoch from created_at - since) / :step_s)::int as bucket,
        count(*)::float8 as value, 0::float8 as cases
    from windows join bookings on created_at >= since and created_at < until
    where /* filters */
    group by grouping sets ((is_before), (is_before, bucket))
""")

REVENUE: Final = narrowed("""
    -- data.overview.revenue
    with windows as (
        select false as is_before, cast(:since as timestamptz) as since,
            least(:until, now()) as until
        union all
        select true, :since_before,
            :until_before - greatest(cast(:until as timestamptz) - now(), interval '0')
    )
    select is_before,
        floor(extract(epoch from approved_at - since) / :step_s)::int as bucket,
        sum(amount_minor)::float8 as value, 0::float8 as cases
    from windows join payments on approved_at >= since and approved_at < until
    where currency = :currency and /* filters */
    group by grouping sets ((is_before), (is_before, bucket))
""")

# A payment belongs to a booking, and a booking names its session.
CONVERSION: Final = narrowed("""
    -- data.overview.conversion
    with windows as (
        select false as is_before, cast(:since as timestamptz) as since,
            least(:until, now()) as until
        union all
        select true, :since_before,
            :until_before - greatest(cast(:until as timestamptz) - now(), interval '0')
    ),
    paid as (
        select distinct is_before, bookings.visitor_id, bookings.session_id
        from windows
        join payments on approved_at >= since and approved_at < until
        join bookings on bookings.id = payments.booking_id
    )
    select is_before,
        floor(extract(epoch from started_at - since) / :step_s)::int as bucket,
        count(paid.session_id)::float8 as value, count(*)::float8 as cases
    from windows
    join sessions on started_at >= since and started_at < until
    left join paid using (is_before, visitor_id, session_id)
    where /* filters */
    group by grouping sets ((is_before), (is_before, bucket))
""")

ACTIVE_SESSIONS: Final = narrowed("""
    -- data.overview.active_sessions
    with moments as (
        select false as is_before, least(:until, now()) as at
        union all
        select true, :until_before - greatest(cast(:until as timestamptz) - now(), interval '0')
    )
    select is_before, null::int as bucket, count(*)::float8 as value, 0::float8 as cases
    from moments
    join sessions on started_at <= at and started_at > at - make_interval(secs => :longest_s)
        and last_seen_at > at - make_interval(secs => :active_s)
    where /* filters */
    group by is_before
""")

BOOKINGS_CURVE: Final = narrowed("""
    -- data.overview.bookings_curve
    with span as (
        select cast(:since as timestamptz) as since, least(:until, now()) as until
    ),
    counts as (
        select floor(extract(epoch from created_at - since) / :step_s)::int as bucket,
            count(*) as made
        from span join bookings on created_at >= since and created_at < until
        where /* filters */
        group by 1
    )
    select least(since + make_interval(secs => :step_s * (step + 1)), until) as at,
        '' as series, sum(coalesce(made, 0)) over (order by step)::float8 as value
    from span
    cross join generate_series(
        -1, ceil(extract(epoch from until - since) / :step_s)::int - 1) as step
    left join counts on counts.bucket = step
    order by at
""")

REVENUE_CURVE: Final = narrowed("""
    -- data.overview.revenue_curve
    with span as (
        select cast(:since as timestamptz) as since, least(:until, now()) as until
    ),
    counts as (
        select floor(extract(epoch from approved_at - since) / :step_s)::int as bucket,
            sum(amount_minor) as made
        from span join payments on approved_at >= since and approved_at < until
        where currency = :currency and /* filters */
        group by 1
    )
    select least(since + make_interval(secs => :step_s * (step + 1)), until) as at,
        '' as series, sum(coalesce(made, 0)) over (order by step)::float8 as value
    from span
    cross join generate_series(
        -1, ceil(extract(epoch from until - since) / :step_s)::int - 1) as step
    left join counts on counts.bucket = step
    order by at
""")

REVENUE_BY_CURRENCY: Final = narrowed("""
    -- data.overview.revenue_by_currency
    select currency, sum(amount_minor)::bigint as amount_minor, count(*) as payments
    from payments
    where approved_at >= :since and approved_at < :until and /* filters */
    group by currency
    order by currency <> :currency, currency
""")


@dataclass(frozen=True, slots=True)
class Money:
    """Gross value in one currency, in its minor units."""

    currency: str
    amount_minor: int
    payments: int


@dataclass(frozen=True, slots=True)
class Counted:
    """One bucket of one window, or the window's total (bucket None)."""

    is_before: bool
    bucket: int | None
    value: float
    cases: float


@question(ttl_s=5)
def bookings(db: Database, filters: Filters) -> KeyFigure:
    """Bookings made in the period, whatever became of them later.

    A count by created_at; by region, device, referral and tenant of the visit. Source: bookings.
    """
    return _figure(filters, _counted(db, BOOKINGS, filters), "count")


@question(ttl_s=5)
def revenue(db: Database, filters: Filters) -> KeyFigure:
    """Gross value of the payments approved in the period, in the business currency only.

    Minor units by approved_at; later refunds and chargebacks are not taken off; other currencies
    are in revenue_by_currency, never added. Source: payments.
    """
    found = _counted(db, REVENUE, filters)
    return _figure(filters, found, f"{filters.currency} minor")


@question(ttl_s=5)
def revenue_by_currency(db: Database, filters: Filters) -> list[Money]:
    """Gross value of the payments approved in the period, each currency for itself.

    Grain: currency, the business currency first; currencies without payments are absent. Minor
    units. Source: payments.
    """
    return db.rows(REVENUE_BY_CURRENCY, Money, **filters.sql())


@question(ttl_s=5)
def conversion(db: Database, filters: Filters) -> KeyFigure:
    """Share of the sessions begun in the period that had a booking paid within it.

    Unit %, numerator sessions with at least one approved payment for a booking made in them,
    denominator sessions. Unknown without sessions. The youngest sessions still have time to pay, in
    the comparison period just as much. Source: sessions, bookings, payments.
    """
    return _ratio(filters, _counted(db, CONVERSION, filters))


@question(ttl_s=5)
def active_sessions(db: Database, filters: Filters) -> KeyFigure:
    """Sessions with an event in the five minutes before the period's end.

    A count: begun by then, and last seen after five minutes before. For an earlier moment that
    means sessions that spanned those five minutes. Sessions longer than six hours are not counted.
    Source: sessions.
    """
    found = _counted(db, ACTIVE_SESSIONS, filters)
    return KeyFigure(_total(found), _before(filters, found), unit="count")


@question(ttl_s=5)
def bookings_curve(db: Database, filters: Filters) -> DataFrame:
    """Bookings made since the period's start, running total.

    Grain: at, every hour (periods of 6 h to 8 d; else at most 100 points) and at the end; starts at
    zero. Columns: at datetime UTC, series "", value float, a count. Nothing lies in the future.
    """
    return db.frame(BOOKINGS_CURVE, **filters.sql(), step_s=_curve_step_s(filters))


@question(ttl_s=5)
def revenue_curve(db: Database, filters: Filters) -> DataFrame:
    """Gross value of approved payments since the period's start, running total.

    Grain and columns like bookings_curve; value float in minor units of the business currency.
    """
    return db.frame(REVENUE_CURVE, **filters.sql(), step_s=_curve_step_s(filters))


def _counted(db: Database, statement: TextClause, filters: Filters) -> list[Counted]:
    before = filters.comparison
    return db.rows(
        statement,
        Counted,
        **filters.sql(),
        since_before=before.since if before else None,
        until_before=before.until if before else None,
        step_s=filters.period.step_s(SPARK_POINTS),
        longest_s=LONGEST_SESSION_S,
        active_s=ACTIVE_S,
    )


def _figure(filters: Filters, found: list[Counted], unit: str) -> KeyFigure:
    made = {one.bucket: one.value for one in found if not one.is_before}
    spark = tuple(made.get(bucket, 0.0) for bucket in _buckets(filters))
    return KeyFigure(_total(found), _before(filters, found), spark, unit)


def _ratio(filters: Filters, found: list[Counted]) -> KeyFigure:
    shares = {
        (one.is_before, one.bucket): 100 * one.value / one.cases for one in found if one.cases
    }
    total = next((one for one in found if not one.is_before and one.bucket is None), None)
    return KeyFigure(
        shares.get((False, None)),
        shares.get((True, None)),
        tuple(shares.get((False, bucket)) for bucket in _buckets(filters)),
        "%",
        total.value if total else 0.0,
        total.cases if total else 0.0,
    )


def _buckets(filters: Filters) -> range:
    """Number the spark's buckets; the last may be incomplete, and those ahead read zero."""
    step_s = filters.period.step_s(SPARK_POINTS)
    return range(int(-(-filters.period.seconds // step_s)))


def _total(found: list[Counted], *, is_before: bool = False) -> float:
    totals = (one.value for one in found if one.bucket is None and one.is_before is is_before)
    return next(totals, 0.0)


def _before(filters: Filters, found: list[Counted]) -> float | None:
    return None if filters.comparison is None else _total(found, is_before=True)


def _curve_step_s(filters: Filters) -> int:
    is_hourly = _HOURLY_FROM_S < filters.period.seconds <= _HOURLY_TO_S
    return 3600 if is_hourly else filters.period.step_s(100)
