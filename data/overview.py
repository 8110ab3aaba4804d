"""Reads of the Overview: the period against the one before it.

Rows that the platform writes are all there: a bucket or window without rows is a true zero.
"""

import math
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

# Asked once for each period: with the days as constants Postgres plans for as many rows as they
# have. The grouping sets add the total (bucket null) to the buckets.
BOOKINGS: Final = narrowed("""
    -- data.overview.bookings
    select floor(extract(epoch from created_at - :since) / :step_s)::int as bucket,
        count(*)::float8 as value, 0::float8 as cases
    from bookings
    where created_at >= :since and created_at < :now and /* filters */
    group by grouping sets ((), (bucket))
""")

REVENUE: Final = narrowed("""
    -- data.overview.revenue
    select floor(extract(epoch from approved_at - :since) / :step_s)::int as bucket,
        coalesce(sum(amount_minor), 0)::float8 as value, 0::float8 as cases
    from payments
    where approved_at >= :since and approved_at < :now and currency = :currency
        and /* filters */
    group by grouping sets ((), (bucket))
""")

# A payment belongs to a booking, and a booking names its session. Sessions are counted from an
# index alone; only the few that paid are looked up.
CONVERSION: Final = narrowed("""
    -- data.overview.conversion
    with paid as (
        select distinct bookings.visitor_id, bookings.session_id
        from payments join bookings on bookings.id = payments.booking_id
        where approved_at >= :since and approved_at < :now
    ),
    counts as (
        select floor(extract(epoch from started_at - :since) / :step_s)::int as bucket,
            0 as converted, count(*) as begun
        from sessions
        where started_at >= :since and started_at < :now and /* filters */
        group by bucket
        union all
        select floor(extract(epoch from started_at - :since) / :step_s)::int as bucket,
            count(*), 0
        from paid join sessions using (visitor_id, session_id)
        where started_at >= :since and started_at < :now and /* filters */
        group by bucket
    )
    select bucket, coalesce(sum(converted), 0)::float8 as value,
        coalesce(sum(begun), 0)::float8 as cases
    from counts
    group by grouping sets ((), (bucket))
""")

ACTIVE_SESSIONS: Final = narrowed("""
    -- data.overview.active_sessions
    select null::int as bucket, count(*)::float8 as value, 0::float8 as cases
    from sessions
    where started_at <= :now and started_at > :now - make_interval(secs => :longest_s)
        and last_seen_at > :now - make_interval(secs => :active_s)
        and /* filters */
""")

BOOKINGS_CURVE: Final = narrowed("""
    -- data.overview.bookings_curve
    with counts as (
        select floor(extract(epoch from created_at - :since) / :step_s)::int as bucket,
            count(*) as made
        from bookings
        where created_at >= :since and created_at < :now and /* filters */
        group by bucket
    )
    select least(:since + make_interval(secs => :step_s * (step + 1)), :now) as at,
        '' as series, sum(coalesce(made, 0)) over (order by step)::float8 as value
    from generate_series(-1, ceil(extract(epoch from :now - :since) / :step_s)::int - 1) as step
    left join counts on counts.bucket = step
    order by at
""")

REVENUE_CURVE: Final = narrowed("""
    -- data.overview.revenue_curve
    with counts as (
        select floor(extract(epoch from approved_at - :since) / :step_s)::int as bucket,
            sum(amount_minor) as made
        from payments
        where approved_at >= :since and approved_at < :now and currency = :currency
            and /* filters */
        group by bucket
    )
    select least(:since + make_interval(secs => :step_s * (step + 1)), :now) as at,
        '' as series, sum(coalesce(made, 0)) over (order by step)::float8 as value
    from generate_series(-1, ceil(extract(epoch from :now - :since) / :step_s)::int - 1) as step
    left join counts on counts.bucket = step
    order by at
""")

REVENUE_BY_CURRENCY: Final = narrowed("""
    -- data.overview.revenue_by_currency
    select currency, sum(amount_minor)::bigint as amount_minor, count(*) as payments
    from payments
    where approved_at >= :since and approved_at < :now and /* filters */
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
    """One bucket of a period, or its total (bucket None)."""

    bucket: int | None
    value: float
    cases: float


@question(ttl_s=5)
def bookings(db: Database, filters: Filters) -> KeyFigure:
    """Bookings made in the period, whatever became of them later.

    A count by created_at; by region, device, referral and tenant of the visit. Source: bookings.
    """
    return _figure(db, BOOKINGS, filters, "count")


@question(ttl_s=5)
def revenue(db: Database, filters: Filters) -> KeyFigure:
    """Gross value of the payments approved in the period, in the business currency only.

    Minor units by approved_at; later refunds and chargebacks are not taken off; other currencies
    are in revenue_by_currency, never added. Source: payments.
    """
    return _figure(db, REVENUE, filters, f"{filters.currency} minor")


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
    found = _counted(db, CONVERSION, filters)
    before = filters.compared()
    total = _total(found)
    return KeyFigure(
        _pct(total),
        _pct(_total(_counted(db, CONVERSION, before))) if before else None,
        tuple(_pct(one) for one in _buckets(found, filters)),
        "%",
        total.value,
        total.cases,
    )


@question(ttl_s=5)
def active_sessions(db: Database, filters: Filters) -> KeyFigure:
    """Sessions with an event in the five minutes before the period's end.

    A count: begun by then, and last seen after five minutes before. For an earlier moment that
    means sessions that spanned those five minutes. Sessions longer than six hours are not counted.
    Source: sessions.
    """
    found, before = _total(_counted(db, ACTIVE_SESSIONS, filters)), filters.compared()
    previous = _total(_counted(db, ACTIVE_SESSIONS, before)).value if before else None
    return KeyFigure(found.value, previous, unit="count")


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
    return db.rows(
        statement,
        Counted,
        **filters.sql(),
        step_s=filters.period.step_s(SPARK_POINTS),
        longest_s=LONGEST_SESSION_S,
        active_s=ACTIVE_S,
    )


def _figure(db: Database, statement: TextClause, filters: Filters, unit: str) -> KeyFigure:
    found, before = _counted(db, statement, filters), filters.compared()
    previous = _total(_counted(db, statement, before)).value if before else None
    spark = tuple(one.value for one in _buckets(found, filters))
    return KeyFigure(_total(found).value, previous, spark, unit)


def _buckets(found: list[Counted], filters: Filters) -> list[Counted]:
    """Give every bucket up to now, the empty ones too; the last may be incomplete."""
    known = {one.bucket: one for one in found}
    passed = (filters.now - filters.period.since).total_seconds()
    count = math.ceil(passed / filters.period.step_s(SPARK_POINTS))
    return [known.get(bucket, Counted(bucket, 0.0, 0.0)) for bucket in range(count)]


def _total(found: list[Counted]) -> Counted:
    return next((one for one in found if one.bucket is None), Counted(None, 0.0, 0.0))


def _pct(one: Counted) -> float | None:
    return 100 * one.value / one.cases if one.cases else None


def _curve_step_s(filters: Filters) -> int:
    is_hourly = _HOURLY_FROM_S < filters.period.seconds <= _HOURLY_TO_S
    return 3600 if is_hourly else filters.period.step_s(100)
