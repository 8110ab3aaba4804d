from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.answers import recording
from data.database import Database
from data.errors import SourceDown
from data.period import Period
from data.signal_definitions import load_definitions
from data.signals import MOST_POINTS, Signals, open_signals
from tests import factories
from tests.data.prometheus_history import (
    CHECKOUT,
    CHECKOUT_SLOW,
    EDGES,
    END,
    FAST,
    HALF,
    LAST_QUARTER,
    START,
)

HOUR = Period(START, END)


@pytest.fixture
def signals(db: Database, prometheus_url: str) -> Signals:
    return open_signals(db, url=prometheus_url)


@pytest.fixture
def stored(db: Database) -> Signals:
    return open_signals(db, url=None)


def own(db: Database, url: str | None, folder: Path, entry: str) -> Signals:
    file = folder / "signals.toml"
    file.write_text(entry)
    return open_signals(db, url=url, file=file)


def quantile(q: float, cumulative: np.ndarray) -> float:
    """Milliseconds, by hand: interpolate within the first bucket that holds the wanted rank."""
    wanted = q * cumulative[-1]
    place = int(np.argmax(cumulative >= wanted))
    upper = [float(edge) for edge in EDGES[:-1]]
    below, low = (cumulative[place - 1], upper[place - 1]) if place else (0, 0.0)
    share = (wanted - below) / (cumulative[place] - below)
    return float(1000 * (low + (upper[place] - low) * share))


def test_the_p95_equals_the_one_interpolated_by_hand_from_the_buckets(signals: Signals) -> None:
    fast, slow = np.array(FAST) + np.array(CHECKOUT), np.array(FAST) + np.array(CHECKOUT_SLOW)

    found = signals.range("api_latency_p95", HOUR, step_s=60).set_index("at")["value"]

    assert found[HALF - timedelta(minutes=5)] == pytest.approx(quantile(0.95, fast), rel=1e-6)
    assert found[END - timedelta(minutes=5)] == pytest.approx(quantile(0.95, slow), rel=1e-6)


def test_a_route_without_traffic_is_absent_and_a_route_without_failures_is_zero(
    signals: Signals,
) -> None:
    found = signals.now("error_rate_pct_by_route", END).set_index("series")["value"]

    assert set(found.index) == {"/api/search", "/api/checkout"}
    assert found["/api/search"] == 0
    assert found["/api/checkout"] == pytest.approx(100 * 5 / 50, rel=1e-6)


def test_a_provider_whose_webhooks_all_succeed_reads_a_hundred_and_a_silent_one_is_absent(
    signals: Signals,
) -> None:
    found = signals.now("webhook_success_pct", END).set_index("series")["value"]

    assert found.to_dict() == {
        "mercadopago": pytest.approx(50, abs=0.5),
        "stripe": pytest.approx(100),
    }


def test_the_cases_behind_a_ratio_come_with_it(signals: Signals) -> None:
    found = signals.moment(["error_rate_pct", "websocket_connections"], END).set_index("signal")

    requests = 5 * 60 / 15 * (150 + 45 + 5)
    assert found.loc["error_rate_pct", "events"] == pytest.approx(requests, rel=1e-6)
    assert found["events"].isna().tolist() == [False, True]


def test_points_lie_in_the_half_open_period_and_on_multiples_of_the_step(signals: Signals) -> None:
    period = Period(START + timedelta(seconds=7), START + timedelta(minutes=10))

    found = signals.range("websocket_connections", period, step_s=60)["at"]

    assert found.min() == START + timedelta(minutes=1)
    assert found.max() == START + timedelta(minutes=9)
    assert len(found) == 9


def test_moving_the_period_by_a_second_moves_no_point(signals: Signals) -> None:
    one = signals.range("api_latency_p95", HOUR, step_s=60).set_index("at")["value"]
    other = signals.range("api_latency_p95", HOUR.shifted(timedelta(seconds=1)), step_s=60)

    shared = other.set_index("at")["value"].reindex(one.index[2:])
    assert shared.to_numpy() == pytest.approx(one.iloc[2:].to_numpy())


