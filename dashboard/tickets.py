"""Who may follow the event stream: an open page hands its browser a ticket and keeps it valid.

The stream lies outside Streamlit's sign-in. A ticket says no more than that a page of this process
is open and its viewer was looked up a moment ago; without the page it ends by itself.
"""

from collections.abc import Callable
from secrets import token_urlsafe
from threading import Lock
from time import monotonic
from typing import Final

VALID_S: Final = 90.0
"""More than three looks of an open page. A hidden tab may look less often; it takes a new one."""
MOST: Final = 20_000


class Tickets:
    """The tickets of one process."""

    def __init__(self, *, valid_s: float = VALID_S, clock: Callable[[], float] = monotonic) -> None:
        self._valid_s = valid_s
        self._clock = clock
        self._lock = Lock()
        self._until: dict[str, float] = {}

    def keep(self, ticket: str | None) -> str:
        """Prolong a ticket that still holds; anything else becomes a new one."""
        now = self._clock()
        with self._lock:
            if ticket is None or self._until.get(ticket, 0.0) <= now:
                ticket = self._new(now)
            self._until[ticket] = now + self._valid_s
            return ticket

    def holds(self, ticket: str) -> bool:
        """Whether a page still vouches for the ticket."""
        return self._until.get(ticket, 0.0) > self._clock()

    def _new(self, now: float) -> str:
        if len(self._until) >= MOST:
            self._until = {known: until for known, until in self._until.items() if until > now}
        return token_urlsafe(18)


tickets: Final = Tickets()
"""Those of this process."""
