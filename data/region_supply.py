"""Reads about where demand meets too little supply."""

from typing import Final

from pandas import DataFrame
from sqlalchemy import text

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.period import Filters
from data.region_days import ASKED, ON_DEVICE, REFERRED, asked

TIMES: Final = 2.0
"""Underserved: at least so many times as many searches for an hour on offer as in the country."""
FEWEST: Final = 30
"""With fewer searches nothing is said."""

# Providers are few beside visits, and who joined within the period offers from then on. Days are
# taken whole: all jurisdictions have the same hours of them, so that their ratio is not moved.
SUPPLY: Final = text(f"""
    -- data.region_supply.supply
    with {ASKED},
    demand as (
        select province, sum(s2_any) as searches
        from funnel_day
        where day >= :begin and day < cast(:begin as date) + :count and {ON_DEVICE} and {REFERRED}
        group by province
    ),
    offered as (
        select province, count(*) as providers, sum(weekly_minutes / 60.0
            * extract(epoch from :now - greatest(created_at, :since)) / 604800)::float8 as hours
        from providers
        where created_at < :now
        group by province
    ),
    held as (
        select provinces.id as province, iso, name, coalesce(searches, 0) as searches,
            coalesce(providers, 0) as providers, coalesce(hours, 0) as hours,
            (select sum(searches) from demand)::float8
                / nullif((select sum(hours) from offered), 0) as country
        from provinces
        left join demand on demand.province = provinces.id
        left join offered on offered.province = provinces.id
        where iso <> ''
    ),
    scored as (
        select *, searches / nullif(hours, 0) as per_hour,
            searches / nullif(hours, 0) / nullif(country, 0) as times
        from held
    )
    select iso as region, name as province, searches::bigint as searches,
        providers::bigint as providers, hours, per_hour, country, times,
        case when searches < :fewest then 'few_cases'
            when hours = 0 or times >= :times then 'underserved'
            else 'served' end as state
    from scored
    order by searches < :fewest, (hours = 0 and searches > 0) desc, times desc nulls last, region
""")  # noqa: S608 - our own names


@question(ttl_s=30)
def supply(db: Database, filters: Filters) -> DataFrame:
    """Where too many search for too little: searches for each hour on offer against the country.

    Score: searches for an hour on offer in the jurisdiction / the same in the whole country.
    Underserved from 2 upwards, with at least 30 searches; with fewer nothing is said.

    Grain: jurisdiction, all of them whatever region is chosen, the least served first, those with
    too few searches last; empty without any search. Columns: region, province str, searches int
    (sessions begun on the period's days that reached the search), providers int (joined before its
    end), hours float (their weekly minutes over the period, from when they joined), per_hour,
    country float (searches for an hour, here and in the country), times float (the score; NaN where
    nothing is on offer), state str (underserved, served, few_cases). Searches by device and
    referral. Source: funnel_day, providers.
    """
    found = db.frame(SUPPLY, **_params(filters))
    return found if found["searches"].any() else found.head(0)


@question(ttl_s=30)
def underserved(db: Database, filters: Filters) -> KeyFigure:
    """Jurisdictions with at least twice as many searches for an hour on offer as the country.

    A count of those with at least 30 searches, in the region chosen, and the same of the
    comparison, whose last day is taken whole: a ratio does not grow with the hours of a day.
    Source: funnel_day, providers.
    """
    compared = filters.compared()
    before = _count(db, compared) if compared else None
    return KeyFigure(_count(db, filters), before, unit="count")


def _count(db: Database, filters: Filters) -> float:
    found = db.frame(SUPPLY, **_params(filters))
    chosen = filters.selection.region
    is_asked = found["region"].eq(chosen) if chosen else True
    return float((is_asked & (found["state"] == "underserved")).sum())


def _params(filters: Filters) -> dict[str, object]:
    return asked(filters) | {"fewest": FEWEST, "times": TIMES}