def test_what_was_not_measured_is_absent_and_not_zero(signals: Signals) -> None:
    long = Period(START - timedelta(hours=1), END + timedelta(hours=1))

    found = signals.range("websocket_connections", long, step_s=60)

    assert found["at"].min() == START
    assert found["at"].max() < END + timedelta(minutes=6)
    assert signals.range("postgres_up", long).empty
    assert signals.now("postgres_up", END).empty


def test_not_a_number_and_infinity_are_absent(
    db: Database, prometheus_url: str, tmp_path: Path
) -> None:
    entry = '[signals.odd]\ntitle="Odd"\nunit=""\ngood="up"\nseries="kind"\npromql="odd_value"\n'
    signals = own(db, prometheus_url, tmp_path, entry)

    assert signals.now("odd", END)["series"].tolist() == ["fine"]
    assert set(signals.range("odd", HOUR)["series"]) == {"fine"}


@pytest.mark.parametrize("days", [1, 30, 90, 399])
def test_no_panel_asks_for_more_than_five_hundred_points(signals: Signals, days: int) -> None:
    period = Period(END - timedelta(days=days), END)

    with recording() as sent:
        signals.range("websocket_connections", period, step_s=5)

    step_s = int(sent.statement().rpartition("every ")[2].removesuffix(" s"))
    assert period.seconds / step_s <= MOST_POINTS
    assert len(signals.grid("websocket_connections", period, step_s=5)) <= MOST_POINTS


P95_MS = 50 + 50 * (0.95 - 18 / 20) / (2 / 20)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rate_limited_rate", {"/api/search": 3 / 15}),
        ("db_query_p95", {"": P95_MS}),
        ("db_query_p95_by_query", {"find_slots": P95_MS, "insert_booking": P95_MS}),
        ("db_query_rate_by_query", {"find_slots": 20 / 15, "insert_booking": 20 / 15}),
        ("webhook_latency_p95", {"stripe": P95_MS}),
        ("db_pool_used_pct", {"": 100 * 15 / 20}),
        ("cpu_used_pct", {"": 100 * 6 / 15}),
        ("cache_hit_pct", {"l1": 80, "l2": 75, "l3": 0}),
        ("cache_hit_overall_pct", {"": 100 * (80 + 15) / 100}),
        ("redis_memory_bytes", {"": 5e8}),
        ("redis_up", {"": 0}),
        ("replication_lag_s", {"": 9}),
        ("memory_used_pct", {"": 90}),
        ("backup_restore_s", {"": 1000}),
        ("backup_age_s", {"wal": 60}),
    ],
)
def test_signals_equal_what_the_counters_were_made_to_say(
    signals: Signals, name: str, expected: dict[str, float]
) -> None:
    found = signals.now(name, END).set_index("series")["value"]
    assert found.to_dict() == pytest.approx(expected, rel=1e-6)


def test_a_signal_that_prometheus_refuses_blinds_no_other(
    db: Database, prometheus_url: str, tmp_path: Path
) -> None:
    entry = '[signals.broken]\ntitle="Broken"\nunit=""\ngood="up"\npromql="sum("\n'
    signals = own(db, prometheus_url, tmp_path, entry)

    found = signals.moment(["broken", "websocket_connections"], END)

    assert found["signal"].tolist() == ["websocket_connections"]
    with pytest.raises(SourceDown, match="does not accept the query"):
        signals.now("broken", END)


def test_the_query_that_was_really_sent_is_recorded(signals: Signals) -> None:
    with recording() as sent:
        signals.range("request_rate", HOUR, step_s=60)

    assert sent.source() == "Prometheus"
    rate = "sum by (route) (rate(http_request_duration_seconds_count[5m]))"
    assert sent.statement() == f"{rate}\n# every 60 s"


PERCENTILES = ("api_latency_p50", "api_latency_p95", "api_latency_p99")


