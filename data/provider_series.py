"""One provider over time, beside the market median and the top decile of its kind.

The window is cut into pieces of equal length that end today. What the market does in a window is
spread evenly over its pieces: a day's share of the median, not the median of the day.
"""

from typing import Final

from pandas import DataFrame
from sqlalchemy import TextClause, text

from data.cache import question
from data.database import Database
from data.period import Filters
from data.provider_figures import asked, window_days
from data.provider_record import provider_of

COUNT_STEPS: Final = {7: 1, 30: 1, 90: 5}
RATE_STEPS: Final = {7: 1, 30: 5, 90: 10}
"""Days of a piece, by the days of the window: rates need more cases than sums."""

_EARNED: Final = """
    select (:today - day) / :step_days as piece,
        sum(gross - commission - refunded + commission_back) as value
    from provider_day
    where provider_id = :provider and currency = :currency and day >= :first_day and day <= :today
    group by piece
"""
_BOOKED: Final = """
    select (:today - (created_at at time zone :tz)::date) / :step_days as piece, count(*) as value
    from bookings
    where provider_id = :provider and created_at >= :since and created_at < :now
    group by piece
"""
_HELD: Final = """
    select (:today - (starts_at at time zone :tz)::date) / :step_days as piece,
        sum(duration_min) as value
    from bookings
    join services on services.id = service_id
    where bookings.provider_id = :provider and starts_at >= :since and starts_at < :until
        and status in ('confirmed', 'completed', 'no_show')
    group by piece
"""
_CANCELLED: Final = """
    select (:today - (starts_at at time zone :tz)::date) / :step_days as piece,
        100.0 * count(*) filter (where status = 'cancelled') / count(*) as value
    from bookings
    where provider_id = :provider and starts_at >= :since and starts_at < :now
        and confirmed_at is not null
    group by piece
"""
_RATED: Final = """
    select (:today - (created_at at time zone :tz)::date) / :step_days as piece,
        avg(rating) as value
    from reviews
    where provider_id = :provider and created_at >= :since and created_at < :now
    group by piece
"""
_SUM: Final = "coalesce(value, 0)"
_OFFERED: Final = (
    "nullif(weekly_minutes * greatest(0, last - greatest(first, joined_day) + 1) / 7.0, 0)"
)

_SERIES: Final = """
    -- data.provider_series.{measure}
    with own as (
        select kind, currency, weekly_minutes,
            (providers.created_at at time zone :tz)::date as joined_day
        from providers
        left join provider_scores on provider_id = providers.id and window_days = :days
        where providers.id = :provider
    ),
    sums as ({sums}),
    pieces as (
        select piece, cast(:today as date) - (piece + 1) * :step_days + 1 as first,
            cast(:today as date) - piece * :step_days as last
        from generate_series(0, :days / :step_days - 1) as piece
    ),
    market as (
        select median * {share} as median, top_decile * {share} as top_decile
        from provider_market
        join own on provider_market.kind = own.kind
            and provider_market.currency in ('', :currency)
        where window_days = :days and region = '' and measure = '{measure}'
    )
    select (first::timestamp at time zone :tz) as at, series, shown::float8 as value
    from own
    cross join pieces
    left join sums using (piece)
    left join market on true
    cross join lateral (values
        (0, 'own', {own}), (1, 'median', median), (2, 'top', top_decile)
    ) as lines (place, series, shown)
    where {only}
    order by place, at
"""


def _statement(
    measure: str, sums: str, *, own: str = "value", share: str = "1", only: str = "true"
) -> TextClause:
    return text(_SERIES.format(measure=measure, sums=sums, own=own, share=share, only=only))


_EARNS: Final = "own.currency = :currency or exists (select from sums)"
_A_PIECE: Final = "(:step_days / cast(:days as float8))"
EARNINGS: Final = _statement("earnings", _EARNED, own=_SUM, share=_A_PIECE, only=_EARNS)
BOOKINGS: Final = _statement("bookings", _BOOKED, own=_SUM, share=_A_PIECE)
OCCUPANCY: Final = _statement("occupancy_pct", _HELD, own=f"100.0 * {_SUM} / {_OFFERED}")
CANCELLATIONS: Final = _statement("cancelled_pct", _CANCELLED)
RATING: Final = _statement("rating", _RATED)

