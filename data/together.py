"""Several requests of one question at the same time: Prometheus uses one core for each."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, TypeVar, overload

from data.answers import Recording, record, recording

S = TypeVar("S")
T = TypeVar("T")

_POOL: Final = ThreadPoolExecutor(max_workers=12, thread_name_prefix="together")


@overload
def together(first: Callable[[], S], second: Callable[[], T], /) -> tuple[S, T]: ...
@overload
def together(*calls: Callable[[], T]) -> tuple[T, ...]: ...
def together(*calls: Callable[[], object]) -> tuple[object, ...]:
    """Run the calls at once and give their results in order; the first failure is raised.

    What they send is recorded for the question that asks, in the order of the calls. The caller's
    own thread takes the first call, and every other that no thread of the pool has begun by then: a
    call may use `together` itself, and a busy pool never keeps anybody waiting for its turn.
    """
    others = [(call, _POOL.submit(copy_context().run, _recorded, call)) for call in calls[1:]]
    try:
        ended = [
            *(_recorded(call) for call in calls[:1]),
            *(_ended(call, started) for call, started in others),
        ]
    finally:
        for _, started in others:
            started.cancel()
    for _, sent in ended:
        for source, statement in zip(sent.sources, sent.statements, strict=True):
            record(source=source, statement=statement)
    return tuple(result for result, _ in ended)


def _recorded(call: Callable[[], object]) -> tuple[object, Recording]:
    with recording() as sent:
        return call(), sent


def _ended(
    call: Callable[[], object], started: "Future[tuple[object, Recording]]"
) -> tuple[object, Recording]:
    return _recorded(call) if started.cancel() else started.result()
