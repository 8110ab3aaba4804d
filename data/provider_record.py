"""One provider: who it is, its figures of the window, and how they stand against its kind.

Its number is in the address (`provider`); a number that nobody has is answered politely.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from pandas import DataFrame
from sqlalchemy import text

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.period import Filters
from data.provider_figures import asked
from data.provider_market import benchmarks

CARD: Final = text("""
    -- data.provider_record.card
    with own as (
        select providers.id as provider, providers.name, kind, coalesce(city, '') as city,
            nullif(provinces.name, '') as province,
            (providers.created_at at time zone :tz)::date as joined_day, currency, earnings
        from providers
        left join provinces on provinces.id = nullif(providers.province, 0)
        left join provider_scores on provider_id = providers.id and window_days = :days
        where providers.id = :provider
    )
    select provider, name, kind, city, coalesce(province, '') as province, joined_day,
        (select count(*) + 1
            from provider_scores
            join providers on providers.id = provider_id
            where window_days = :days and providers.kind = own.kind
                and provider_scores.currency = own.currency
                and provider_scores.earnings > own.earnings) as place,
        (select count(*)
            from provider_scores
            join providers on providers.id = provider_id
            where window_days = :days and providers.kind = own.kind
                and provider_scores.currency = own.currency) as places
    from own
""")

FIGURES: Final = text("""
    -- data.provider_record.figures
    select currency, sales, earnings, bookings, booked_minutes, offered_minutes, occupancy_pct,
        reviews, rating, appointments, cancelled, cancelled_pct, responses, response_s
    from provider_scores
    where window_days = :days and provider_id = :provider
""")

_OWN_CURRENCY: Final = "(select currency from own)"
AGAINST: Final = text(f"""
    -- data.provider_record.against
    with own as (
        select provider_scores.*, providers.name, kind
        from provider_scores
        join providers on providers.id = provider_id
        where window_days = :days and provider_id = :provider
    ),
    {benchmarks(region="''", kind="(select kind from own)", currency=_OWN_CURRENCY)},
    rows as (
        select 0 as place, name, earnings, bookings::float8 as bookings, occupancy_pct, rating,
            reviews, cancelled_pct, appointments, no_show_pct, completed + no_show as due,
            response_s, responses
        from own
        union all
        select place, case place when 1 then :median_name else :top_name end, earnings, bookings,
            occupancy_pct, rating, null, cancelled_pct, null, no_show_pct, null, response_s, null
        from benchmarks
    )
    select name, earnings, {_OWN_CURRENCY} as currency, bookings, occupancy_pct, rating, reviews,
        cancelled_pct, appointments, no_show_pct, due, response_s, responses
    from rows
    order by place
""")  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Card:
    """Who a provider is; `name` None: nobody has that number.

    `place` of `places` is its rank by earnings among its kind and currency; 0 places: no score yet.
    """

    provider: int
    name: str | None = None
    kind: str = ""
    city: str = ""
    province: str = ""
    joined_day: date | None = None
    place: int = 0
    places: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """What the figures of one provider are made of; see provider_scores."""

    currency: str | None
    sales: int
    earnings: int
    bookings: int
    booked_minutes: int
    offered_minutes: int
    occupancy_pct: float | None
    reviews: int
    rating: float | None
    appointments: int
    cancelled: int
    cancelled_pct: float | None
    responses: int
    response_s: float | None


@question(ttl_s=30)
def card(db: Database, filters: Filters) -> Card:
    """Who the provider is, where, since when, and its rank by earnings among its kind.

    A Card without a name when nobody has the number. Source: providers, provider_scores.
    """
    number = provider_of(filters)
    return db.one(CARD, Card, **_asked(filters)) or Card(number)


@question(ttl_s=30)
def earnings(db: Database, filters: Filters) -> KeyFigure:
    """What is left of its sales in the window: less commission, less what was paid back of both.

    Minor units of the currency that it sells most in. Source: provider_scores.
    """
    found = _score(db, filters)
    if found is None or found.currency is None:
        return KeyFigure(None)
    return KeyFigure(found.earnings, unit=f"{found.currency} minor")


@question(ttl_s=30)
def bookings(db: Database, filters: Filters) -> KeyFigure:
    """Bookings made with it in the window, paid or not. A count. Source: provider_scores."""
    found = _score(db, filters)
    return KeyFigure(None if found is None else found.bookings, unit="count")


@question(ttl_s=30)
def occupancy(db: Database, filters: Filters) -> KeyFigure:
    """Minutes booked of those on offer in the window; unknown when none are on offer.

    Unit %. Source: provider_scores.
    """
    found = _score(db, filters)
    return KeyFigure(None if found is None else found.occupancy_pct, unit="%")


@question(ttl_s=30)
def rating(db: Database, filters: Filters) -> KeyFigure:
    """Average of its reviews of the window, 1 to 5; unknown without. Source: provider_scores."""
    found = _score(db, filters)
    return KeyFigure(None if found is None else found.rating)


@question(ttl_s=30)
def cancellations(db: Database, filters: Filters) -> KeyFigure:
    """Share of its confirmed appointments of the window that were cancelled, up to now.

    Unit %, numerator cancelled, denominator appointments; unknown without. Source: provider_scores.
    """
    found = _score(db, filters)
    if found is None:
        return KeyFigure(None, unit="%")
    return KeyFigure(
        found.cancelled_pct, unit="%", numerator=found.cancelled, denominator=found.appointments
    )


@question(ttl_s=30)
def response(db: Database, filters: Filters) -> KeyFigure:
    """Median time from a booking of the window to its confirmation by the provider.

    Seconds; unknown when none was confirmed. Source: provider_scores.
    """
    found = _score(db, filters)
    return KeyFigure(None if found is None else found.response_s, unit="s")


@question(ttl_s=30)
def against(db: Database, filters: Filters) -> DataFrame:
    """The provider beside the market median and the top decile of its kind in the whole country.

    Grain: three rows, itself first; only itself when its kind has no active provider. Empty for an
    unknown number. Columns: name str, earnings int (minor units of currency, that of the provider),
    currency str, bookings float, occupancy_pct, rating, cancelled_pct, no_show_pct, response_s
    float, and the cases behind its own rates: reviews, appointments, due, responses float (NaN in
    the rows of the market). Source: provider_scores, provider_market.
    """
    names = {"median_name": "Market median", "top_name": "Top decile"}
    return db.frame(AGAINST, **_asked(filters), **names)


def provider_of(filters: Filters) -> int:
    """Say which provider the address names; 0, which nobody has, for what is no number."""
    given = filters.choice("provider", "0")
    return int(given) if re.fullmatch("[0-9]{1,18}", given, re.ASCII) else 0


def _asked(filters: Filters) -> dict[str, object]:
    return asked(filters) | {"provider": provider_of(filters)}


def _score(db: Database, filters: Filters) -> Score | None:
    return db.one(FIGURES, Score, **_asked(filters))
