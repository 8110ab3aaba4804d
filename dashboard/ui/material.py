"""Asking for one panel: its answer, the comparison period's and the marks of the time axis."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final

import structlog

from dashboard.runtime import runtime
from dashboard.ui.spec import Asked, PanelSpec, Spec
from data.answers import Answer
from data.period import Filters, Selection
from data.sources import Sources

PATIENCE_S: Final = 1.0
"""How long a panel waits for what only decorates it."""

log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a panel is drawn from. Equal when every answer in it is the same one, read once."""

    answer: Answer[Any]
    filters: Filters
    before: Answer[Any] | None = None
    marks: Answer[Any] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Material) and self._print() == other._print()

    def __hash__(self) -> int:
        return hash(self._print())

    def _print(self) -> tuple[object, ...]:
        answers = (self.answer, self.before, self.marks)
        return tuple((a.as_of, a.state, a.note, a.since) if a else None for a in answers)


class Asides:
    """Questions that decorate a panel: asked beside it, not waited for long, never its failure."""

    def __init__(self, workers: int = 6) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="atalaya-aside")
        self._lock = Lock()
        self._asked: dict[str, Future[Answer[Any]]] = {}

    def ask(self, question: Asked, sources: Sources, filters: Filters) -> "Future[Answer[Any]]":
        """Start asking, or join who is asking the same."""
        key = f"{question.name}?{filters.key()}"
        with self._lock:
            running = self._asked.get(key)
            if running is None or running.done():
                running = self._asked[key] = self._pool.submit(question.ask, sources, filters)
            self._asked = {k: f for k, f in self._asked.items() if k == key or not f.done()}
        return running

    @staticmethod
    def take(asked: "Future[Answer[Any]] | None") -> Answer[Any] | None:
        """Give the answer when it is there in time and good; the panel does without otherwise."""
        if asked is None:
            return None
        try:
            error = asked.exception(PATIENCE_S)
        except TooLate:
            return None
        if error is not None:
            log.error("aside.failed", exc_info=error)
            return None
        answer = asked.result()
        return None if answer.state == "down" else answer


_asides: Final = Asides()


def gather(spec: Spec, selection: Selection) -> Material:
    """Ask everything that a panel or key figure is drawn from, as of now."""
    here = runtime()
    sources = here.sources
    filters = selection.at(datetime.now(UTC), here.zone, here.settings.currency)
    before = marks = None
    if isinstance(spec, PanelSpec):
        compared = filters.compared() if spec.draw.is_compared else None
        before = _asides.ask(spec.question, sources, compared) if compared else None
        marks = _asides.ask(spec.marks, sources, filters) if spec.marks else None
    answer = spec.question.ask(sources, filters)
    return Material(answer, filters, Asides.take(before), Asides.take(marks))
