"""The Launch monitor's figures on the hour of metrics that `prometheus_history` describes."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from pandas import DataFrame

from data import backups, launch
from data.answers import KeyFigure
from data.cache import QUESTIONS, Question
from data.database import Database
from data.period import Filters, Period, Selection
from data.signals import Signals, open_signals
from tests import factories
from tests.data.prometheus_history import END, HALF, START

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
HOUR = Selection("1h", "none").at(END, ZONE)
# The second half against the first, which is still fast.
HALVES = Filters(Period(HALF, END), Selection(), ZONE, comparison=Period(START, HALF))


@pytest.fixture
def signals(db: Database, prometheus_url: str) -> Signals:
    return open_signals(db, url=prometheus_url)


def test_the_key_figure_has_the_value_of_now_and_of_the_comparison(signals: Signals) -> None:
    found = launch.api_p95(signals, HALVES)

    assert found.unit == "ms"
    assert found.value is not None
    assert found.previous is not None
    assert found.value > 200 > found.previous > 0
    assert found.value == signals.now("api_latency_p95", END)["value"].tolist()[0]
    assert found.previous == signals.now("api_latency_p95", HALF)["value"].tolist()[0]


def test_the_sparkline_runs_evenly_over_the_period_and_leaves_gaps(signals: Signals) -> None:
    later = Filters(HOUR.period.shifted(timedelta(minutes=30)), Selection(), ZONE)

    spark = launch.websocket_connections(signals, later).spark

    assert len(spark) == 60
    assert spark[0] == pytest.approx(430)
    assert spark[29] == pytest.approx(459)
    assert spark[-1] is None
    assert launch.websocket_connections(signals, later).value is None


def test_a_ratio_carries_its_numerator_and_denominator(signals: Signals) -> None:
    found = launch.error_rate(signals, HOUR)

    assert found.value == pytest.approx(100 * 5 / 200)
    assert found.numerator == pytest.approx(5 * 20)
    assert found.denominator == pytest.approx(200 * 20)


def test_the_share_of_webhooks_is_over_all_providers(signals: Signals) -> None:
    found = launch.webhook_success(signals, HOUR)

    assert found.value == pytest.approx(100 * (2 + 1) / 5, abs=0.5)
    assert found.denominator == pytest.approx(15 * 60 / 15 * 5, rel=0.01)


def test_a_figure_that_nobody_measures_is_unknown(signals: Signals) -> None:
    later = Selection("15m", "none").at(END + timedelta(hours=1), ZONE)
    assert launch.db_p95(signals, later) == KeyFigure(None, None, (), "ms")
    assert launch.memory(signals, later).value is None
    assert launch.memory(signals, HOUR).value == pytest.approx(90)


def test_latency_has_three_lines_in_their_order(signals: Signals) -> None:
    wide = launch.latency(signals, HOUR).pivot_table(index="at", columns="series", values="value")

    assert list(wide.columns) == ["p50", "p95", "p99"]
    assert (wide["p50"] <= wide["p95"]).all()
    assert (wide["p95"] <= wide["p99"]).all()
    assert wide.index.max() < END


def test_endpoints_add_up_to_the_requests_of_the_hour(signals: Signals) -> None:
    found = launch.endpoints(signals, HOUR).set_index("route")

    assert list(found.index) == ["/api/search", "/api/checkout", "/api/idle"]
    checkout = 45 * 240 + 5 * 120
    assert found.loc["/api/checkout", "rate"] == pytest.approx(checkout / 3600, rel=0.01)
    assert found.loc["/api/checkout", "error_pct"] == pytest.approx(100 * 600 / checkout, rel=0.01)
    assert found["requests"].sum() == pytest.approx(checkout + 150 * 240, rel=0.01)
    assert found["level"].to_dict() == {
        "/api/search": "",
        "/api/checkout": "critical",
        "/api/idle": "",
    }
    assert found["p95_ms"].isna().tolist() == [False, False, True]
    assert found["error_pct"].isna().tolist() == [False, False, True]
    assert [len(trend) for trend in found["trend"]] == [30, 30, 0]


def test_webhooks_by_provider_fall_where_they_failed(signals: Signals) -> None:
    wide = launch.webhooks(signals, HOUR).pivot_table(index="at", columns="series", values="value")

    assert wide["mercadopago"].iloc[50] == pytest.approx(100)
    assert wide["mercadopago"].iloc[-1] < 60
    assert wide["stripe"].min() == pytest.approx(100)


def test_saturation_shows_each_resource_of_its_limit(signals: Signals) -> None:
    found = launch.saturation(signals, HOUR)

    last = found.groupby("series")["value"].last().to_dict()
    assert last == pytest.approx({"CPU": 40, "Connection pool": 75, "Memory": 90})


def test_slow_queries_come_slowest_first_with_their_calls(signals: Signals) -> None:
    found = launch.slow_queries(signals, HOUR)

    assert found["query"].tolist() == ["find_slots", "insert_booking"]
    assert found["requests"].tolist() == pytest.approx([20 * 240] * 2, rel=0.01)
    assert found["level"].tolist() == ["warning", "warning"]


def test_backups_are_held_against_the_recovery_targets(signals: Signals) -> None:
    full, wal, restore = backups.backups(signals, HOUR)

    assert (full.level, full.value_s, full.last_success_at) == ("unknown", None, None)
    assert (wal.level, wal.value_s, wal.objective_s) == ("ok", 60, 120)
    assert wal.last_success_at == END - timedelta(seconds=60)
    assert (restore.level, restore.value_s, restore.objective_s) == ("critical", 1000, 900)
    assert restore.last_success_at is None


LAUNCH = [asked for name, asked in QUESTIONS.items() if name.startswith("data.launch.")]


@pytest.mark.parametrize("asked", LAUNCH, ids=lambda asked: asked.name)
def test_without_any_data_every_figure_is_unknown_or_empty(
    asked: Question[Signals, object], db: Database
) -> None:
    found = asked(open_signals(db, url=None), HOUR)

    if isinstance(found, DataFrame):
        assert found.empty
        assert len(found.columns) >= 3
    else:
        assert isinstance(found, KeyFigure)
        assert found.value is None
        assert found.spark == ()


def test_the_figures_come_from_stored_samples_without_prometheus(db: Database) -> None:
    for minute in range(60):
        at = START + timedelta(minutes=minute)
        factories.metric(db, "api_latency_p95", 100.0 + minute, recorded_at=at)
        for route, value in (("/api/search", 3.0), ("/api/checkout", 1.0)):
            label = {"route": route}
            factories.metric(db, "request_rate", value, recorded_at=at, labels=label)
    stored = open_signals(db, url=None)

    assert launch.api_p95(stored, HOUR).value == 159
    assert launch.api_p95(stored, HOUR).spark == tuple(100.0 + minute for minute in range(60))
    assert launch.endpoints(stored, HOUR)["route"].tolist() == ["/api/search", "/api/checkout"]
