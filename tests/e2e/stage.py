"""A whole Atalaya to watch in a browser: real parts that can be taken away and given back.

One stage serves all tests of a worker: its Postgres, Redis and Prometheus are stopped and started
under open pages, and whoever takes something away gives it back (see `restored`).
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import requests

from dashboard.demo.platform import backfill
from dashboard.demo.platform.history import fill
from data import migrations
from data.database import Database
from tests import redis_server
from tests.dashboard.serving import Served, serving
from tests.e2e.fault_proxy import FaultProxy
from tests.eventually import eventually
from tests.postgres_server import PostgresServer
from tests.real import need

DATABASE: Final = "atalaya"
EVENTS: Final = 20_000
HISTORY: Final = timedelta(hours=8)
# Nobody scrapes during the tests: what comes until they end lies in Prometheus from the start.
AHEAD: Final = timedelta(minutes=45)
STOP_S: Final = 20


class RedisPart:
    """A real Redis that keeps its port when it is stopped and started."""

    def __init__(self) -> None:
        need("redis")
        self.port = redis_server.free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._stack = ExitStack()

    def start(self) -> None:
        self._stack.enter_context(redis_server.running(self.port))

    def stop(self) -> None:
        self._stack.close()


@dataclass(slots=True)
class Stage:
    """The parts, and a server in front of them."""

    folder: Path
    postgres: PostgresServer
    redis: RedisPart
    signals: FaultProxy
    served: Served

    @property
    def url(self) -> str:
        return self.served.base

    @contextmanager
    def server(self, *, module: str = "dashboard", **settings: object) -> Iterator[Served]:
        """Another server in front of the same parts, with some settings of its own."""
        told = parts(self.postgres, self.signals) | settings
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        with serving(folder, module=module, **told) as served:
            yield served

    @contextmanager
    def database(self, name: str = DATABASE) -> Iterator[Database]:
        """The database as the platform writes to it."""
        database = Database(self.postgres.url(name), pool_size=2)
        try:
            yield database
        finally:
            database.dispose()

    def restore(self) -> None:
        """Give back whatever a test took away."""
        self.signals.become("pass")
        self.redis.stop()
        self.redis.start()
        self.postgres.stop()
        self.postgres.start()


def parts(postgres: PostgresServer, signals: FaultProxy) -> dict[str, object]:
    return {"database_url": postgres.url(DATABASE), "prometheus_url": signals.url}


@contextmanager
def raised(folder: Path) -> Iterator[Stage]:
    """Start everything; stop everything, also when a test or a start fails."""
    need("chromium")
    with ExitStack() as stack:
        postgres = PostgresServer()
        stack.callback(postgres.remove)
        postgres.start()
        now = datetime.now(UTC)
        url = postgres.create(DATABASE)
        migrations.upgrade(url)
        fill(url, events=EVENTS, seed=1, now=now, progress=lambda _: None)
        redis = RedisPart()
        stack.callback(redis.stop)
        redis.start()
        signals = FaultProxy(stack.enter_context(_prometheus(folder / "prometheus", url, now)))
        stack.callback(signals.close)
        told = parts(postgres, signals) | {"redis_url": redis.url}
        served = stack.enter_context(serving(folder, module="dashboard", **told))
        yield Stage(folder, postgres, redis, signals, served)


@contextmanager
def _prometheus(folder: Path, database_url: str, now: datetime) -> Iterator[str]:
    """A real Prometheus that holds the platform's last hours and its next minutes."""
    folder.mkdir(parents=True)
    (folder / "prometheus.yml").write_text("{}")
    backfill.backfill(
        folder / "data",
        backfill.setting_of(database_url),
        promtool=need("promtool"),
        since=now - HISTORY,
        until=now + AHEAD,
        progress=lambda _: None,
    )
    url = f"http://127.0.0.1:{redis_server.free_port()}"
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
            eventually(lambda: _is_ready(url, process), within_s=60)
            yield url
        finally:
            process.terminate()
            process.wait(STOP_S)


def _is_ready(url: str, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "Prometheus did not start"
    try:
        return requests.get(f"{url}/-/ready", timeout=1).ok
    except requests.RequestException:
        return False
