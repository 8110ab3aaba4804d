"""What comes back from a question: the value, its age, its source and its statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

T_co = TypeVar("T_co", covariant=True)

State = Literal["ok", "stale", "down"]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One number of a page's first row.

    `value` None means unknown, never zero. `previous` is the same figure for the comparison period.
    `spark` runs evenly over the period, oldest first, None where nothing was measured. A ratio also
    carries its numerator and denominator. `unit` is one of the units of `dashboard.ui.numbers`.
    """

    value: float | None
    previous: float | None = None
    spark: tuple[float | None, ...] = ()
    unit: str = ""
    numerator: float | None = None
    denominator: float | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """The value of a question with its provenance.

    `as_of` is when the source was read. `state` is "ok", "stale" (the source fails now, `value` is
    the last good one) or "down" (it fails and there is no good value: `value` is None). `since` is
    when the failure was first seen and `note` says it in a sentence.
    """

    value: T_co | None
    as_of: datetime
    source: str
    statement: str
    state: State = "ok"
    note: str = ""
    since: datetime | None = None


@dataclass(slots=True)
class Recording:
    """The statements that one question sent, in order, and the sources it sent them to."""

    sources: list[str]
    statements: list[str]

    def source(self) -> str:
        """Name the sources once each, in order of first use."""
        return " + ".join(dict.fromkeys(self.sources))

    def statement(self) -> str:
        """Give all statements as one text."""
        return "\n\n".join(dict.fromkeys(self.statements))


_recording: ContextVar[Recording | None] = ContextVar("atalaya_recording", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """Collect what the source objects send while the block runs."""
    current = Recording([], [])
    token = _recording.set(current)
    try:
        yield current
    finally:
        _recording.reset(token)


def record(*, source: str, statement: str) -> None:
    """Note one statement as sent; called by the source objects, free outside a question."""
    current = _recording.get()
    if current is not None:
        current.sources.append(source)
        current.statements.append(statement)