def test_percentiles_of_the_same_buckets_make_one_request_and_are_those_of_prometheus(
    signals: Signals,
) -> None:
    with recording() as sent:
        found = signals.ranges((*PERCENTILES, "memory_used_pct"), HOUR)

    assert list(found) == [*PERCENTILES, "memory_used_pct"]
    for name, frame in found.items():
        alone = signals.range(name, HOUR)
        assert frame["value"].tolist() == pytest.approx(alone["value"].tolist(), rel=1e-12)
        pd.testing.assert_frame_equal(frame[["at", "series"]], alone[["at", "series"]])
    requests = sent.statement().split("\n\n")
    assert len(requests) == 2
    assert requests[0].splitlines() == [
        "sum by (le) (rate(http_request_duration_seconds_bucket[5m]))",
        "# every 30 s",
        "# api_latency_p50 = 1000 * histogram_quantile(0.5, these buckets)",
        "# api_latency_p95 = 1000 * histogram_quantile(0.95, these buckets)",
        "# api_latency_p99 = 1000 * histogram_quantile(0.99, these buckets)",
    ]


def test_percentiles_together_ask_for_no_more_than_five_hundred_points(signals: Signals) -> None:
    period = Period(END - timedelta(days=90), END)

    with recording() as sent:
        signals.ranges(PERCENTILES, period, step_s=5)

    step_s = int(sent.statement().splitlines()[1].removeprefix("# every ").removesuffix(" s"))
    assert period.seconds / step_s <= MOST_POINTS


def test_an_adopters_percentile_without_buckets_is_asked_for_as_it_is_written(
    db: Database, prometheus_url: str, tmp_path: Path
) -> None:
    entry = (
        '[signals.api_latency_p95]\ntitle="p95"\nunit="ms"\ngood="down"\n'
        'promql="sum(websocket_connections)"\n'
    )
    signals = own(db, prometheus_url, tmp_path, entry)

    found = signals.ranges(PERCENTILES, HOUR)

    assert found["api_latency_p95"]["value"].max() > 400
    assert found["api_latency_p95"].equals(signals.range("websocket_connections", HOUR))
    p99 = signals.range("api_latency_p99", HOUR)["value"].tolist()
    assert found["api_latency_p99"]["value"].tolist() == pytest.approx(p99)


def test_percentiles_over_different_windows_are_not_mixed_up(
    db: Database, prometheus_url: str, tmp_path: Path
) -> None:
    p95 = load_definitions()["api_latency_p95"].promql
    entry = (
        '[signals.api_latency_p95]\ntitle="p95"\nunit="ms"\ngood="down"\nwindow="30m"\n'
        f'promql="{p95}"\n'
    )
    signals = own(db, prometheus_url, tmp_path, entry)

    found = signals.ranges(PERCENTILES, HOUR)

    alone = signals.range("api_latency_p95", HOUR)
    assert found["api_latency_p95"]["value"].tolist() == pytest.approx(alone["value"].tolist())


def test_a_query_that_several_signals_share_is_sent_once_and_answers_for_each(
    signals: Signals,
) -> None:
    names = ["error_rate_pct_by_route", "api_latency_p95_by_route"]

    with recording() as sent:
        both = signals.moment(names, END).set_index(["signal", "series"])["events"]

    assert sent.statement().count("sum by (route) (increase(") == 1
    for name in names:
        alone = signals.moment([name], END).set_index("series")["events"]
        assert both[name].to_dict() == alone.to_dict()
        assert not alone.isna().any()


def test_all_signals_at_a_moment_are_each_what_they_are_alone(signals: Signals) -> None:
    names = [name for name, one in load_definitions().items() if one.promql]

    found = signals.moment(names, END).set_index(["signal", "series"]).sort_index()

    alone = pd.concat([signals.moment([name], END) for name in names])
    pd.testing.assert_frame_equal(found, alone.set_index(["signal", "series"]).sort_index())


