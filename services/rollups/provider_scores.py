"""How each provider does over the latest 7, 30 and 90 days, computed whole every few minutes.

Medians and occupancy are no sums of changes, so they are not part of the tick: they have an as-of
of their own (`provider_scores_state`). Readers see the old scores until the new ones are committed.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from data.database import Database, Tx
from data.period import local_midnight
from services.rollups import provider_market

WINDOWS: Final = (90, 30, 7)
"""Days, the longest first: no transaction id is held while its rows are read."""
EVERY_S: Final = 300
LIMIT_MS: Final = 120_000

SETTINGS: Final = text("""
    -- services.rollups.provider_scores.settings
    select set_config('work_mem', '64MB', true), set_config('jit', 'off', true)
""")

LEAD: Final = text("""
    -- services.rollups.provider_scores.lead
    select pg_try_advisory_xact_lock(hashtextextended('atalaya.provider_scores', 0))
""")

# Scores without money are made again at once when the first payments have come into the rollups.
DUE: Final = text("""
    -- services.rollups.provider_scores.due
    select not exists (
        select from provider_scores_state
        where scored_at > :now - make_interval(secs => :every_s) and today = :today
    ) or (exists (select from provider_day) and not exists (
        select from provider_scores where sales > 0))
""")

# Only what changed is written: most rows are as they were five minutes ago.
SCORE: Final = text("""
    -- services.rollups.provider_scores.score
    insert into provider_scores as kept (
        window_days, provider_id, currency, currencies, sales, gross, commission, refunded,
        earnings, bookings, appointments, completed, cancelled, no_show, booked_minutes,
        offered_minutes, occupancy_pct, cancelled_pct, no_show_pct, reviews, rating, responses,
        response_s
    )
    with money as (
        select provider_id, currency, sum(sales) as sales, sum(gross) as gross,
            sum(commission) as commission, sum(refunded) as refunded,
            sum(gross - commission - refunded + commission_back) as earnings
        from provider_day
        where day >= :first_day and day <= :today
        group by provider_id, currency
    ),
    main as (
        select distinct on (provider_id) *, count(*) over (partition by provider_id) as currencies
        from money
        order by provider_id, sales desc, gross desc, currency
    ),
    listed as (
        select distinct on (provider_id) provider_id, currency
        from (
            select provider_id, currency, count(*) as n
            from services
            group by provider_id, currency
        ) as priced
        order by provider_id, n desc, currency
    ),
    made as (
        select provider_id, count(*) as bookings, count(confirmed_at) as responses,
            percentile_cont(0.5) within group (
                order by greatest(extract(epoch from confirmed_at - created_at), 0)::float8
            ) filter (where confirmed_at is not null) as response_s
        from bookings
        where created_at >= :since and created_at < :now
        group by provider_id
    ),
    begun as (
        select bookings.provider_id, services.duration_min,
            status in ('confirmed', 'completed', 'no_show') as is_held,
            case when starts_at < :now and confirmed_at is not null then status end as outcome
        from bookings
        left join services on services.id = bookings.service_id
        where starts_at >= :since and starts_at < :until
    ),
    held as (
        select provider_id, count(outcome) as appointments,
            count(*) filter (where outcome = 'completed') as completed,
            count(*) filter (where outcome = 'cancelled') as cancelled,
            count(*) filter (where outcome = 'no_show') as no_show,
            coalesce(sum(duration_min) filter (where is_held), 0) as booked_minutes
        from begun
        group by provider_id
    ),
    offered as (
        select id as provider_id, round(weekly_minutes * greatest(0, least(
            :days, cast(:today as date) - (created_at at time zone :tz)::date + 1
        )) / 7.0) as offered_minutes
        from providers
    ),
    rated as (
        select provider_id, count(*) as reviews, avg(rating)::float8 as rating
        from reviews
        where created_at >= :since and created_at < :now
        group by provider_id
    )
    select :days, provider_id, coalesce(main.currency, listed.currency),
        coalesce(currencies, 0), coalesce(sales, 0), coalesce(gross, 0), coalesce(commission, 0),
        coalesce(refunded, 0), coalesce(earnings, 0), coalesce(bookings, 0),
        coalesce(appointments, 0), coalesce(completed, 0), coalesce(cancelled, 0),
        coalesce(no_show, 0), coalesce(booked_minutes, 0), offered_minutes,
        100.0 * coalesce(booked_minutes, 0) / nullif(offered_minutes, 0),
        100.0 * cancelled / nullif(appointments, 0),
        100.0 * no_show / nullif(completed + no_show, 0),
        coalesce(reviews, 0), rating, coalesce(responses, 0), response_s
    from offered
    left join main using (provider_id)
    left join listed using (provider_id)
    left join made using (provider_id)
    left join held using (provider_id)
    left join rated using (provider_id)
    order by provider_id
    on conflict (window_days, provider_id) do update set
        currency = excluded.currency, currencies = excluded.currencies, sales = excluded.sales,
        gross = excluded.gross, commission = excluded.commission, refunded = excluded.refunded,
        earnings = excluded.earnings, bookings = excluded.bookings,
        appointments = excluded.appointments, completed = excluded.completed,
        cancelled = excluded.cancelled, no_show = excluded.no_show,
        booked_minutes = excluded.booked_minutes, offered_minutes = excluded.offered_minutes,
        occupancy_pct = excluded.occupancy_pct, cancelled_pct = excluded.cancelled_pct,
        no_show_pct = excluded.no_show_pct, reviews = excluded.reviews, rating = excluded.rating,
        responses = excluded.responses, response_s = excluded.response_s
    where kept.* is distinct from excluded.*
