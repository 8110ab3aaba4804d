import threading
from collections.abc import Callable
from functools import partial

import pytest

from data.answers import record, recording
from data.errors import SourceDown
from data.together import together


def test_calls_run_at_the_same_time_and_answer_in_their_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def call(number: int) -> int:
        both.wait()
        return number

    assert together(partial(call, 1), partial(call, 2)) == (1, 2)


def test_calls_within_calls_never_wait_for_one_another() -> None:
    def deep(levels: int) -> int:
        below = [partial(deep, levels - 1)] * 4 if levels else []
        return 1 + sum(together(*below))

    assert deep(5) == sum(4**level for level in range(6))


def test_what_was_sent_is_noted_in_the_order_of_the_calls_whoever_is_first() -> None:
    second_is_done = threading.Event()

    def first() -> None:
        second_is_done.wait(10)
        record(source="Prometheus", statement="one")

    def second() -> None:
        record(source="Postgres", statement="two")
        second_is_done.set()

    with recording() as sent:
        together(first, second)

    assert sent.source() == "Prometheus + Postgres"
    assert sent.statement() == "one\n\ntwo"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_failure_of_one_call_is_raised(place: int) -> None:
    def fail() -> int:
        raise SourceDown("Prometheus", "does not answer")

    calls: list[Callable[[], int]] = [lambda: 1, lambda: 2]
    calls.insert(place, fail)

    with pytest.raises(SourceDown, match="does not answer"):
        together(*calls)


def test_nothing_to_do_is_done() -> None:
    assert together() == ()
