"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.02


def eventually(look: Callable[[], T | None], *, within_s: float = 20) -> T:
    """Give the first true thing that `look` finds; fail with the last one when time is up."""
    until = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"still {found!r} after {within_s} s")
        time.sleep(POLL_S)
