"""Reads about cities: visits, paid bookings and revenue of each."""

from typing import Final

import numpy as np
from pandas import DataFrame
from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters
from data.region_days import ASKED, IN_REGION, ON_DEVICE, asked, currency_of

MOST_CITIES: Final = 300
"""So many are listed; the others are one row together, so that the rows add up."""

CITIES: Final = text(f"""
    -- data.region_cities.cities
    with {ASKED},
    counted as (
        select province, city, sum(sessions) filter (where {ON_DEVICE}) as sessions,
            sum(s5_any) filter (where {ON_DEVICE}) as paid, 0 as revenue_minor,
            sum(sessions) filter (where device = (select mobile from asked)) as mobile,
            sum(sessions) as everyone
        from city_day
        where day >= :first_day and day < :end_day and {IN_REGION}
            and cast(:referral as text) is null
        group by province, city
        union all
        select province, city, 0, 0, sum(gross), 0, 0
        from money_city_day
        where day >= :first_day and day < :end_day and currency = :currency and {IN_REGION}
            and {ON_DEVICE} and cast(:referral as text) is null
        group by province, city
    ),
    ranked as (
        select province, city, sum(sessions) as sessions, sum(paid) as paid,
            sum(revenue_minor) as revenue_minor, sum(mobile) as mobile, sum(everyone) as everyone,
            row_number() over (
                order by coalesce(sum(sessions), 0) desc, sum(revenue_minor) desc, province, city
            ) as place
        from counted
        group by province, city
    )
    select coalesce(min(provinces.name) filter (where place <= :limit and iso <> ''), '')
            as province,
        coalesce(min(city) filter (where place <= :limit), '') as city, count(*) as cities,
        coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(paid), 0)::bigint as paid,
        coalesce(sum(revenue_minor), 0)::bigint as revenue_minor,
        coalesce(sum(mobile), 0)::bigint as mobile,
        coalesce(sum(everyone), 0)::bigint as everyone, min(place) > :limit as is_rest
    from ranked
    left join provinces on provinces.id = province
    group by least(place, :limit + 1)
    order by least(place, :limit + 1)
""")  # noqa: S608 - our own names


@question(ttl_s=30)
def cities(db: Database, filters: Filters) -> DataFrame:
    """Cities by visits: what is booked and paid there, and with what share of phones.

    Grain: (jurisdiction, city), at most MOST_CITIES, the most visited first; the others are one
    last row, visits without a known city one row of each jurisdiction: the rows add up to the
    jurisdiction. Columns: city, province str, sessions, paid, mobile, everyone int, revenue_minor
    int (of currency), conversion_pct, mobile_pct float (NaN without sessions). By region and
    device; the origin of visits is not kept by city, so that nothing is answered when one is
    chosen. Source: city_day, money_city_day.
    """
    found = db.frame(CITIES, **asked(filters), limit=MOST_CITIES)
    found["conversion_pct"] = 100 * found["paid"] / found["sessions"].replace(0, np.nan)
    found["mobile_pct"] = 100 * found["mobile"] / found["everyone"].replace(0, np.nan)
    named = zip(found["city"], found["cities"], found["is_rest"], strict=True)
    found["city"] = [f"{count} further cities" if rest else city for city, count, rest in named]
    found["city"] = found["city"].replace("", "Not known")
    found["currency"] = currency_of(filters)
    return found.drop(columns=["cities", "is_rest"])
