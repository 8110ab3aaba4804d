"""The live feed: history goes on at the same pace, whenever and however often it is started."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
import requests

from dashboard.demo.parts.ports import free_port
from dashboard.demo.platform import live, state
from dashboard.demo.platform.history import fill
from dashboard.demo.platform.incidents import provoked
from tests.dashboard.demo_platform.conftest import NOW, ROOT
from tests.eventually import eventually
from tests.postgres_server import PostgresServer

# The first test fills the marketplace, which takes a while on a busy machine.
pytestmark = pytest.mark.timeout(400)

TROUBLE = (sys.executable, "-m", "dashboard.demo.platform", "trouble")
# Payments that begin after this moment are not compared: their end lies beyond what was played.
COMPARED = """
    select 'event', occurred_at, session_id::text, name::text from analytics_events
        where occurred_at > %(now)s
    union all select 'session', last_seen_at, session_id::text, '' from sessions
        where started_at > %(now)s - interval '3 hours'
    union all select 'booking', confirmed_at, id::text, status from bookings
        where created_at > %(now)s - interval '3 hours'
    union all select 'payment', approved_at, payment_id::text, status || version from payments
        where created_at > %(now)s - interval '3 hours'
    union all select 'user', created_at, id::text, name from users where created_at > %(now)s
    union all select 'job', finished_at, job_id, state from job_history where finished_at > %(now)s
    union all select 'error', occurred_at, fingerprint, '' from production_errors
        where occurred_at > %(now)s
    union all select 'check', checked_at, component, status from system_health_status
        where checked_at > %(now)s
    union all select 'deploy', deployed_at, version, status from deploys where deployed_at > %(now)s
    union all select 'alert', started_at, fingerprint, status from production_alerts
        where started_at > %(now)s - interval '3 hours'
    order by 1, 2, 3, 4
