"""Several requests of one question at the same time: Prometheus uses one core for each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, TypeVar

T = TypeVar("T")

_POOL: Final = ThreadPoolExecutor(max_workers=12, thread_name_prefix="together")


def together(*calls: Callable[[], T]) -> list[T]:
    """Run the calls at once and give their results in order; the first failure is raised.

    What they send is recorded for the question that asks. A call must not use `together` itself.
    """
    started = [_POOL.submit(copy_context().run, call) for call in calls]
    return [each.result() for each in started]
