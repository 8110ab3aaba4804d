"""What is usual among providers, and how each of them began: kept along with their scores."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from data.database import Tx
from data.period import local_midnight
from data.provider_market import SUMS, VALUES

YOUNG_DAYS: Final = 100
"""Beginnings of providers that joined longer ago are looked at once a day only."""

STATE: Final = text("""
    -- services.rollups.provider_market.state
    select today is distinct from :today from provider_scores_state
""")

# Empty region or kind: all of them.
MARKET: Final = text(f"""
    -- services.rollups.provider_market.market
    insert into provider_market (
        window_days, region, kind, measure, currency, providers, median, top_decile, part, cases
    )
    with scored as (
        select provider_scores.*, provinces.iso as region, providers.kind
        from provider_scores
        join providers on providers.id = provider_id
        left join provinces on provinces.id = nullif(providers.province, 0)
        where window_days = :days
    ),
    {VALUES},
    sums as (
        select region, kind, measure, currency, grouping(region) as of_country, {SUMS}
        from measured
        group by measure, currency, grouping sets ((), (kind), (region), (region, kind))
    )
    select :days, coalesce(region, ''), coalesce(kind, ''), measure, currency, providers,
        median_and_top[1], median_and_top[2], part, cases
    from sums
    where region is not null or of_country = 1
""")  # noqa: S608 - our own words

EMPTY: Final = text("""
    -- services.rollups.provider_market.empty
    delete from provider_market where window_days = :days
""")

STARTS: Final = text("""
    -- services.rollups.provider_market.starts
    insert into provider_starts as kept (
        provider_id, joined_day, first_booked_day, first_sale_day, currency, earnings_30,
        earnings_60, earnings_90
    )
    with looked_at as (
        select id as provider_id, (created_at at time zone :tz)::date as joined_day
        from providers
        where created_at < :now and (:everyone or created_at >= :young_since
            or not exists (select from provider_starts where provider_id = id))
    ),
    booked as (
        select provider_id, (min(created_at) at time zone :tz)::date as first_booked_day
        from looked_at join bookings using (provider_id)
        where created_at < :now
        group by provider_id
    ),
    money as (
        select provider_id, currency, min(day) filter (where sales > 0) as first_sale_day,
            coalesce(sum(sales) filter (where day < joined_day + 90), 0) as sales,
            coalesce(sum(earned) filter (where day < joined_day + 30), 0) as earnings_30,
            coalesce(sum(earned) filter (where day < joined_day + 60), 0) as earnings_60,
            coalesce(sum(earned) filter (where day < joined_day + 90), 0) as earnings_90
        from looked_at join provider_day using (provider_id)
        cross join lateral (select gross - commission - refunded + commission_back as earned) as own
        group by provider_id, currency
    ),
    main as (
        select distinct on (provider_id) provider_id, currency, earnings_30, earnings_60,
            earnings_90, min(first_sale_day) over (partition by provider_id) as first_sale_day
        from money
        order by provider_id, sales desc, earnings_90 desc, currency
    )
    select provider_id, joined_day, first_booked_day, first_sale_day,
        coalesce(main.currency, provider_scores.currency), coalesce(earnings_30, 0),
        coalesce(earnings_60, 0), coalesce(earnings_90, 0)
    from looked_at
    left join booked using (provider_id)
    left join main using (provider_id)
    left join provider_scores using (provider_id)
    where window_days = 90
    order by provider_id
    on conflict (provider_id) do update set
        joined_day = excluded.joined_day, first_booked_day = excluded.first_booked_day,
        first_sale_day = excluded.first_sale_day, currency = excluded.currency,
        earnings_30 = excluded.earnings_30, earnings_60 = excluded.earnings_60,
        earnings_90 = excluded.earnings_90
    where kept.* is distinct from excluded.*
""")

SOUGHT: Final = text("""
    -- services.rollups.provider_market.sought
    update provider_starts
    set sought = words
    from providers
    cross join lateral (select translate(lower(name || ' ' || coalesce(city, '')),
        'áéíóúüñ', 'aeiouun') as words) as plain
    where providers.id = provider_id and sought <> words
""")

FORGET: Final = text("""
    -- services.rollups.provider_market.forget
    delete from provider_starts
    where not exists (select from providers where providers.id = provider_starts.provider_id)
""")


def keep(tx: Tx, windows: tuple[int, ...], *, zone: ZoneInfo, now: datetime) -> None:
    """Compute both from scores of the same transaction, before their as-of is moved.

    provider_market is made anew. provider_starts is made anew where the provider joined lately, and
    once a day for all: what comes late to old ones may wait. Source: provider_scores, providers,
    bookings, provider_day.
    """
    today = now.astimezone(zone).date()
    young: date = today - timedelta(days=YOUNG_DAYS)
    for days in windows:
        tx.execute(EMPTY, days=days)
        tx.execute(MARKET, days=days)
    tx.execute(FORGET)
    tx.execute(
        STARTS,
        tz=zone.key,
        now=now,
        everyone=tx.scalar(STATE, today=today) is not False,
        young_since=local_midnight(young, zone),
    )
    tx.execute(SOUGHT)
