from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from data.answers import recording
from data.database import Database
from data.period import Selection
from data.signals import Signals, open_signals
from data.verdict import Verdict, verdict
from tests import factories
from tests.data.prometheus_history import END, HALF, LAST_QUARTER, START
from tests.redis_server import free_port

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
NOW = factories.NOW


@pytest.fixture
def stored(db: Database) -> Signals:
    return open_signals(db, url=None)


def measure(stored: Signals, name: str, *values: float) -> None:
    """Store one value a minute, the last one half a minute before now."""
    for back, value in enumerate(reversed(values)):
        at = NOW - timedelta(minutes=back, seconds=30)
        factories.metric(stored.db, name, value, recorded_at=at)


def asked(signals: Signals, at: datetime = NOW) -> Verdict:
    return verdict(signals, Selection("1h").at(at, ZONE))


def test_a_breach_is_named_with_its_start_and_its_threshold(stored: Signals) -> None:
    measure(stored, "api_latency_p95", *[120.0] * 10, *[260.0] * 8)
    measure(stored, "memory_used_pct", *[50.0] * 18)

    found = asked(stored)

    assert (found.level, found.checked, found.more) == ("critical", 2, 0)
    (problem,) = found.problems
    assert (problem.signal, problem.level, problem.value) == ("api_latency_p95", "critical", 260)
    assert (problem.threshold, problem.comparator, problem.unit) == (200, ">", "ms")
    assert problem.since == NOW - timedelta(minutes=8)
    assert not problem.is_longer
    assert not problem.is_pending


def test_a_breach_younger_than_its_rule_demands_is_pending_and_no_more_than_a_warning(
    stored: Signals,
) -> None:
    measure(stored, "api_latency_p95", *[120.0] * 10, *[260.0] * 3)

    found = asked(stored)

    assert found.level == "warning"
    assert [(one.level, one.is_pending) for one in found.problems] == [("critical", True)]


def test_a_breach_older_than_what_is_looked_back_at_is_said_to_be_longer(stored: Signals) -> None:
    measure(stored, "websocket_connections", *[600.0] * 365)

    (problem,) = asked(stored).problems

    assert problem.is_longer
    assert problem.level == "warning"


@pytest.mark.parametrize("minutes", [58, 59, 60, 61, 62, 90, 300])
def test_a_breach_that_began_before_the_last_hour_is_dated_to_the_minute(
    stored: Signals, minutes: int
) -> None:
    measure(stored, "websocket_connections", *[100.0] * 5, *[600.0] * minutes)

    (problem,) = asked(stored).problems

    assert problem.since == NOW - timedelta(minutes=minutes)
    assert not problem.is_longer


def test_a_single_good_minute_an_hour_ago_is_not_overlooked(stored: Signals) -> None:
    measure(stored, "websocket_connections", *[600.0] * 200, 100.0, *[600.0] * 59)

    (problem,) = asked(stored, NOW + timedelta(seconds=20)).problems

    assert problem.since == NOW - timedelta(minutes=59)


def test_only_what_the_last_hour_does_not_date_is_looked_for_further_back(
    db: Database, prometheus_url: str
) -> None:
    """Memory is full all the hour of the samples; the buckets are slow from half past on."""
    with recording() as sent:
        found = asked(open_signals(db, url=prometheus_url), END)

    assert {"memory_used_pct", "api_latency_p95"} <= {one.signal for one in found.problems}
    sent_for = [one for one in sent.statements if "every 60 s" in one]
    assert sum("process_resident_memory_bytes" in one for one in sent_for) == 2
    assert sum("sum by (le) (rate(http_request" in one for one in sent_for) == 1


def test_signals_without_data_are_named_and_nothing_at_all_is_unknown(stored: Signals) -> None:
    nothing = asked(stored)
    assert (nothing.level, nothing.problems, nothing.checked) == ("unknown", (), 0)
    assert "postgres_up" in nothing.unknown

    measure(stored, "postgres_up", 1.0)
    found = asked(stored)
    assert (found.level, found.checked) == ("ok", 1)
    assert "postgres_up" not in found.unknown
    assert "redis_up" in found.unknown


def test_open_and_acknowledged_alerts_are_counted(stored: Signals) -> None:
    for status in ("open", "acknowledged", "silenced", "resolved"):
        factories.alert(stored.db, status=status)
    factories.alert(stored.db, started_at=NOW + timedelta(seconds=1))

    assert asked(stored).open_alerts == 2


def test_the_worst_comes_first_and_the_rest_is_counted(stored: Signals) -> None:
    wrong = {
        "websocket_connections": 600.0,
        "db_query_p95": 70.0,
        "memory_used_pct": 90.0,
        "cpu_used_pct": 85.0,
        "db_pool_used_pct": 85.0,
        "api_latency_p95": 160.0,
        "error_rate_pct": 2.0,
        "replication_lag_s": 40.0,
    }
    for name, value in wrong.items():
        measure(stored, name, *[value] * 15)

    found = asked(stored)

    assert found.problems[0].signal == "memory_used_pct"
    assert (len(found.problems), found.more) == (6, 2)


def test_prometheus_dates_the_breaches_of_the_hour(db: Database, prometheus_url: str) -> None:
    found = asked(open_signals(db, url=prometheus_url), END)

    since = {(one.signal, one.series): one.since for one in found.problems}
    assert found.level == "critical"
    assert HALF < since["api_latency_p95", ""] < HALF + timedelta(minutes=5)
    mercadopago = since["webhook_success_pct", "mercadopago"]
    assert LAST_QUARTER < mercadopago < LAST_QUARTER + timedelta(minutes=5)
    assert ("webhook_success_pct", "stripe") not in since
    assert found.at == END > START


def test_without_postgres_the_sentence_stands_and_the_alerts_are_unknown(
    prometheus_url: str,
) -> None:
    away = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")

    found = asked(open_signals(away, url=prometheus_url), END)

    assert found.level == "critical"
    assert found.open_alerts is None
    assert "payment_failure_pct" in found.unknown
