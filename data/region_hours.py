"""Reads about the hours of the day, in local time of the business, by jurisdiction."""

from typing import Final

from pandas import DataFrame
from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters
from data.region_days import ASKED, IN_REGION, ON_DEVICE, REFERRED

# A repeated hour of a change of the clocks counts twice into its hour, a skipped one is absent.
ACTIVE_HOURS: Final = text(f"""
    -- data.region_hours.active_hours
    with {ASKED},
    hourly as (
        select province, extract(hour from hour at time zone :tz)::int as hour, sum(n) as n
        from roll_hour_prov
        where hour >= :since and hour < :now and {IN_REGION}
            and cast(:device as text) is null and cast(:referral as text) is null
        group by province, extract(hour from hour at time zone :tz)
    )
    select coalesce(nullif(name, ''), 'Not placed') as province, hourly.hour,
        sum(n)::bigint as events
    from hourly
    left join provinces on provinces.id = province and iso <> ''
    group by provinces.id, name, hourly.hour
    order by provinces.id is null, sum(sum(n)) over (partition by provinces.id) desc,
        province, hourly.hour
""")  # noqa: S608 - our own names

PAYING_HOURS: Final = text(f"""
    -- data.region_hours.paying_hours
    with {ASKED},
    paid as (
        select province, hour as at, sales
        from money_hour
        where hour >= :since and hour < :now and {IN_REGION}
            and cast(:device as text) is null and cast(:referral as text) is null
        union all
        select province, sold_at, 1
        from payment_applied
        where sold_at >= :since and sold_at < :now and {IN_REGION} and {ON_DEVICE} and {REFERRED}
            and coalesce(cast(:device as text), cast(:referral as text)) is not null
    ),
    hourly as (
        select province, extract(hour from at at time zone :tz)::int as hour, sum(sales) as n
        from paid
        group by province, extract(hour from at at time zone :tz)
        having sum(sales) > 0
    )
    select coalesce(nullif(name, ''), 'Not placed') as province, hourly.hour,
        sum(n)::bigint as payments
    from hourly
    left join provinces on provinces.id = province and iso <> ''
    group by provinces.id, name, hourly.hour
    order by provinces.id is null, sum(sum(n)) over (partition by provinces.id) desc,
        province, hourly.hour
""")  # noqa: S608 - our own names


@question(ttl_s=30)
def active_hours(db: Database, filters: Filters) -> DataFrame:
    """At what hours of the day people are active, in local time of the business.

    Grain: (jurisdiction, hour of the day), the busiest jurisdiction first, hours ascending; hours
    without an event are absent. Columns: province str, hour int (0 to 23), events int (of every
    name, over all days of the period). By region; device and origin are not kept by hour, so that
    nothing is answered when one is chosen. Source: roll_hour_prov.
    """
    return db.frame(ACTIVE_HOURS, **filters.sql())


@question(ttl_s=30)
def paying_hours(db: Database, filters: Filters) -> DataFrame:
    """At what hours of the day payments are approved, in local time of the business.

    Grain: (jurisdiction, hour of the day), the one with most payments first, hours ascending; hours
    without a payment are absent. Columns: province str, hour int (0 to 23), payments int (in any
    currency). By region, device and referral. Source: money_hour; payment_applied when a device or
    an origin is chosen.
    """
    return db.frame(PAYING_HOURS, **filters.sql())
