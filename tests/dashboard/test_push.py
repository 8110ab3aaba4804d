"""From a commit in Postgres to an open stream."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import text
from starlette.requests import Request

from dashboard.listening import Listener, Teller
from dashboard.push import COALESCE_S, Hub, Stream
from dashboard.tickets import Tickets
from data.database import Database
from services import outbox
from tests import factories
from tests.dashboard.serving import Served, serving
from tests.dashboard.session import session
from tests.eventually import eventually
from tests.postgres_server import PostgresServer

ALERT = text("""
    insert into production_alerts (fingerprint, rule, title, severity, source, started_at)
    values ('f1', 'api_latency_p95', 'API is slow', 'critical', 'test', now())
""")


class Reader:
    """One open stream, read in a thread."""

    def __init__(self, base: str, ticket: str) -> None:
        self.events: list[tuple[float, Any]] = []
        self.ended = False
        self._url = f"{base}/api/events?ticket={ticket}"
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        killed = suppress(httpx.RemoteProtocolError)
        with httpx.stream("GET", self._url, timeout=60) as response, killed:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    self.events.append((time.monotonic(), event))
            self.ended = True


@contextmanager
def _listening(db: Database, url: str, folder: Path) -> Iterator[Served]:
    factories.member(db)
    with serving(folder, database_url=url) as served:
        eventually(lambda: served.program.says("push.listening"))
        yield served


@contextmanager
def _ticket(server: Served) -> Iterator[str]:
    """That of a page which is open as long as the test runs."""
    with session(server.base) as page:
        given = [
            message.delta.new_element.bidi_component
            for message in page.run()
            if message.delta.new_element.WhichOneof("type") == "bidi_component"
        ]
        push = next(one for one in given if one.component_name == "atalaya_push")
        yield json.loads(push.bytes)["ticket"]


@pytest.fixture
def server(db: Database, db_url: str, tmp_path: Path) -> Iterator[Served]:
    with _listening(db, db_url, tmp_path) as served:
        yield served


@pytest.fixture
def ticket(server: Served) -> Iterator[str]:
    with _ticket(server) as given:
        yield given


@pytest.fixture(scope="module")
def quiet_url(new_database: Callable[[], str]) -> str:
    """A database for several tests: no alert is committed in it, topics are only told."""
    return new_database()


@pytest.fixture(scope="module")
def quiet_db(quiet_url: str) -> Iterator[Database]:
    database = Database(quiet_url, pool_size=3)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def quiet(
    quiet_db: Database, quiet_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with _listening(quiet_db, quiet_url, tmp_path_factory.mktemp("quiet")) as served:
        yield served


@pytest.fixture
def quiet_ticket(quiet: Served) -> Iterator[str]:
    with _ticket(quiet) as given:
        yield given


def _open(server: Served, ticket: str) -> Reader:
    before = server.metric("atalaya_event_streams")
    reader = Reader(server.base, ticket)
    eventually(lambda: server.metric("atalaya_event_streams") == before + 1)
    return reader


def test_a_stream_reads_of_a_committed_alert_within_half_a_second(
    server: Served, ticket: str, db: Database
) -> None:
    reader = _open(server, ticket)
    with db.write() as tx:
        tx.execute(ALERT)
    committed = time.monotonic()
    eventually(lambda: reader.events)
    at, event = reader.events[0]
    assert event["topics"] == ["alerts"]
    assert event["news"]["words"] == "Critical alerts: 1, others open: 0"
    assert event["news"]["toast"] == "New alert: API is slow"
    assert at - committed < 0.5


@pytest.mark.slow
def test_who_comes_later_begins_with_the_latest_news(
    server: Served, ticket: str, db: Database
) -> None:
    first = _open(server, ticket)
    with db.write() as tx:
        tx.execute(ALERT)
    eventually(lambda: first.events)
    second = _open(server, ticket)
    eventually(lambda: second.events)
    assert second.events[0][1]["news"] == first.events[0][1]["news"]


@pytest.mark.parametrize("ticket", ["", "invented", "%00"])
def test_without_the_ticket_of_an_open_page_there_is_no_stream(quiet: Served, ticket: str) -> None:
    assert quiet.get(f"/api/events?ticket={ticket}").status_code == httpx.codes.FORBIDDEN


def test_a_stream_says_topics_only_and_nothing_that_is_not_one(
    quiet: Served, quiet_ticket: str, quiet_db: Database
) -> None:
    reader = _open(quiet, quiet_ticket)
    with quiet_db.write() as tx:
        outbox.notify(tx, topic="ana@example.com owes 12")
    with quiet_db.write() as tx:
        outbox.notify(tx, topic="jobs")
    eventually(lambda: reader.events)
    assert [event for _, event in reader.events] == [{"topics": ["jobs"]}]
    assert "ana@example.com" not in quiet.program.log


def test_many_commits_become_few_events(
    quiet: Served, quiet_ticket: str, quiet_db: Database
) -> None:
    reader = _open(quiet, quiet_ticket)
    began = time.monotonic()
    for number in range(40):
        with quiet_db.write() as tx:
            outbox.notify(tx, topic=f"topic.{number}")
    took = time.monotonic() - began
    eventually(lambda: any("topic.39" in event["topics"] for _, event in reader.events))
    assert len(reader.events) <= 2 + took / COALESCE_S
    told = {topic for _, event in reader.events for topic in event["topics"]}
    assert told == {f"topic.{number}" for number in range(40)}


@pytest.mark.slow
def test_sigterm_ends_the_server_within_two_seconds_with_a_stream_open(
    server: Served, ticket: str
) -> None:
    reader = _open(server, ticket)
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

    tickets = Tickets()
    query = urlencode({"ticket": tickets.keep(None)}).encode()
    request = Request({"type": "http", "query_string": query, "headers": []})

    async def ask(hub: Hub) -> int:
        return (await hub.events(request)).status_code

    async def scenario() -> tuple[int, int]:
        full = Hub(tickets, max_streams=0)
        with opened(full):
            refused = await ask(full)
        closed = Hub(tickets)
        with opened(closed):
            pass
        return refused, await ask(closed)

    assert asyncio.run(scenario()) == (503, 503)


def test_a_ticket_holds_as_long_as_its_page_looks() -> None:
    now = [0.0]
    tickets = Tickets(valid_s=90, clock=lambda: now[0])
    ticket = tickets.keep(None)
    now[0] = 80
    assert tickets.keep(ticket) == ticket
    now[0] = 169
    assert tickets.holds(ticket)
    now[0] = 170
    assert not tickets.holds(ticket)
    assert tickets.keep(ticket) != ticket
    assert not tickets.holds("")


def test_a_stream_ends_when_its_ticket_does() -> None:
    stands = [True]

    async def scenario() -> list[bytes]:
        stream = Stream(stands=lambda: stands[0])
        stream.put(["alerts"])
        heard = []
        async for chunk in stream.chunks():
            heard.append(chunk)
            stands[0] = len(heard) < 2
        return heard

    assert asyncio.run(scenario())[1:] == [b'data: {"topics":["alerts"]}\n\n']


def test_news_are_read_once_for_the_changes_that_came_meanwhile_and_not_for_others() -> None:
    told: list[tuple[list[str], object]] = []
    reads: list[int] = []
    may_read = Event()

    class Board:
        def publish(self, topics: Iterable[str], news: object = None) -> None:
            told.append((sorted(topics), news))

    def read() -> int:
        assert may_read.wait(10)
        reads.append(len(reads) + 1)
        return reads[-1]

    teller = Teller(Board(), read=read)
    teller.start()
    teller.tell("alerts")
    for topic in ("alert.ended", "missed", "jobs"):
        teller.tell(topic)
    may_read.set()
    eventually(lambda: any("jobs" in topics for topics, _ in told))
    assert len(reads) <= 2
    teller.tell("jobs")
    eventually(lambda: told[-1] == (["jobs"], None))
    teller.stop()
    teller.join(5)
    assert not teller.is_alive()


def test_a_stream_ends_at_once_also_while_it_lets_topics_gather() -> None:
    async def scenario() -> float:
        stream = Stream()
        chunks = stream.chunks()
        await anext(chunks)
        stream.put(["alerts"])
        await anext(chunks)
        stream.end()
        began = time.monotonic()
        assert [chunk async for chunk in chunks] == []
        return time.monotonic() - began

    assert asyncio.run(scenario()) < COALESCE_S
