"""How many alerts are open right now: read when something was pushed, once for all who ask."""

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Final

from dashboard.runtime import runtime
from data import attention
from data.errors import SourceDown
from data.period import Selection

FRESH_S: Final = 0.2
"""Viewers are told of a change within moments of each other; this is younger than any of them."""


@dataclass(frozen=True, slots=True)
class News:
    """Open alerts by weight, and the newest one; `known` False when they cannot be read."""

    known: bool
    critical: int = 0
    warning: int = 0
    newest: str = ""
    newest_id: str = ""


class _Desk:
    """The latest news of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read_at = float("-inf")
        self._news = News(known=False)

    def read(self) -> News:
        with self._lock:
            if monotonic() - self._read_at > FRESH_S:
                self._news = _read()
                self._read_at = monotonic()
            return self._news


def news() -> News:
    """Give the open alerts as of now, past the caches: a push must not show the count before it."""
    return _desk.read()


def _read() -> News:
    here = runtime()
    filters = Selection(span="1h", compare="none").at(datetime.now(UTC), here.zone)
    try:
        counts = {one.severity: one.open for one in attention.alerts_by_severity(here.db, filters)}
        changes = attention.changes(here.db, filters)
    except SourceDown:
        return News(known=False)
    newest = next((one for one in changes if one.kind == "alert"), None)
    return News(
        known=True,
        critical=counts.get("critical", 0),
        warning=counts.get("warning", 0),
        newest=newest.title if newest else "",
        newest_id=newest.subject_id if newest else "",
    )


_desk: Final = _Desk()