"""


def play(url: str, *moments: datetime) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        feed = live.Feed(state.recall(connection), connection)
        for moment in moments:
            feed.play(connection, now=moment)


def rows(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(COMPARED, {"now": NOW}).fetchall()


def test_many_small_steps_write_what_one_big_step_writes(copies: Callable[[], str]) -> None:
    at_once, in_steps = copies(), copies()
    end = NOW + timedelta(minutes=50)
    play(at_once, end)
    play(in_steps, *(NOW + timedelta(seconds=40 * n) for n in range(1, 75)), end)
    whole = rows(at_once)
    assert whole == rows(in_steps)
    kinds = {row[0] for row in whole}
    assert {"event", "session", "booking", "payment", "user", "job", "error", "check"} <= kinds


def test_the_feed_goes_on_at_the_density_of_history(copies: Callable[[], str]) -> None:
    url = copies()
    play(url, NOW + timedelta(hours=1))
    with psycopg.connect(url) as connection:
        found = connection.execute("""
            select count(*) filter (where occurred_at > %(now)s)::float8
                / count(*) filter (where occurred_at <= %(now)s)
            from analytics_events
            where occurred_at > %(now)s - interval '1 hour'
        """, {"now": NOW}).fetchone()  # fmt: skip
    assert found is not None
    assert 0.7 < found[0] < 1.6


def test_a_paid_booking_stays_one_event_one_booking_one_payment(copies: Callable[[], str]) -> None:
    url = copies()
    play(url, *(NOW + timedelta(minutes=3 * n) for n in range(1, 41)))
    with psycopg.connect(url) as connection:
        counts = connection.execute("""
            select (select count(*) from analytics_events where name = 5),
                (select count(*) from bookings where confirmed_at is not null),
                (select count(*) from payments where approved_at is not null),
                (select count(*) from payments p join bookings b
                    on b.id = p.booking_id and b.confirmed_at = p.approved_at)
        """).fetchone()
    assert counts is not None
    assert len(set(counts)) == 1


def test_a_gap_is_made_up_for_but_not_beyond_a_day(copies: Callable[[], str]) -> None:
    url = copies()
    later = NOW + timedelta(hours=60)
    play(url, later)
    with psycopg.connect(url) as connection:
        days: dict[bool, int] = dict(connection.execute("""
            select occurred_at > %(edge)s, count(*) from analytics_events
            where occurred_at > %(now)s group by 1
        """, {"now": NOW, "edge": later - timedelta(hours=24)}).fetchall())  # fmt: skip
        marks = state.marks(connection)
    assert days.keys() == {True}
    assert days[True] > 1000
    assert set(marks.values()) == {later}


def test_bookings_take_place_and_are_reviewed_as_time_passes(copies: Callable[[], str]) -> None:
    url = copies()
    counts = []
    for moment in (NOW + timedelta(minutes=2), NOW + timedelta(hours=20)):
        play(url, moment)
        with psycopg.connect(url) as connection:
            counts.append(connection.execute("""
                select count(*) filter (where status in ('completed', 'no_show')),
                    count(*) filter (where status = 'cancelled'),
                    (select count(*) from reviews),
                    (select count(*) from payments where status = 'refunded') from bookings
            """).fetchone())  # fmt: skip
    before, after = counts
    assert before is not None
    assert after is not None
    assert all(later > earlier for earlier, later in zip(before, after, strict=True))


def test_provoked_trouble_opens_an_alert_and_ends_by_itself(copies: Callable[[], str]) -> None:
    url = copies()
    with psycopg.connect(url) as connection:
        state.provoke(connection, provoked("payments", at=NOW, minutes=10))
        state.provoke(connection, provoked("latency", at=NOW, minutes=10))
        state.provoke(connection, provoked("queue", at=NOW, minutes=10))

    def alerts(at: datetime) -> dict[str, str]:
        play(url, at)
        with psycopg.connect(url) as connection:
            return dict(
                connection.execute(
                    "select rule, status from production_alerts where started_at > %s", [NOW]
                ).fetchall()
            )

    assert alerts(NOW + timedelta(minutes=2)) == {}
    red = alerts(NOW + timedelta(minutes=9))
    expected = {"webhook_success_pct", "payment_failure_pct", "api_latency_p95", "queue_failed_pct"}
    assert red == dict.fromkeys(expected, "open")
    green = alerts(NOW + timedelta(minutes=16))
    assert green == dict.fromkeys(expected, "resolved")
    with psycopg.connect(url) as connection:
        worst = connection.execute("""
            select (select max(value) from production_metrics where name = 'api_latency_p95'
                    and recorded_at > %(now)s),
                (select min(value) from production_metrics where name = 'webhook_success_pct'
                    and recorded_at > %(now)s),
                (select string_agg(status, ',' order by deployed_at) from deploys
                    where deployed_at > %(now)s and service = 'api')
        """, {"now": NOW}).fetchone()  # fmt: skip
    assert worst is not None
    assert worst[0] > 200
    assert worst[1] < 50
    assert worst[2] == "rolled_back,succeeded"


def call(command: list[str], *, url: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DEMO_DATABASE_URL": url}
    return subprocess.run(
        command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_trouble_is_provoked_from_the_command_line(copies: Callable[[], str]) -> None:
    url = copies()
    command = [*TROUBLE, "queue", "--minutes", "5"]
    done = call(command, url=url)
    assert done.returncode == 0, done.stderr
    assert "queue for 5 minutes" in done.stdout
    with psycopg.connect(url) as connection:
        (trouble,) = state.trouble(connection)
    assert trouble.kind == "queue"
    assert trouble.until - trouble.since == timedelta(minutes=5)


def test_trouble_in_a_database_without_a_demo_is_refused_in_words(db_url: str) -> None:
    command = [*TROUBLE, "queue"]
    done = call(command, url=db_url)
    assert done.returncode == 1
    assert "no simulated platform" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_feed_outlives_a_restart_of_postgres_and_stops_when_asked(
    disposable_postgres: PostgresServer,
) -> None:
    url = disposable_postgres.url("atalaya")
    fill(url, events=4_000, seed=1, now=datetime.now(UTC), progress=lambda _: None)
    stop, port = Event(), free_port()
    feed = Thread(target=live.run, args=[url], kwargs={"exporter_port": port, "stop": stop})
    feed.start()
    try:
        address = f"http://127.0.0.1:{port}/metrics"

        def answers() -> bool:
            try:
                return requests.get(address, timeout=5).ok
            except requests.ConnectionError:
                return False

        eventually(answers, within_s=90)
        disposable_postgres.stop()
        assert "http_request_duration_seconds_count" in requests.get(address, timeout=5).text
        back = datetime.now(UTC)
        disposable_postgres.start()

        def has_gone_on() -> bool:
            with psycopg.connect(url) as connection:
                return state.marks(connection)["visits"] > back

        eventually(has_gone_on, within_s=90)
    finally:
        stop.set()
        feed.join(30)
    assert not feed.is_alive()
