"""What a page must know before it is laid out, read by the refresher so that no page waits long."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from dashboard.runtime import runtime
from dashboard.ui.live import Look, refresher
from dashboard.ui.spec import Asked
from data.answers import Answer
from data.period import Selection

FIRST_WAIT_S: Final = 0.3
_LOOK: Final = "known"


@dataclass(frozen=True, slots=True)
class _Asking:
    """The refresher's job: nothing is drawn, the answer itself is what is wanted."""

    question: Asked

    @property
    def key(self) -> str:
        return f"known.{self.question.name}"

    @property
    def source(self) -> str:
        return self.question.source

    def ask(self) -> object:
        at = runtime()
        now = Selection().at(datetime.now(UTC), at.zone, at.settings.currency)
        return self.question.ask(at.sources, now)

    def build(self, material: object, look: Look) -> bytes:  # noqa: ARG002 - nothing to draw
        return b"known"

    def failed(self, reference: str, look: Look) -> bytes:  # noqa: ARG002 - nothing to draw
        return b"unknown"

    def late(self, material: object | None, since: datetime, look: Look) -> bytes:  # noqa: ARG002 - nothing to draw
        return b"unknown"


def known(question: Asked) -> object | None:
    """The newest answer, whatever the viewer's filters; None while the source has not answered."""
    job = _Asking(question)
    refresher().watch(job, _LOOK)
    refresher().wait({(job.key, _LOOK)}, FIRST_WAIT_S)
    answer = refresher().material(job.key)
    return answer.value if isinstance(answer, Answer) else None
