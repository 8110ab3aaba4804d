"""The tenants that the filter bar offers, read by the refresher so that no page waits for them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from dashboard.runtime import runtime
from dashboard.ui.live import Look, refresher
from data.answers import Answer
from data.period import Selection
from data.tenants import organizations

FIRST_WAIT_S: Final = 0.3
_LOOK: Final = "names"


@dataclass(frozen=True, slots=True)
class _Asking:
    """The refresher's job: nothing is drawn, the answer itself is what is wanted."""

    key: str = "tenants"
    source: str = "Postgres"

    def ask(self) -> object:
        at = runtime()
        return organizations.ask(at.sources, Selection().at(datetime.now(UTC), at.zone))

    def build(self, material: object, look: Look) -> bytes:  # noqa: ARG002 - nothing to draw
        return b"known"

    def failed(self, reference: str, look: Look) -> bytes:  # noqa: ARG002 - nothing to draw
        return b"unknown"

    def late(self, material: object | None, since: datetime, look: Look) -> bytes:  # noqa: ARG002 - nothing to draw
        return b"unknown"


def names() -> dict[int, str]:
    """Names by id; empty while Postgres has not answered, and the filter is then left out."""
    job = _Asking()
    refresher().watch(job, _LOOK)
    refresher().wait({(job.key, _LOOK)}, FIRST_WAIT_S)
    answer = refresher().material(job.key)
    found = answer.value if isinstance(answer, Answer) else None
    return {tenant.id: tenant.name for tenant in found or ()}
