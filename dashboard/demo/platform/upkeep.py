"""What time does to rows: bookings take place, money goes back, days are summed.

The same statements serve history (once, over ninety days) and the live feed (every minute).
"""

from datetime import datetime
from typing import Final

import psycopg
from psycopg import sql

from dashboard.demo.platform.names import COMMENTS
from dashboard.demo.platform.purchases import (
    CANCEL_AT_KEY,
    CANCEL_BELOW,
    CANCEL_KEY,
    MODULUS,
    NO_SHOW_BELOW,
    NO_SHOW_KEY,
    PENDING_S,
)

_RULES: Final = {
    "cancel_key": CANCEL_KEY,
    "cancel_at_key": CANCEL_AT_KEY,
    "cancel_below": CANCEL_BELOW,
    "no_show_key": NO_SHOW_KEY,
    "no_show_below": NO_SHOW_BELOW,
    "modulus": MODULUS,
    "pending_s": PENDING_S,
    "comments": list(COMMENTS),
}

# Unpaid bookings lapse; of the paid ones, those that the integer rule names are cancelled.
_CANCEL: Final = """
    with due as (
        select id, case
            when confirmed_at is null then created_at + make_interval(secs => %(pending_s)s)
            when id * %(cancel_key)s %% %(modulus)s < %(cancel_below)s
            then confirmed_at + (starts_at - confirmed_at)
                * ((id * %(cancel_at_key)s %% %(modulus)s)::float8 / %(modulus)s)
            end as at
        from bookings
        where status in ('pending', 'confirmed') and starts_at > %(now)s - interval '40 days'
    )
    update bookings b set status = 'cancelled', cancelled_at = due.at
    from due where b.id = due.id and due.at <= %(now)s
"""
_COMPLETE: Final = """
    update bookings b
    set status = case when b.id * %(no_show_key)s %% %(modulus)s < %(no_show_below)s
        then 'no_show' else 'completed' end
    from services s
    where s.id = b.service_id and b.status = 'confirmed'
        and b.starts_at <= %(now)s and b.starts_at > %(now)s - interval '40 days'
        and b.starts_at + make_interval(mins => s.duration_min) <= %(now)s
        and b.id * %(cancel_key)s %% %(modulus)s >= %(cancel_below)s
"""
_REFUND: Final = """
    update payments p
    set status = 'refunded', refunded_at = b.cancelled_at, refunded_minor = p.amount_minor,
        version = p.version + 1, tx = pg_current_xact_id()
    from bookings b
    where b.id = p.booking_id and b.status = 'cancelled' and p.status = 'approved'
        and b.cancelled_at > %(now)s - interval '40 days' and b.id %% 5 <> 0
"""
_REVIEW: Final = """
    with due as (
        select b.id, b.provider_id, b.user_id, p.rating,
            b.starts_at + interval '2 hours' + (b.id %% 61) * interval '50 minutes' as at
        from bookings b join providers p on p.id = b.provider_id
        where b.status = 'completed' and b.id %% 100 < 31
            and b.starts_at > %(since)s - interval '3 days' and b.starts_at <= %(until)s
    ),
    rated as (
        select *, greatest(1, least(5, round(rating::numeric
            + ((id * 7919 %% 997)::numeric / 997 - 0.5) * 2.6)))::smallint as stars from due
    )
    insert into reviews (id, booking_id, provider_id, user_id, rating, comment, created_at)
    select id, id, provider_id, user_id, stars,
        case when id %% 3 = 0 then (%(comments)s::text[])[
            case when stars >= 5 then 1 + id %% 3 when stars >= 3 then 4 + id %% 3
            else 7 + id %% 3 end] end, at
    from rated where at > %(since)s and at <= %(until)s order by at, id
    on conflict do nothing
"""
# Days are those of the business; a day is summed again for as long as it can change.
_SUM_DAYS: Final = """
    with span as (
        select (%(since)s::timestamptz at time zone %(zone)s)::date as first,
            (%(until)s::timestamptz at time zone %(zone)s)::date as last
    ),
    edges as (
        select first::timestamp at time zone %(zone)s as since,
            (last + 1)::timestamp at time zone %(zone)s as until from span
    ),
    facts as (
        select (b.created_at at time zone %(zone)s)::date as day, 'bookings' as name,
            count(*)::float8 as value, '' as unit
        from bookings b, edges where b.created_at >= since and b.created_at < until group by 1
        union all
        select (p.approved_at at time zone %(zone)s)::date, 'gross_minor',
            sum(p.amount_minor)::float8, 'ARS minor'
        from payments p, edges where p.approved_at >= since and p.approved_at < until group by 1
        union all
        select (s.started_at at time zone %(zone)s)::date, 'sessions', count(*)::float8, ''
        from sessions s, edges where s.started_at >= since and s.started_at < until group by 1
        union all
        select (u.created_at at time zone %(zone)s)::date, 'signups', count(*)::float8, ''
        from users u, edges where u.created_at >= since and u.created_at < until group by 1
    )
    insert into daily_metrics (day, tenant, name, value, unit, updated_at)
    select day, 0, name, value, unit, %(until)s from facts order by day, name
    on conflict (day, tenant, name)
    do update set value = excluded.value, updated_at = excluded.updated_at
"""
ZONE: Final = "America/Argentina/Buenos_Aires"
_FILLED: Final = (
    "sessions", "analytics_events", "bookings", "payments", "users", "providers", "services",
    "reviews", "production_metrics", "production_errors", "production_alerts", "job_history",
    "system_health_status", "agent_metrics", "beta_analytics", "beta_user_access", "daily_metrics",
    "organizations", "subscriptions", "activity_logs", "deploys",
)  # fmt: skip

_COUNTED: Final = """
    select table_name, column_name from information_schema.columns
    where table_schema = current_schema() and is_identity = 'YES' order by table_name
"""
# The feed brings its own numbers for these, so whoever else inserts counts far away from them.
_NUMBERED_BY_FEED: Final = ("users", "bookings", "reviews")
_FAR: Final = 1_000_000_000_000


def settle(connection: psycopg.Connection, *, now: datetime) -> int:
    """Let bookings lapse, be cancelled, take place, and pay back; returns rows changed."""
    given = {**_RULES, "now": now}
    return sum(
        connection.execute(statement, given).rowcount for statement in (_CANCEL, _COMPLETE, _REFUND)
    )


def review(connection: psycopg.Connection, *, since: datetime, until: datetime) -> int:
    """Reviews that were written in (since, until]."""
    return connection.execute(_REVIEW, {**_RULES, "since": since, "until": until}).rowcount


def sum_days(connection: psycopg.Connection, *, since: datetime, until: datetime) -> None:
    """The platform's own daily figures for the local days that the span touches."""
    connection.execute(_SUM_DAYS, {"since": since, "until": until, "zone": ZONE})


def after_fill(database_url: str) -> None:
    """Identity counters behind the numbers that were brought along, and statistics."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table, column in connection.execute(_COUNTED).fetchall():
            _move_counter(connection, table, column)
        for table in _FILLED:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table)))


def _move_counter(connection: psycopg.Connection, table: str, column: str) -> None:
    statement = sql.SQL(
        "select setval(pg_get_serial_sequence({}, {}), "
        "greatest(coalesce(max({}), 0) + 1, {}), false) from {}"
    )
    connection.execute(
        statement.format(
            sql.Literal(table),
            sql.Literal(column),
            sql.Identifier(column),
            sql.Literal(_FAR if table in _NUMBERED_BY_FEED else 1),
            sql.Identifier(table),
        )
    )
