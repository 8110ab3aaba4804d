"""Ninety days of history: complete, consistent with itself, and the same for the same seed."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from dashboard.demo.platform.history import AlreadyFilled, fill
from tests.dashboard.demo_platform.conftest import EVENTS, NOW, Rows, filled_url
from tests.postgres_server import PostgresServer

# The first test fills the marketplace, which takes a while on a busy machine.
pytestmark = pytest.mark.timeout(400)

SMALL = 4_000
# Transaction ids, and identity numbers that nobody refers to, are Postgres' own.
CHECKED = {
    "analytics_events": "occurred_at, visitor_id, session_id, event_id, name, device, province, "
    "referral, tenant, properties",
    "sessions": "*",
    "users": "*",
    "providers": "*",
    "services": "*",
    "bookings": "*",
    "payments": "created_at, payment_id, status, amount_minor, approved_at, refunded_at, version",
    "reviews": "*",
    "job_history": "queue, job_id, state, reason, enqueued_at, finished_at, data",
    "production_errors": "fingerprint, occurred_at, user_id",
    "production_alerts": "fingerprint, started_at, resolved_at, status, acknowledged_at",
    "system_health_status": "*",
    "production_metrics": "name, labels, value, recorded_at",
    "deploys": "service, version, deployed_at, status, commit_sha",
    "beta_user_access": "*",
    "daily_metrics": "*",
    "agent_metrics": "occurred_at, agent, response_ms, tokens_in, status",
    "subscriptions": "*",
}

# Hashed by Postgres, which need not send a million rows; a sum does not depend on their order.
DIGEST = "select count(*), sum(hashtextextended(r::text, 0)::numeric) from (select {} from {}) as r"


def checksums(url: str) -> dict[str, str]:
    """A digest of each table, whatever the order of its rows."""
    with psycopg.connect(url) as connection:
        return {
            table: str(connection.execute(DIGEST.format(columns, table)).fetchone())
            for table, columns in CHECKED.items()
        }


@pytest.mark.slow
def test_the_same_seed_and_moment_give_the_same_rows(
    postgres: PostgresServer, new_database: Callable[[], str]
) -> None:
    digests = []
    for seed in (3, 3, 4):
        url = filled_url(new_database, events=SMALL, seed=seed)
        digests.append(checksums(url))
        postgres.drop(url.rpartition("/")[2])
    first, again, other = digests
    assert first == again
    same = {table for table, digest in first.items() if other[table] == digest}
    assert same == set()


def test_a_database_with_data_is_refused_and_left_alone(marketplace: str, ask: Rows) -> None:
    before = ask("select count(*) from sessions")
    with pytest.raises(AlreadyFilled, match="already has"):
        fill(marketplace, events=SMALL, seed=1, now=NOW, progress=lambda _: None)
    assert ask("select count(*) from sessions") == before


def test_the_history_has_the_events_that_were_asked_for(ask: Rows) -> None:
    ((events, first, last),) = ask(
        "select count(*), min(occurred_at), max(occurred_at) from analytics_events"
    )
    assert events == pytest.approx(EVENTS, rel=0.04)
    assert NOW - timedelta(days=91, hours=1) < first < NOW - timedelta(days=89)
    assert NOW - timedelta(minutes=10) < last <= NOW


def test_every_day_has_its_partition_and_the_default_is_empty(ask: Rows) -> None:
    assert ask("select count(*) from analytics_events_default") == [(0,)]
    ((days,),) = ask(
        "select count(*) from pg_inherits where inhparent = 'analytics_events'::regclass"
    )
    assert days >= 91 + 7


def test_a_paid_booking_is_a_confirmed_booking_an_approved_payment_and_one_event(ask: Rows) -> None:
    ((paid, confirmed, approved),) = ask("""
        select (select count(*) from analytics_events where name = 5),
            (select count(*) from bookings where confirmed_at is not null),
            (select count(*) from payments where approved_at is not null)
    """)
    assert paid == confirmed == approved > EVENTS / 100
    assert ask("""
        select count(*)
        from payments p
        join bookings b on b.id = p.booking_id and b.confirmed_at = p.approved_at
            and b.price_minor = p.amount_minor and b.provider_id = p.provider_id
        join analytics_events e on e.visitor_id = p.visitor_id and e.session_id = b.session_id
            and e.occurred_at = p.approved_at and e.name = 5 and e.tenant = p.tenant
    """) == [(paid,)]


def test_nothing_refers_to_what_is_not_there_and_nothing_lies_in_the_future(ask: Rows) -> None:
    assert ask("""
        select count(*) from analytics_events e
        where not exists (select from sessions s
            where (s.visitor_id, s.session_id) = (e.visitor_id, e.session_id)
            and e.occurred_at between s.started_at and s.last_seen_at)
    """) == [(0,)]
    for table, column in (
        ("sessions", "last_seen_at"), ("payments", "approved_at"), ("payments", "refunded_at"),
        ("bookings", "cancelled_at"), ("reviews", "created_at"), ("users", "created_at"),
        ("job_history", "finished_at"), ("production_alerts", "resolved_at"),
        ("production_errors", "occurred_at"), ("deploys", "deployed_at"),
        ("system_health_status", "checked_at"), ("production_metrics", "recorded_at"),
    ):  # fmt: skip
        statement = f"select max({column}) from {table}"  # noqa: S608 - the names above
        ((latest,),) = ask(statement)
        assert NOW - timedelta(days=15) < latest <= NOW + timedelta(seconds=5), table


def test_states_of_bookings_agree_with_their_times(ask: Rows) -> None:
    shares: dict[str, float] = dict(
        ask("select status, count(*)::float8 / sum(count(*)) over () from bookings group by 1")
    )
    assert shares["completed"] > 0.6
    assert 0.005 < shares["no_show"] < 0.06
    assert 0.05 < shares["cancelled"] < 0.2
    assert ask("""
        select count(*) from bookings b join services s on s.id = b.service_id
        where (status in ('completed', 'no_show'))
            <> (confirmed_at is not null and cancelled_at is null
                and starts_at + make_interval(mins => duration_min) <= %(now)s)
    """, now=NOW) == [(0,)]  # fmt: skip
    assert ask("""
        select count(*) from payments p join bookings b on b.id = p.booking_id
        where p.status = 'refunded' and (b.status <> 'cancelled' or p.refunded_at <> b.cancelled_at)
    """) == [(0,)]


def test_the_funnel_narrows_as_it_does_in_the_real_one(ask: Rows) -> None:
    reached = [
        count
        for (count,) in ask("""
            select count(distinct (visitor_id, session_id)) from analytics_events
            where name between 1 and 5 group by name order by name
        """)
    ]
    shares = [100 * each / reached[0] for each in reached]
    assert shares == pytest.approx([100, 61, 32, 13, 7.3], rel=0.06)
    assert ask("select count(*) from sessions") == [(reached[0],)]


def test_most_people_come_by_mobile_and_from_the_primary_markets(ask: Rows) -> None:
    devices: dict[str, float] = dict(ask("""
        select d.code, count(*)::float8 / sum(count(*)) over ()
        from sessions s join devices d on d.id = s.device group by 1
    """))  # fmt: skip
    assert 0.80 < devices["mobile"] < 0.88
    ranking = [iso for (iso,) in ask("""
        select p.iso from sessions s join provinces p on p.id = s.province
        group by 1 order by count(*) desc
    """)]  # fmt: skip
    assert ranking[0] == "AR-B"
    assert set(ranking[:5]) == {"AR-B", "AR-C", "AR-X", "AR-S", "AR-M"}
    assert len(ranking) == 24


def test_a_few_providers_earn_much_of_it(ask: Rows) -> None:
    ((share,),) = ask("""
        with earned as (
            select sum(amount_minor) as money,
                ntile(10) over (order by sum(amount_minor) desc) as tenth
            from payments where status = 'approved' group by provider_id)
        select sum(money) filter (where tenth = 1)::float8 / sum(money) from earned
    """)
    assert 0.22 < share < 0.7


def test_all_ways_to_pay_and_to_fail_occur(ask: Rows) -> None:
    ((gateways, methods, plans, reasons),) = ask("""
        select count(distinct gateway), count(distinct method), count(distinct instalments),
            count(distinct failure_reason) from payments
    """)
    assert (gateways, methods, plans) == (4, 5, 4)
    assert reasons >= 7
    assert ask("""
        select count(*) from payments where instalments > 1 and method <> 'credit_card'
    """) == [(0,)]


def test_daily_figures_equal_what_they_sum(ask: Rows) -> None:
    assert ask("""
        select count(*) from daily_metrics m where name = 'bookings' and value <> (
            select count(*) from bookings b
            where (b.created_at at time zone 'America/Argentina/Buenos_Aires')::date = m.day)
    """) == [(0,)]
    assert ask("select sum(value)::bigint from daily_metrics where name = 'sessions'") == ask(
        "select count(*) from sessions"
    )


def test_invite_codes_count_what_was_used_and_stay_within_their_limit(ask: Rows) -> None:
    rows = ask("""
        select c.code, c.used_count, count(a.user_id), c.usage_limit
        from beta_invite_codes c left join beta_user_access a on a.invite_code_id = c.id
        group by c.id order by c.id
    """)
    assert [row[0] for row in rows[:3]] == [
        "COSNAPBETA2025",
        "PREMIUM_BETA_2025",
        "DEV_ACCESS_2025",
    ]
    assert all(used == counted > 0 for _, used, counted, _ in rows)
    assert [limit for *_, limit in rows[:3]] == [100, 50, 10]


def test_there_is_one_member_for_each_role(ask: Rows) -> None:
    roles = [role for (role,) in ask("select role from team_members order by id")]
    assert roles == ["owner", "admin", "on_call", "analyst", "viewer"]


def test_whoever_inserts_next_to_the_feed_gets_a_number_of_their_own(ask: Rows) -> None:
    ((largest, following),) = ask("select max(id), nextval('bookings_id_seq') from bookings")
    assert following > largest * 1000
