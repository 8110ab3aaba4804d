"""The demo's exporters on one port, with the names of prom-client, postgres_ and redis_exporter."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric

from dashboard.demo.platform.backfill import PATHS
from dashboard.demo.platform.meter import Meter, Reading
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.sheet import Family, Job

LOOPBACK: Final = "127.0.0.1"
# OpenMetrics' word for what the text format calls untyped.
_UNKNOWN: Final = "unknown"


class Gauges:
    """The model as metrics of this very moment."""

    def __init__(self, setting: Setting) -> None:
        self._lock = Lock()
        self._meter = Meter(setting)
        self._meter.skip_to(time.time())

    def change(self, setting: Setting) -> None:
        """Go on with another setting (new trouble); what was counted stays counted."""
        with self._lock:
            self._meter.skip_to(time.time())
            self._meter.setting = setting

    def metrics(self, job: Job) -> list[Metric]:
        """The families of one job."""
        with self._lock:
            readings = list(self._meter.at(max(time.time(), self._meter.minute_s)))
        found: dict[str, Metric] = {}
        for reading in readings:
            family = reading.line.family
            if family.job == job:
                metric = found.get(family.name) or found.setdefault(family.name, _metric(family))
                _add(metric, reading)
        return list(found.values())


def _metric(family: Family) -> Metric:
    name = family.name.removesuffix("_total")
    is_bare_counter = family.kind == "counter" and name == family.name
    return Metric(name, family.help, _UNKNOWN if is_bare_counter else family.kind)


def _add(metric: Metric, reading: Reading) -> None:
    line = reading.line
    metric.add_sample(line.sample, dict(line.labels), float(reading.values[0]))


class _OfJob:
    """A collector that prometheus_client asks at each scrape."""

    def __init__(self, gauges: Gauges, job: Job) -> None:
        self._gauges = gauges
        self._job: Job = job

    def collect(self) -> Iterator[Metric]:
        """Called once for each scrape."""
        yield from self._gauges.metrics(self._job)


@contextmanager
def serving(gauges: Gauges, *, port: int) -> Iterator[int]:
    """Answer scrapes on 127.0.0.1 while the block runs; yields the port (0 picks a free one)."""
    registries = {}
    for job, path in PATHS.items():
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_OfJob(gauges, job))
        registries[path] = registry

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry = registries.get(self.path.partition("?")[0])
            body = generate_latest(registry) if registry else b"Not found\n"
            self.send_response(200 if registry else 404)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST if registry else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A scrape every five seconds is not news."""

    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
