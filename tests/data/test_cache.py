"""The cache in front of every question, with a real Redis where two processes share one."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal
from redis import Redis

from data import cache as cache_module
from data.answers import KeyFigure, record
from data.cache import QUESTIONS, AnswerCache, Question
from data.errors import SourceDown
from data.layers import connect
from data.period import Filters, Selection
from data.sources import Sources

FILTERS = Selection("1h").at(datetime.now(UTC), ZoneInfo("UTC"))


@dataclass
class Source:
    """A source that counts, and fails or dawdles on request."""

    asked: int = 0
    down: bool = False
    pause_s: float = 0.0

    def read(self) -> int:
        self.asked += 1
        if self.pause_s:
            threading.Event().wait(self.pause_s)
        if self.down:
            raise SourceDown("Postgres", "does not answer")
        record(source="Postgres", statement="select 1")
        return self.asked


@contextmanager
def asking(
    returns: type, make: Callable[[int], object], ttl_s: float = 60
) -> Iterator[Question[Any, Any]]:
    def asked(db: Source, filters: Filters) -> object:
        """A figure."""
        return make(db.read())

    asked.__annotations__["return"] = returns
    marked: Question[Any, Any] = Question(asked, ttl_s)
    QUESTIONS[marked.name] = marked
    try:
        yield marked
    finally:
        del QUESTIONS[marked.name]


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the condition did not come true"
        threading.Event().wait(0.005)


def sources(source: Source, redis: "Redis | None" = None, prefix: str = "test:") -> Sources:
    cache = AnswerCache(redis, prefix=prefix)
    return cast("Sources", SimpleNamespace(db=source, cache=cache))


def test_an_answer_tells_its_source_statement_and_age() -> None:
    with asking(float, float) as figure:
        answer = figure.ask(sources(Source()), FILTERS)
    assert (answer.value, answer.source, answer.statement) == (1.0, "Postgres", "select 1")
    assert answer.state == "ok"
    assert datetime.now(UTC) - answer.as_of < timedelta(seconds=5)


def test_a_second_asker_gets_the_same_answer_without_asking_the_source() -> None:
    source = Source()
    with asking(float, float) as figure:
        there = sources(source)
        assert figure.ask(there, FILTERS) is figure.ask(there, FILTERS)
    assert source.asked == 1


def test_other_filters_are_another_answer() -> None:
    source = Source()
    other = Selection("1h", region="AR-B").at(FILTERS.now, FILTERS.zone)
    with asking(float, float) as figure:
        there = sources(source)
        assert figure.ask(there, FILTERS).value != figure.ask(there, other).value


def test_an_expired_answer_is_asked_again() -> None:
    source = Source()
    with asking(float, float, ttl_s=1e-6) as figure:
        there = sources(source)
        values = [figure.ask(there, FILTERS).value for _ in range(3)]
    assert values == [1.0, 2.0, 3.0]


def test_who_asks_at_the_interval_of_a_question_gets_a_new_answer_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = time.time()
    # Each answer was made a little after it was asked for, so it is younger than the interval.
    moments = (began + 0.05, began + 5, began + 9.95)
    with asking(float, float, ttl_s=5) as figure:
        there = sources(Source())
        values = []
        for moment in moments:
            monkeypatch.setattr(time, "time", lambda moment=moment: moment)
            values.append(figure.ask(there, FILTERS).value)
    assert values == [1.0, 2.0, 3.0]


def test_a_window_that_ended_long_ago_is_not_asked_again_every_few_seconds() -> None:
    source = Source()
    last_week = FILTERS.compared()
    assert last_week is not None
    with asking(float, float, ttl_s=1e-6) as figure:
        there = sources(source)
        values = [figure.ask(there, last_week).value for _ in range(3)]
    assert values == [1.0, 1.0, 1.0]


def test_twenty_askers_at_once_cost_the_source_one_question() -> None:
    source = Source(pause_s=0.2)
    with asking(float, float) as figure, ThreadPoolExecutor(20) as pool:
        there = sources(source)
        answers = list(pool.map(lambda _: figure.ask(there, FILTERS), range(20)))
    assert source.asked == 1
    assert {answer.value for answer in answers} == {1.0}


def test_the_stale_value_is_served_while_one_asker_refreshes() -> None:
    source = Source()
    with asking(float, float, ttl_s=1e-6) as figure, ThreadPoolExecutor(1) as pool:
        there = sources(source)
        figure.ask(there, FILTERS)
        source.pause_s = 1.0
        refreshing = pool.submit(figure.ask, there, FILTERS)
        wait_for(lambda: source.asked == 2)
        started = time.monotonic()
        assert figure.ask(there, FILTERS).value == 1.0
        assert time.monotonic() - started < 0.5
        assert refreshing.result().value == 2.0


def test_a_failing_source_leaves_the_last_good_value_marked_stale_with_its_age() -> None:
    source = Source()
    with asking(float, float, ttl_s=1e-6) as figure:
        there = sources(source)
        good = figure.ask(there, FILTERS)
        source.down = True
        stale = figure.ask(there, FILTERS)
    assert (stale.state, stale.value, stale.as_of) == ("stale", 1.0, good.as_of)
    assert stale.note == "Postgres does not answer."
    assert stale.since is not None
    assert stale.since >= good.as_of


def test_without_a_good_value_the_answer_is_down_and_unknown_not_zero() -> None:
    with asking(float, float) as figure:
        answer = figure.ask(sources(Source(down=True)), FILTERS)
    assert (answer.state, answer.value) == ("down", None)
    assert answer.since is not None


def test_a_failed_source_is_left_alone_for_a_moment_and_since_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Source(down=True)
    with asking(float, float) as figure:
        there = sources(source)
        first, second = figure.ask(there, FILTERS), figure.ask(there, FILTERS)
        assert source.asked == 1
        monkeypatch.setattr(cache_module, "BACK_OFF_S", 0.0)
        third = figure.ask(there, FILTERS)
    assert source.asked == 2
    assert first.since == second.since == third.since


def test_a_source_that_comes_back_is_fresh_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "BACK_OFF_S", 0.0)
    source = Source(down=True)
    with asking(float, float) as figure:
        there = sources(source)
        assert figure.ask(there, FILTERS).state == "down"
        source.down = False
        assert figure.ask(there, FILTERS).state == "ok"


def test_a_bug_in_a_question_is_not_swallowed() -> None:
    def broken(_: int) -> float:
        raise ZeroDivisionError

    with asking(float, broken) as figure, pytest.raises(ZeroDivisionError):
        figure.ask(sources(Source()), FILTERS)


def test_a_question_must_name_a_known_source() -> None:
    def astray(stars: object, filters: Filters) -> float:
        return 0.0

    with pytest.raises(TypeError, match="first parameter"):
        Question(astray, 5)


FRAME = DataFrame(
    {
        "at": pd.to_datetime(["2026-11-20 10:00", "2026-11-20 10:01"], utc=True),
        "series": ["a", None],
        "value": [1.5, float("nan")],
        "trend": [[1.0, 2.0], []],
    }
)


def test_another_process_reads_the_answer_from_redis(redis_client: Redis) -> None:
    source = Source()
    with asking(DataFrame, lambda _: FRAME) as figure:
        written = figure.ask(sources(source, redis_client), FILTERS)
        read = figure.ask(sources(source, redis_client), FILTERS)
    assert source.asked == 1
    assert read.as_of == written.as_of
    assert read.statement == "select 1"
    assert isinstance(read.value, DataFrame)
    assert_frame_equal(read.value, FRAME, check_dtype=False)
    assert str(read.value["at"].dtype).endswith("UTC]")


def test_records_travel_through_redis_with_their_types(redis_client: Redis) -> None:
    figure_value = KeyFigure(1.5, None, (1.0, None), "ms")
    with asking(KeyFigure, lambda _: figure_value) as figure:
        figure.ask(sources(Source(), redis_client), FILTERS)
        read = figure.ask(sources(Source(down=True), redis_client), FILTERS)
    assert read.value == figure_value


def test_two_processes_compute_a_key_once(redis_client: Redis) -> None:
    source = Source(pause_s=0.3)
    with asking(float, float) as figure, ThreadPoolExecutor(4) as pool:
        processes = [sources(source, redis_client) for _ in range(4)]
        answers = list(pool.map(lambda there: figure.ask(there, FILTERS), processes))
    assert source.asked == 1
    assert {answer.value for answer in answers} == {1.0}


@pytest.mark.parametrize("rubbish", [b"", b"\x00" * 7, b"\x00" * 8 + b"cos\nsystem", b"\xff" * 900])
def test_rubbish_in_redis_is_as_good_as_absent(redis_client: Redis, rubbish: bytes) -> None:
    source = Source()
    with asking(DataFrame, lambda _: FRAME) as figure:
        redis_client.set(f"test:{figure.name}?{FILTERS.key()}", rubbish)
        assert figure.ask(sources(source, redis_client), FILTERS).state == "ok"
    assert source.asked == 1


def test_without_redis_answering_memory_serves_and_nobody_waits() -> None:
    nobody = connect("redis://127.0.0.1:1")
    source = Source()
    with asking(float, float) as figure:
        there = sources(source, nobody)
        started = time.monotonic()
        assert figure.ask(there, FILTERS).value == 1.0
        assert figure.ask(there, FILTERS).value == 1.0
        assert time.monotonic() - started < 2
    assert source.asked == 1
