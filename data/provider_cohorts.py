"""How new providers begin, by the local month in which they joined: the latest twelve months.

Who joined too short a time ago to have had its 30 (60, 90) days is left out of what is said about
them, not counted as a failure. Sums are in one currency; who sells nothing counts as zero.
"""

from datetime import date
from typing import Final

from pandas import DataFrame
from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters
from data.provider_figures import asked

MONTHS: Final = 12

# Counted in days after the one of joining, which is day 0: the first 30 days are over when day 30
# has come.
_STARTED: Final = """
    months as (
        select generate_series(cast(:first_month as timestamp), date_trunc('month',
            cast(:today as timestamp)), '1 month')::date as month
    ),
    started as (
        select date_trunc('month', joined_day)::date as month, kind, first_sale_day - joined_day
                as days_to_sale,
            joined_day + 30 <= :today as is_30, joined_day + 60 <= :today as is_60,
            joined_day + 90 <= :today as is_90, first_booked_day - joined_day < 30 as is_booked,
            provider_starts.currency = :currency as is_of_currency, earnings_30, earnings_60,
            earnings_90
        from provider_starts
        join providers on providers.id = provider_id
        where joined_day >= :first_month and joined_day <= :today
            and (cast(:region as text) is null
                or province = (select id from provinces where iso = :region))
            and (cast(:tenant as integer) is null or organization_id = :tenant)
            and (:kind = '' or kind = :kind)
    )
""".strip()

COHORTS: Final = text(f"""
    -- data.provider_cohorts.cohorts
    with {_STARTED}
    select to_char(month, 'YYYY-MM') as month, (month::timestamp at time zone :tz) as at,
        count(kind) as joined, count(*) filter (where is_30) as had_30,
        count(*) filter (where is_30 and is_booked) as booked,
        (100.0 * count(*) filter (where is_30 and is_booked)
            / nullif(count(*) filter (where is_30), 0))::float8 as booked_pct,
        count(days_to_sale) as sold,
        (percentile_cont(0.5) within group (
            order by case when days_to_sale < 0 then 0 else days_to_sale end))::float8
            as days_to_sale,
        (percentile_cont(0.5) within group (order by earnings_30)
            filter (where is_30 and is_of_currency))::float8 as earnings_30,
        (percentile_cont(0.5) within group (order by earnings_60)
            filter (where is_60 and is_of_currency))::float8 as earnings_60,
        (percentile_cont(0.5) within group (order by earnings_90)
            filter (where is_90 and is_of_currency))::float8 as earnings_90,
        :currency as currency
    from months left join started using (month)
    where month >= (select min(month) from started)
    group by month
    order by month desc
""")  # noqa: S608 - our own words

JOINED: Final = text(f"""
    -- data.provider_cohorts.joined
    with {_STARTED},
    kinds as (
        select distinct kind from started
    )
    select (months.month::timestamp at time zone :tz) as at, kinds.kind as series,
        count(started.kind) as value
    from months cross join kinds
    left join started on started.month = months.month and started.kind = kinds.kind
    where months.month >= (select min(month) from started)
    group by months.month, kinds.kind
    order by kinds.kind, months.month
""")  # noqa: S608 - our own words


@question(ttl_s=30)
def cohorts(db: Database, filters: Filters) -> DataFrame:
    """New providers by the month in which they joined, the latest first, and how they began.

    Grain: local month, the latest 12, from the first in which somebody joined. Columns: month str
    ("2026-11"), at datetime (its first moment), joined int, had_30 int (of them, those whose first
    30 days are over), booked int (of those, with a first booking within them), booked_pct float,
    sold int (with a first sale by now), days_to_sale float (median days from joining to it),
    earnings_30, earnings_60, earnings_90 float (median per provider whose days are over, minor
    units of currency), currency str. NaN: nobody yet. By region, tenant and kind. Source:
    provider_starts.
    """
    return db.frame(COHORTS, **_asked(filters))


@question(ttl_s=30)
def joined(db: Database, filters: Filters) -> DataFrame:
    """How many providers of each kind joined in each of the latest 12 months.

    Grain: (local month, kind), from the first month in which somebody joined. Columns: at datetime
    (first moment of the month), series str (kind), value int. By region, tenant and kind. Source:
    provider_starts.
    """
    return db.frame(JOINED, **_asked(filters))


@question(ttl_s=30)
def booked(db: Database, filters: Filters) -> DataFrame:
    """Share of new providers with a first booking within 30 days, by the month of joining.

    Grain: local month. Columns: at datetime, value float (per cent of those whose 30 days are over;
    NaN while there is none). By region, tenant and kind. Source: provider_starts.
    """
    found = cohorts(db, filters).rename(columns={"booked_pct": "value"})
    return found[["at", "value"]].iloc[::-1].reset_index(drop=True)


def _asked(filters: Filters) -> dict[str, object]:
    values = asked(filters)
    today = filters.now.astimezone(filters.zone).date()
    back = today.month - MONTHS
    first = date(today.year + back // 12, back % 12 + 1, 1)
    return values | {"first_month": first}
