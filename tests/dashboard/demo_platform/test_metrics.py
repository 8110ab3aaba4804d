"""Back-filled blocks and live scrapes: the names of the signals, and no jump between the two."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import requests

from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.ports import LOOPBACK
from dashboard.demo.parts.process import Guard
from dashboard.demo.parts.prometheus import Prometheus, Target
from dashboard.demo.platform import backfill
from dashboard.demo.platform.exporter import Gauges, serving
from dashboard.demo.platform.incidents import planted
from dashboard.demo.platform.levels import sheet
from dashboard.demo.platform.meter import Meter
from dashboard.demo.platform.rhythm import epoch
from dashboard.demo.platform.samples import signals
from dashboard.demo.platform.setting import Setting
from data.database import Database
from data.period import Period
from data.prometheus import Prometheus as Client
from data.signal_definitions import load_definitions
from data.signals import Signals
from tests.eventually import eventually
from tests.real import need

BACK: Final = timedelta(hours=30)
ANCHOR: Final = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
SETTING: Final = Setting(5, 1_000_000, ANCHOR, planted(ANCHOR))


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """A Prometheus with thirty back-filled hours that scrapes the exporter."""
    need("prometheus")
    with tempfile.TemporaryDirectory(prefix="atalaya-test-metrics-") as root:
        home = Folder(Path(root))
        home.prepare(events=1000)
        guard = Guard()
        prometheus = Prometheus(home, guard)
        now = datetime.now(UTC)
        made = backfill.backfill(
            prometheus.data,
            SETTING,
            promtool=prometheus.promtool,
            since=now - BACK,
            until=now,
            progress=lambda _: None,
        )
        assert made in (2, 3)
        with serving(Gauges(SETTING), port=0) as port:
            prometheus.start(
                [
                    Target(
                        job=job, address=f"{LOOPBACK}:{port}", path=path, instance=backfill.INSTANCE
                    )
                    for job, path in backfill.PATHS.items()
                ]
            )
            try:
                eventually(lambda: _ask(prometheus.url, "count(scrape_samples_scraped)") == [3.0])
                yield prometheus.url
            finally:
                prometheus.stop()
                guard.dismiss()
                home.release()


def _ask(url: str, promql: str, at: datetime | None = None) -> list[float]:
    moment = {"time": str(epoch(at))} if at else {}
    answer = requests.get(f"{url}/api/v1/query", {"query": promql, **moment}, timeout=10).json()
    return sorted(float(one["value"][1]) for one in answer["data"]["result"])


def test_the_exporter_offers_all_that_the_signals_need_and_nothing_else_is_missing() -> None:
    lines = {line.sample for line in sheet(SETTING, np.array([epoch(ANCHOR)])).lines}
    needed = {name for one in load_definitions().values() for name in one.needs}
    assert needed - lines == set()


def test_every_signal_of_prometheus_is_also_sampled_for_those_without_it() -> None:
    sampled = {name: label for name, label, _ in signals(sheet(SETTING, np.array([epoch(ANCHOR)])))}
    asked = {name: one.series_label for name, one in load_definitions().items() if one.promql}
    assert sampled == asked


@pytest.mark.slow
def test_every_signal_answers_from_back_filled_history_and_from_now(
    served: str, db: Database
) -> None:
    asker = Signals(load_definitions(), db=db, prometheus=Client(served))
    old = Period(ANCHOR - timedelta(hours=28), ANCHOR - timedelta(hours=27))
    recent = Period(ANCHOR - timedelta(minutes=10), datetime.now(UTC))
    for name, signal in load_definitions().items():
        if signal.promql:
            for period in (old, recent):
                assert len(asker.range(name, period)), (name, period)


@pytest.mark.slow
def test_prometheus_and_the_stored_samples_say_the_same(served: str, db: Database) -> None:
    asker = Signals(load_definitions(), db=db, prometheus=Client(served))
    at = ANCHOR - timedelta(hours=3)
    stored = {name: by for name, _, by in signals(sheet(SETTING, np.array([epoch(at)])))}
    for name in ("api_latency_p95", "db_query_p95", "memory_used_pct", "request_rate",
                 "cache_hit_pct", "websocket_connections", "backup_restore_s"):  # fmt: skip
        found = asker.range(name, Period(at - timedelta(minutes=2), at + timedelta(minutes=2)))
        means = found.groupby("series")["value"].mean()
        assert set(means.index) == set(stored[name]), name
        for series, value in means.items():
            assert value == pytest.approx(stored[name][str(series)][0], rel=0.15), (name, series)


@pytest.mark.slow
def test_scraped_series_go_on_where_the_back_filled_ones_end(served: str) -> None:
    """The same labels, so one series; counters grow on instead of starting again."""
    for metric in ("http_request_duration_seconds_count", "pg_up", "redis_memory_used_bytes"):
        now = _ask(served, f"count({metric})")
        before = _ask(served, f"count({metric})", ANCHOR - timedelta(hours=1))
        assert now == before, metric
    eventually(lambda: _ask(served, "min(count_over_time(pg_up[20s]))")[0] >= 4, within_s=60)
    resets = _ask(served, "sum(resets(http_request_duration_seconds_count[20m]))")
    assert resets == [0.0]
    # Over scrapes alone: a window that is not full of samples would give too low a rate.
    rate = _ask(served, "sum(rate(http_request_duration_seconds_count[20s]))")[0]
    earlier = _ask(
        served, "sum(rate(http_request_duration_seconds_count[2m]))", ANCHOR - timedelta(minutes=8)
    )[0]
    assert rate == pytest.approx(earlier, rel=0.35)


@pytest.mark.slow
def test_the_slow_release_stands_out_in_prometheus(db: Database, served: str) -> None:
    release = max(
        (one for one in SETTING.incidents if one.kind == "latency"),
        key=lambda one: epoch(one.since),
    )
    asker = Signals(load_definitions(), db=db, prometheus=Client(served))
    middle = release.since + (release.until - release.since) / 2
    found = asker.range("api_latency_p95", Period(middle - timedelta(minutes=5), middle))
    assert found["value"].min() > 200


def test_counters_never_fall_and_buckets_nest() -> None:
    meter = Meter(SETTING)
    meter.skip_to(epoch(ANCHOR) - 3 * 3600)
    buckets: dict[tuple[tuple[str, str], ...], list[np.ndarray]] = {}
    for reading in meter.minutes(170):
        if reading.line.grows:
            assert (np.diff(reading.values) >= 0).all(), reading.line
        if reading.line.sample.endswith("_bucket"):
            buckets.setdefault(reading.line.labels[:-1], []).append(reading.values)
    assert len(buckets) > 20
    for nested in buckets.values():
        assert (np.diff(np.stack(nested), axis=0) >= 0).all()


def test_a_counter_does_not_depend_on_when_reading_began() -> None:
    moment = epoch(ANCHOR) + 17.5
    one, other = Meter(SETTING), Meter(SETTING)
    other.skip_to(epoch(ANCHOR) - 5_000)
    for _ in other.at(epoch(ANCHOR) - 100):
        pass
    values = [float(reading.values[0]) for reading in one.at(moment)]
    assert values == pytest.approx([float(reading.values[0]) for reading in other.at(moment)])


def test_a_refusal_of_promtool_is_said_and_leaves_no_blocks(tmp_path: Path) -> None:
    promtool = tmp_path / "promtool"
    promtool.write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    promtool.chmod(0o755)
    with pytest.raises(backfill.BackfillFailed, match="no space left"):
        backfill.backfill(
            tmp_path / "data",
            SETTING,
            promtool=promtool,
            since=ANCHOR - timedelta(hours=1),
            until=ANCHOR,
            progress=lambda _: None,
        )
    assert list((tmp_path / "data").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"promtool", "data"}
