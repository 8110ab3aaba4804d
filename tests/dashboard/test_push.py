"""From a commit in Postgres to an open stream."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx
import pytest
from sqlalchemy import text

from dashboard.push import COALESCE_S, Hub, Listener, Stream
from data.database import Database
from services import outbox
from tests.dashboard.serving import Served, serving
from tests.eventually import eventually
from tests.postgres_server import PostgresServer

ALERT = text("""
    insert into production_alerts (fingerprint, rule, title, severity, source, started_at)
    values ('f1', 'api_latency_p95', 'API is slow', 'critical', 'test', now())
""")


class Reader:
    """One open stream, read in a thread."""

    def __init__(self, base: str) -> None:
        self.events: list[tuple[float, str]] = []
        self.ended = False
        self.status = 0
        self._url = base + "/api/events"
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with httpx.stream("GET", self._url, timeout=60) as response:
            self.status = response.status_code
            with suppress(httpx.RemoteProtocolError):  # the server was killed
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        self.events.append((time.monotonic(), line.removeprefix("data: ")))
                self.ended = True


@pytest.fixture
def server(db_url: str, tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, database_url=db_url) as served:
        eventually(lambda: served.program.says("push.listening"))
        yield served


def _open(server: Served) -> Reader:
    before = server.metric("atalaya_event_streams")
    reader = Reader(server.base)
    eventually(lambda: server.metric("atalaya_event_streams") == before + 1)
    return reader


def test_a_stream_hears_of_a_committed_alert_within_half_a_second(
    server: Served, db: Database
) -> None:
    reader = _open(server)
    with db.write() as tx:
        tx.execute(ALERT)
    committed = time.monotonic()
    eventually(lambda: reader.events)
    at, data = reader.events[0]
    assert data == '{"topics":["alerts"]}'
    assert at - committed < 0.5


def test_a_stream_says_topics_only_and_nothing_that_is_not_one(
    server: Served, db: Database
) -> None:
    reader = _open(server)
    with db.write() as tx:
        outbox.notify(tx, topic="ana@example.com owes 12")
    with db.write() as tx:
        outbox.notify(tx, topic="alerts")
    eventually(lambda: reader.events)
    assert [data for _, data in reader.events] == ['{"topics":["alerts"]}']
    assert "ana@example.com" not in server.program.log


def test_many_commits_become_few_events(server: Served, db: Database) -> None:
    reader = _open(server)
    began = time.monotonic()
    for number in range(40):
        with db.write() as tx:
            outbox.notify(tx, topic=f"topic.{number}")
    took = time.monotonic() - began
    eventually(lambda: any("topic.39" in data for _, data in reader.events))
    assert len(reader.events) <= 2 + took / COALESCE_S
    told = " ".join(data for _, data in reader.events)
    assert all(f'"topic.{number}"' in told for number in range(40))


def test_sigterm_ends_the_server_within_two_seconds_with_a_stream_open(server: Served) -> None:
    reader = _open(server)
    began = time.monotonic()
    assert server.program.stop() == 0
    assert time.monotonic() - began < 2
    eventually(lambda: reader.ended)
    assert server.program.says("server.stopped")


def test_after_a_restart_of_postgres_streams_are_told_that_they_missed_something(
    disposable_postgres: PostgresServer,
) -> None:
    heard: list[str] = []
    listener = Listener(disposable_postgres.url("atalaya"), heard.append)
    listener.start()
    assert listener.listening.wait(10)
    disposable_postgres.stop()
    eventually(lambda: not listener.listening.is_set())
    disposable_postgres.start()
    eventually(lambda: heard == ["missed"])
    with disposable_postgres.connect("atalaya") as connection:
        connection.execute("select pg_notify('atalaya', 'alerts')")
    eventually(lambda: heard == ["missed", "alerts"])
    listener.stop()
    listener.join(5)
    assert not listener.is_alive()


def test_the_number_of_streams_is_bounded() -> None:
    @contextmanager
    def opened(hub: Hub) -> Iterator[None]:
        hub.open()
        yield
        hub.close()

    async def ask(hub: Hub) -> int:
        return (await hub.events(None)).status_code  # type: ignore[arg-type]  # it reads nothing

    async def scenario() -> tuple[int, int]:
        full = Hub(max_streams=0)
        with opened(full):
            refused = await ask(full)
        return refused, await ask(full)

    assert asyncio.run(scenario()) == (503, 503)


def test_a_stream_ends_at_once_also_while_it_lets_topics_gather() -> None:
    async def scenario() -> float:
        stream = Stream()
        chunks = stream.chunks()
        await anext(chunks)
        stream.put("alerts")
        await anext(chunks)
        stream.end()
        began = time.monotonic()
        assert [chunk async for chunk in chunks] == []
        return time.monotonic() - began

    assert asyncio.run(scenario()) < COALESCE_S