HOURS: Final = text("""
    -- data.provider_series.hours
    with counted as (
        select extract(isodow from starts_at at time zone :tz)::int as weekday,
            extract(hour from starts_at at time zone :tz)::int as hour, count(*) as n
        from bookings
        where provider_id = :provider and starts_at >= :since and starts_at < :until
            and status <> 'cancelled'
        group by 1, 2
    )
    select (array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[weekday] as day, hour,
        coalesce(n, 0) as bookings
    from generate_series(1, 7) as weekday
    cross join generate_series(0, 23) as hour
    left join counted using (weekday, hour)
    where exists (select from counted)
    order by weekday, hour
""")

STARS: Final = text("""
    -- data.provider_series.stars
    with counted as (
        select rating, count(*) as n
        from reviews
        where provider_id = :provider and created_at >= :since and created_at < :now
        group by rating
    )
    select stars::text as stars, coalesce(n, 0) as reviews
    from generate_series(1, 5) as stars
    left join counted on rating = stars
    where exists (select from counted)
    order by stars
""")


@question(ttl_s=30)
def earnings(db: Database, filters: Filters) -> DataFrame:
    """What the provider earned, by day (in 90 days: by 5 days), in the chosen currency.

    Grain: (piece, series). Columns: at datetime (begin of the piece), series str (own, median,
    top), value float (minor units). A piece without sales is zero; empty when it earns nothing in
    that currency, and for an unknown number. The market's lines are NaN without active providers
    of its kind. Source: provider_day, provider_market.
    """
    return _over_time(db, filters, EARNINGS, COUNT_STEPS)


@question(ttl_s=30)
def bookings(db: Database, filters: Filters) -> DataFrame:
    """Bookings made with the provider, by day (in 90 days: by 5 days), whatever became of them.

    Grain and columns: those of earnings, value a count. Source: bookings, provider_market.
    """
    return _over_time(db, filters, BOOKINGS, COUNT_STEPS)


@question(ttl_s=30)
def occupancy(db: Database, filters: Filters) -> DataFrame:
    """Minutes booked of those on offer, by the time of the appointment, in pieces of the window.

    Grain and columns: those of earnings, value in per cent; NaN while nothing is on offer. Today
    counts whole, what is booked for tonight too. Source: bookings, services, provider_market.
    """
    return _over_time(db, filters, OCCUPANCY, RATE_STEPS)


@question(ttl_s=30)
def cancellations(db: Database, filters: Filters) -> DataFrame:
    """Share of confirmed appointments that were cancelled, by the time they were to begin.

    Grain and columns: those of earnings, value in per cent; NaN without appointments. Source:
    bookings, provider_market.
    """
    return _over_time(db, filters, CANCELLATIONS, RATE_STEPS)


@question(ttl_s=30)
def rating(db: Database, filters: Filters) -> DataFrame:
    """Average of the provider's reviews by the time they were written, 1 to 5.

    Grain and columns: those of earnings; NaN without reviews. Source: reviews, provider_market.
    """
    return _over_time(db, filters, RATING, RATE_STEPS)


@question(ttl_s=30)
def hours(db: Database, filters: Filters) -> DataFrame:
    """When its appointments of the window begin, by weekday and local hour, but for cancelled ones.

    Grain: (weekday, hour), all 168; empty without an appointment. Columns: day str (mon to
    sun), hour int, bookings int. Source: bookings.
    """
    return db.frame(HOURS, **_asked(filters))


@question(ttl_s=30)
def stars(db: Database, filters: Filters) -> DataFrame:
    """How many of its reviews of the window gave how many stars.

    Grain: number of stars, all 5; empty without a review. Columns: stars str, reviews int. What
    clients wrote is not read. Source: reviews.
    """
    return db.frame(STARS, **_asked(filters))


def _over_time(
    db: Database, filters: Filters, statement: TextClause, steps: dict[int, int]
) -> DataFrame:
    return db.frame(statement, **_asked(filters), step_days=steps[window_days(filters)])


def _asked(filters: Filters) -> dict[str, object]:
    return asked(filters) | {"provider": provider_of(filters)}