def test_a_rate_looks_back_at_least_one_step(signals: Signals) -> None:
    with recording() as sent:
        signals.range("request_rate", Period(END - timedelta(days=90), END))

    assert "[1d]" in sent.statement()


def test_webhooks_of_a_stretch_add_up_to_what_was_sent(signals: Signals) -> None:
    quarter_s = (END - LAST_QUARTER).seconds
    found = signals.moment(["webhook_success_pct"], END).set_index("series")

    assert found.loc["mercadopago", "events"] == pytest.approx(quarter_s / 15 * 4, rel=1e-6)


def test_without_prometheus_the_stored_samples_answer(stored: Signals) -> None:
    at = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
    for minute, value in ((0, 10.0), (1, 20.0), (2, 60.0)):
        factories.metric(
            stored.db, "api_latency_p95", value, recorded_at=at + timedelta(minutes=minute)
        )
    label = {"layer": "l1"}
    factories.metric(stored.db, "cache_hit_pct", 91.0, recorded_at=at, labels=label)
    period = Period(at, at + timedelta(minutes=2))

    with recording() as sent:
        found = stored.range("api_latency_p95", period, step_s=60)

    assert found["at"].tolist() == [at, at + timedelta(minutes=1)]
    assert found["value"].tolist() == [10.0, 20.0]
    assert sent.source() == "Postgres"
    assert "production_metrics" in sent.statement()
    assert stored.range("cache_hit_pct", period)["series"].tolist() == ["l1"]
    assert not stored.configured


def test_stored_samples_of_one_bucket_are_averaged_like_a_frame_of_the_raw_rows(
    stored: Signals,
) -> None:
    at = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
    rows = [
        factories.metric(
            stored.db, "memory_used_pct", float(n * n), recorded_at=at + timedelta(seconds=40 * n)
        )
        for n in range(20)
    ]

    found = stored.range("memory_used_pct", Period(at, at + timedelta(minutes=15)), step_s=300)

    buckets: dict[int, list[float]] = {}
    for row in rows:
        buckets.setdefault(int((row["recorded_at"] - at).total_seconds() // 300), []).append(
            row["value"]
        )
    expected = [sum(values) / len(values) for values in buckets.values()]
    assert found["value"].tolist() == pytest.approx(expected)


def test_a_stored_sample_that_is_too_old_is_unknown(stored: Signals) -> None:
    at = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
    factories.metric(stored.db, "postgres_up", 1.0, recorded_at=at)

    assert stored.now("postgres_up", at + timedelta(minutes=14))["value"].tolist() == [1.0]
    assert stored.now("postgres_up", at + timedelta(minutes=15)).empty
    assert stored.now("postgres_up", at - timedelta(seconds=1)).empty


def test_payments_that_banks_declined_are_no_failures_of_the_platform(signals: Signals) -> None:
    at = factories.NOW
    reasons = [None] * 6 + ["insufficient_funds", "card_declined", "gateway_timeout", None]
    for number, reason in enumerate(reasons):
        factories.payment(
            signals.db,
            created_at=at - timedelta(minutes=1 + number),
            status="rejected" if number >= 6 else "approved",
            failure_reason=reason,
        )
    factories.payment(signals.db, created_at=at - timedelta(minutes=2), status="pending")
    factories.payment(signals.db, created_at=at, status="rejected", failure_reason="gateway_error")

    found = signals.moment(["payment_failure_pct"], at)

    assert found["value"].tolist() == [pytest.approx(100 * 2 / 10)]
    assert found["events"].tolist() == [10]


def test_every_signal_can_be_asked_of_both_sources(signals: Signals, stored: Signals) -> None:
    for source in (signals, stored):
        for name in load_definitions():
            assert list(source.range(name, HOUR).columns) == ["at", "series", "value"]
            assert str(source.range(name, HOUR)["at"].dtype) == "datetime64[us, UTC]"
            assert list(source.now(name, END).columns) == ["series", "value"]