""")

FORGET: Final = text("""
    -- services.rollups.provider_scores.forget
    delete from provider_scores
    where not exists (select from providers where providers.id = provider_scores.provider_id)
""")

REMEMBER: Final = text("""
    -- services.rollups.provider_scores.remember
    insert into provider_scores_state (today, scored_at) values (:today, :now)
    on conflict (id) do update set today = excluded.today, scored_at = excluded.scored_at
""")


def score(db: Database, zone: ZoneInfo, *, now: datetime | None = None) -> bool:
    """Compute all scores anew, in one transaction; False when another is at it.

    One row per window (7, 30, 90 local days, today included) and provider. Money is that of
    provider_day in the currency that the provider sells most in; bookings and the median response
    count by `created_at`, appointments by `starts_at`, reviews by `created_at`. A ratio without a
    denominator is null. What is usual among them, and how each began, is kept with the scores: see
    `provider_market`. Source: providers, services, bookings, reviews, provider_day. Raises
    SourceDown.
    """
    at = now or datetime.now(UTC)
    today = at.astimezone(zone).date()
    with db.write(timeout_ms=LIMIT_MS) as tx:
        if not tx.scalar(LEAD):
            return False
        tx.execute(SETTINGS)
        for days in WINDOWS:
            _score(tx, days, zone=zone, today=today, now=at)
        tx.execute(FORGET)
        provider_market.keep(tx, WINDOWS, zone=zone, now=at)
        tx.execute(REMEMBER, today=today, now=at)
    return True


def score_if_due(db: Database, zone: ZoneInfo, *, now: datetime | None = None) -> bool:
    """The same, if the scores are 5 minutes old, of another day, or from before the first sales."""
    at = now or datetime.now(UTC)
    today = at.astimezone(zone).date()
    return bool(db.scalar(DUE, now=at, today=today, every_s=EVERY_S)) and score(db, zone, now=at)


def _score(tx: Tx, days: int, *, zone: ZoneInfo, today: date, now: datetime) -> None:
    first_day = today - timedelta(days=days - 1)
    tx.execute(
        SCORE,
        days=days,
        tz=zone.key,
        first_day=first_day,
        today=today,
        since=local_midnight(first_day, zone),
        until=local_midnight(today + timedelta(days=1), zone),
        now=now,
    )
