"""How many alerts are open right now: read when something changed, once for all who are told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Final, TypedDict

from dashboard.runtime import runtime
from dashboard.ui.theme import ICONS, Tone
from dashboard.ui.words import say
from data import attention
from data.errors import SourceDown
from data.period import Selection

NEVER: Final = datetime.fromtimestamp(0, UTC)
LONGEST_TITLE: Final = 120
FRESH_S: Final = 2.0
"""A change makes what was read before it old at once; this is for changes that nobody told of.

A hundred viewers that are told at once take about a second to look: one read serves them all.
"""


@dataclass(frozen=True, slots=True)
class News:
    """Open alerts by weight, and the newest one; `known` False when they cannot be read."""

    known: bool
    critical: int = 0
    warning: int = 0
    newest: str = ""
    newest_id: str = ""
    read_at: datetime = NEVER


class Said(TypedDict):
    """News as the browser draws them. Titles of alerts are the platform's own words."""

    at: float
    tone: Tone
    icon: str
    words: str
    id: str
    toast: str


def payload(now: News) -> Said:
    """Put news into words: the badge, and the sentence for an alert that a viewer has not seen."""
    tone, words = _badge(now)
    return {
        "at": now.read_at.timestamp(),
        "tone": tone,
        "icon": ICONS[tone],
        "words": words,
        "id": now.newest_id,
        "toast": say("toast.alert", title=now.newest[:LONGEST_TITLE]) if now.newest else "",
    }


class Desk:
    """The latest news of this process, asked of `ask` once for all who read at about that time."""

    def __init__(self, ask: Callable[[], News]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._asked_at = self._changed_at = float("-inf")
        self._news = News(known=False)

    def changed(self) -> None:
        """Say that what was asked before now is old; from any thread."""
        self._changed_at = monotonic()

    def read(self) -> News:
        """Give news that were asked for after the last change, and within FRESH_S."""
        with self._lock:
            is_old = self._asked_at <= self._changed_at
            if is_old or monotonic() - self._asked_at > FRESH_S:
                asked_at = monotonic()  # a change while the answer comes may not be in it
                self._news = self._ask()
                self._asked_at = asked_at
            return self._news


def news() -> News:
    """Give the open alerts as of now, past the caches: a push must not show the count before it."""
    return _desk.read()


def read_again() -> News:
    """Give them as they are after a change: what was read just before it is not told on."""
    _desk.changed()
    return _desk.read()


def _badge(now: News) -> tuple[Tone, str]:
    if not now.known:
        return "unknown", say("alerts.unknown")
    if now.critical:
        return "critical", say("alerts.critical", count=now.critical, other=now.warning)
    if now.warning:
        return "warning", say("alerts.warning", count=now.warning)
    return "ok", say("alerts.none")


def _read() -> News:
    here = runtime()
    read_at = datetime.now(UTC)
    filters = Selection(span="1h", compare="none").at(read_at, here.zone)
    try:
        counts = {one.severity: one.open for one in attention.alerts_by_severity(here.db, filters)}
        changes = attention.changes(here.db, filters)
    except SourceDown:
        return News(known=False, read_at=read_at)
    newest = next((one for one in changes if one.kind == "alert"), None)
    return News(
        known=True,
        critical=counts.get("critical", 0),
        warning=counts.get("warning", 0),
        newest=newest.title if newest else "",
        newest_id=newest.subject_id if newest else "",
        read_at=read_at,
    )


_desk: Final = Desk(_read)
