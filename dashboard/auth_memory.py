"""Look-ups about the team, remembered for less than a minute: who enters, and as what."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Final, Generic, TypeVar

from data.errors import SourceDown
from services.errors import Unavailable

T = TypeVar("T")

RECHECK_S: Final = 25.0
# Somebody who was just added should not have to wait.
RECHECK_NOTHING_S: Final = 5.0
# How long a role stands while Postgres does not answer, counted from the last answer.
GRACE_S: Final = 60.0
# While it does not answer, one look-up in this time may wait for it; the others fail at once.
RETRY_S: Final = 3.0
MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    value: T
    at: float


class Remembered(Generic[T]):
    """A look-up by key. Never answers with something older than GRACE_S: it raises Unavailable."""

    def __init__(
        self, look_up: Callable[[str], T], *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known: dict[str, _Known[T]] = {}
        self._down_until = float("-inf")
        self._lock = Lock()

    def get(self, key: str) -> T:
        """The value for the key, as of RECHECK_S ago at most while the source answers."""
        known = self._known.get(key)
        if known is not None and self._age(known) < _keep_s(known.value):
            return known.value
        if self._clock() >= self._down_until:
            try:
                return self._remember(key, self._look_up(key))
            except SourceDown:
                self._down_until = self._clock() + RETRY_S
        if known is not None and known.value and self._age(known) < GRACE_S:
            return known.value
        raise Unavailable(
            "Your role cannot be checked now, because Postgres does not answer.",
            "Try again in a moment; what is open elsewhere stays open.",
        )

    def _remember(self, key: str, value: T) -> T:
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = _Known(value, self._clock())
        return value

    def _age(self, known: _Known[T]) -> float:
        return self._clock() - known.at


def _keep_s(value: object) -> float:
    return RECHECK_S if value else RECHECK_NOTHING_S
