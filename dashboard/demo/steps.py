"""Tells the person at the terminal what the demo is doing, how far it is and how long it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

REDRAW_S: Final = 0.2
TITLE_WIDTH: Final = 46


class Steps:
    """One line per step; on a terminal the line also shows progress while it runs."""

    def __init__(self) -> None:
        self._title = ""
        self._began = 0.0
        self._drawn = 0.0
        self._width = 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step and, when it is done, its time."""
        self._title, self._began, self._drawn = title, time.monotonic(), 0.0
        self._draw("")
        try:
            yield
        except BaseException:
            self._finish("")
            raise
        self._finish(f"{time.monotonic() - self._began:6.1f} s")

    def progress(self, how_far: str) -> None:
        """How far the running step is; shown on a terminal only."""
        now = time.monotonic()
        if now - self._drawn >= REDRAW_S:
            self._drawn = now
            self._draw(how_far)

    def say(self, sentence: str) -> None:
        """A line of its own."""
        sys.stdout.write(f"{sentence}\n")
        sys.stdout.flush()

    def _draw(self, state: str) -> None:
        if sys.stdout.isatty():
            line = f"· {self._title:<{TITLE_WIDTH}} {state}"
            sys.stdout.write(f"\r{line:<{self._width}}")
            sys.stdout.flush()
            self._width = len(line)

    def _finish(self, state: str) -> None:
        line = f"· {self._title:<{TITLE_WIDTH}} {state}"
        start = "\r" if sys.stdout.isatty() else ""
        sys.stdout.write(f"{start}{line:<{self._width}}".rstrip(" ") + "\n")
        sys.stdout.flush()
        self._width = 0
