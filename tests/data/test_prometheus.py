"""Every way in which a Prometheus can fail, on a real connection."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from data.database import Database
from data.errors import SourceDown
from data.period import Period
from data.prometheus import KEPT_CONNECTIONS, Prometheus, QueryRefused
from data.signals import open_signals
from tests.redis_server import free_port

AT = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)
Answering = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answering: Answering) -> Iterator[tuple[str, list[str]]]:
    """Run a server that answers each request like that; give its URL and the paths asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answering(self)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://secret:password@127.0.0.1:{running.server_address[1]}", asked
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def saying(body: str, status: int = 200) -> Answering:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()
        handler.wfile.write(body.encode())

    return answer


def result(*items: object) -> Answering:
    return saying(json.dumps({"status": "success", "data": {"result": items}}))


def failure(answering: Answering) -> SourceDown:
    with server(answering) as (url, asked), pytest.raises(SourceDown) as caught:
        Prometheus(url).instant("up", AT)
    assert len(asked) == 1, "no hidden retries"
    assert "127.0.0.1" not in str(caught.value)
    assert "password" not in str(caught.value)
    return caught.value


def test_a_server_that_never_answers_is_given_up_after_the_bounded_wait() -> None:
    released = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> None:
        released.wait(20)

    with server(hang) as (url, asked):
        try:
            with pytest.raises(SourceDown) as caught:
                Prometheus(url, read_s=0.2).range("up", AT, AT, step_s=15)
        finally:
            released.set()
    assert caught.value.reason == "took longer than 0.2 s"
    assert len(asked) == 1


def test_a_server_that_is_gone_is_down_at_once() -> None:
    with pytest.raises(SourceDown) as caught:
        Prometheus(f"http://127.0.0.1:{free_port()}").instant("up", AT)
    assert str(caught.value) == "Prometheus does not answer."


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (500, "answered with status 500"),
        (502, "answered with status 502"),
        (503, "is not ready or gave up on the query"),
        (401, "does not accept our credentials"),
        (404, "answered with status 404"),
    ],
)
def test_an_error_status_is_said_without_its_body(status: int, reason: str) -> None:
    assert failure(saying("<h1>internal host name</h1>", status)).reason == reason


def test_a_refused_query_is_told_apart_from_a_server_that_is_down() -> None:
    assert isinstance(failure(saying('{"status":"error"}', 400)), QueryRefused)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>Welcome</html>",
        "null",
        "[]",
        '{"status":"error","error":"no"}',
        '{"data":null}',
        '{"data":{"result":null}}',
        '{"data":{"result":{"metric":{}}}}',
        '{"data":{"result":[{"metric":[],"value":[1,"2"]}]}}',
        '{"data":{"result":[{"metric":{},"value":"soon"}]}}',
        '{"data":{"result":[{"metric":{},"value":[1,"many"]}]}}',
        '{"data":{"result":[{"value":[1,"2"]}]}}',
        '{"data":{"result":[7]}}',
    ],
)
def test_garbage_is_said_to_be_garbage(body: str) -> None:
    assert failure(saying(body)).reason == "sent something that is not a Prometheus answer"


def test_an_empty_result_is_empty_and_no_failure() -> None:
    with server(result()) as (url, _):
        assert Prometheus(url).instant("up", AT) == []


def test_values_that_are_no_numbers_are_left_out() -> None:
    lines = [{"metric": {"a": text}, "value": [1, text]} for text in ("NaN", "+Inf", "-Inf", "7")]
    with server(result(*lines)) as (url, _):
        found = Prometheus(url).instant("up", AT)
    assert [one.labels["a"] for one in found] == ["7"]


def test_a_scalar_query_gives_one_line_without_labels() -> None:
    with server(result(1.5, "42")) as (url, _):
        found = Prometheus(url).instant("scalar(up)", AT)
    assert [(dict(one.labels), one.points) for one in found] == [({}, ((1.5, 42.0),))]


def test_the_server_is_told_to_stop_when_nobody_waits_any_more() -> None:
    with server(result()) as (url, asked):
        Prometheus(url, read_s=3).instant("up", AT)
    assert "timeout=3s" in asked[0]


def test_a_failing_prometheus_is_down_and_postgres_does_not_stand_in(db: Database) -> None:
    with server(saying("", 500)) as (url, _), pytest.raises(SourceDown) as caught:
        open_signals(db, url=url).range("api_latency_p95", Period(AT - timedelta(hours=1), AT))
    assert caught.value.source == "Prometheus"


def test_as_many_as_may_ask_at_once_keep_their_connections(
    prometheus_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Prometheus(prometheus_url)
    at_once = threading.Barrier(KEPT_CONNECTIONS, timeout=20)

    def ask(_: int) -> int:
        at_once.wait()
        return len(client.instant("redis_up", AT))

    with ThreadPoolExecutor(KEPT_CONNECTIONS) as pool:
        found = list(pool.map(ask, range(KEPT_CONNECTIONS)))

    assert found == [2] * KEPT_CONNECTIONS
    assert "pool is full" not in caplog.text
