"""One hour of metrics in a real Prometheus: counters that a test can add up by itself.

Samples every 15 s from START to END, both included. What happens:
- /api/search answers 150 requests per sample, all the hour alike.
- /api/checkout answers 45; from half past on it is slow, and 5 more fail.
- /api/idle has counters that never move.
- mercadopago's webhooks fail in the last quarter, stripe's never do, payu has none.
- queries, caches, CPU and pool work alike all the hour, and one of two Redis is down.
- backups: the log is a minute old at every sample, nobody reports a full one.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import requests

from tests.real import need
from tests.redis_server import free_port

START: Final = datetime(2026, 11, 10, 14, 0, tzinfo=UTC)
END: Final = START + timedelta(hours=1)
HALF: Final = START + timedelta(minutes=30)
LAST_QUARTER: Final = START + timedelta(minutes=45)
STEP_S: Final = 15
EDGES: Final = ("0.05", "0.1", "0.2", "0.5", "+Inf")

Labels = Mapping[str, str]
Growth = Callable[[datetime], float]

# New requests per sample that took at most each edge.
FAST: Final = (120, 142, 149, 150, 150)
CHECKOUT: Final = (30, 42, 45, 45, 45)
NONE: Final = (0, 0, 0, 0, 0)
CHECKOUT_SLOW: Final = (0, 9, 18, 40, 45)


def instants() -> list[datetime]:
    """The moments of all samples."""
    return [START + timedelta(seconds=STEP_S * n) for n in range(3600 // STEP_S + 1)]


def text() -> str:
    """The hour in OpenMetrics."""
    parts = (_requests(), _histograms(), _counters(), _webhooks(), _gauges())
    return "\n".join([*(line for part in parts for line in part), "# EOF", ""])


def _requests() -> Iterator[str]:
    name = "http_request_duration_seconds"
    yield f"# TYPE {name} histogram"
    for route, usual, later in (
        ("/api/search", FAST, FAST),
        ("/api/checkout", CHECKOUT, CHECKOUT_SLOW),
        ("/api/idle", NONE, NONE),
    ):
        labels = {"route": route, "status_code": "200", "method": "GET"}
        for edge, before, after in zip(EDGES, usual, later, strict=True):
            yield from _counter(f"{name}_bucket", labels | {"le": edge}, _turning(before, after))
        yield from _counter(f"{name}_count", labels, _turning(usual[-1], later[-1]))
    failed = {"route": "/api/checkout", "status_code": "500", "method": "POST"}
    yield from _counter(f"{name}_count", failed, _turning(0, 5))


def _histograms() -> Iterator[str]:
    """Queries and webhooks of which 18 of 20 take at most 50 ms and all at most 100 ms."""
    for name, label, keys in (
        ("db_query_duration_seconds", "query", ("find_slots", "insert_booking")),
        ("payment_webhook_duration_seconds", "provider", ("stripe",)),
    ):
        yield f"# TYPE {name} histogram"
        for key in keys:
            for edge, grown in zip(EDGES, (18, 20, 20, 20, 20), strict=True):
                labels = {label: key, "le": edge}
                yield from _counter(f"{name}_bucket", labels, _turning(grown, grown))
            yield from _counter(f"{name}_count", {label: key}, _turning(20, 20))


def _counters() -> Iterator[str]:
    for name, labels, grown in (
        ("rate_limiter_rejections", {"route": "/api/search"}, 3),
        ("cache_requests", {"layer": "l1", "result": "hit"}, 80),
        ("cache_requests", {"layer": "l1", "result": "miss"}, 20),
        ("cache_requests", {"layer": "l2", "result": "hit"}, 15),
        ("cache_requests", {"layer": "l2", "result": "miss"}, 5),
        ("cache_requests", {"layer": "l3", "result": "miss"}, 5),
        ("process_cpu_seconds", {"instance": "a", "job": "platform"}, 3),
        ("process_cpu_seconds", {"instance": "b", "job": "platform"}, 6),
    ):
        yield from _counter(f"{name}_total", labels, _turning(grown, grown))


def _turning(before: float, after: float) -> Growth:
    """Grow by one amount in the first half of the hour and by another in the second."""
    return lambda at: after if at > HALF else before


def _webhooks() -> Iterator[str]:
    yield "# TYPE payment_webhooks counter"
    for provider, result, growth in (
        ("mercadopago", "ok", lambda at: 2 if at > LAST_QUARTER else 4),
        ("mercadopago", "failed", lambda at: 2 if at > LAST_QUARTER else 0),
        ("stripe", "ok", lambda _: 1),
    ):
        labels = {"provider": provider, "result": result}
        yield from _counter("payment_webhooks_total", labels, growth)


def _gauges() -> Iterator[str]:
    for name, labels, value in (
        ("websocket_connections", {"instance": "a"}, lambda at: 300 + (at - START).seconds / 60),
        ("websocket_connections", {"instance": "b"}, lambda _: 100.0),
        ("process_resident_memory_bytes", {"instance": "a", "job": "platform"}, lambda _: 6e8),
        ("process_resident_memory_bytes", {"instance": "b", "job": "platform"}, lambda _: 9e8),
        ("process_resident_memory_bytes", {"instance": "c", "job": "postgres"}, lambda _: 9.9e8),
        ("memory_limit_bytes", {"instance": "a"}, lambda _: 1e9),
        ("memory_limit_bytes", {"instance": "b"}, lambda _: 1e9),
        ("backup_last_success_timestamp_seconds", {"kind": "wal"}, lambda at: at.timestamp() - 60),
        ("backup_restore_duration_seconds", {}, lambda _: 1000.0),
        ("db_pool_connections", {"state": "used"}, lambda _: 15.0),
        ("db_pool_connections", {"state": "idle"}, lambda _: 5.0),
        ("db_pool_size", {}, lambda _: 20.0),
        ("redis_memory_used_bytes", {}, lambda _: 5e8),
        ("redis_up", {"instance": "a"}, lambda _: 1.0),
        ("redis_up", {"instance": "b"}, lambda _: 0.0),
        ("pg_replication_lag_seconds", {"instance": "a"}, lambda _: 3.0),
        ("pg_replication_lag_seconds", {"instance": "b"}, lambda _: 9.0),
        ("odd_value", {"kind": "nan"}, lambda _: float("nan")),
        ("odd_value", {"kind": "infinite"}, lambda _: float("inf")),
        ("odd_value", {"kind": "fine"}, lambda _: 1.0),
    ):
        for at in instants():
            yield f"{name}{_braces(labels)} {value(at)} {at.timestamp():.0f}"


def _counter(name: str, labels: Labels, growth: Growth) -> Iterator[str]:
    total = 0.0
    for at in instants():
        total += growth(at)
        yield f"{name}{_braces(labels)} {total} {at.timestamp():.0f}"


def _braces(labels: Labels) -> str:
    return "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Fill a Prometheus with the hour, run it, give its URL, and stop it."""
    (folder / "hour.om").write_text(text())
    (folder / "prometheus.yml").write_text("{}")
    subprocess.run(
        [need("promtool"), "tsdb", "create-blocks-from", "openmetrics", "hour.om", "data"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        str(need("prometheus")),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=50y",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--log.level=error",
    ]
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            _wait(url, process)
            yield url
        finally:
            process.terminate()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(f"{url}/-/ready", timeout=1).ok:
                return
        except requests.RequestException:
            continue
    raise RuntimeError("Prometheus did not start.")
