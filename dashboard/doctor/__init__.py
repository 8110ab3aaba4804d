"""Is everything that Atalaya depends on as it should be, and if not, what is there to do?"""

from dataclasses import asdict

from dashboard import runtime
from dashboard.doctor import cells, people, sources
from dashboard.settings import Settings
from data import readiness
from data.readiness import Finding

__all__ = ["Finding", "examine", "holds", "report", "verdict"]


def examine(settings: Settings) -> list[Finding]:
    """Look at everything. Each check stands alone: one that fails does not stop the others."""
    running = runtime.build(settings)
    read_url = settings.database_read_url
    try:
        return [
            *people.sign_in(settings),
            *readiness.findings(
                settings.database_url.get_secret_value(),
                read_url=read_url.get_secret_value() if read_url else None,
            ),
            *people.owner(running.db),
            *people.background(running.db),
            *cells.kept(running.db),
            *sources.redis(running.redis),
            *sources.prometheus(settings),
            *sources.signals(running.sources.signals),
        ]
    finally:
        running.close()


def holds(findings: list[Finding]) -> bool:
    """Whether everything required holds."""
    return all(each.ok or not each.required for each in findings)


def verdict(findings: list[Finding]) -> str:
    """The sum in one sentence."""
    faults = sum(not each.ok and each.required for each in findings)
    notes = sum(not each.ok and not each.required for each in findings)
    if faults:
        return f"{faults} required of {len(findings)} checks failed: begin with the first."
    return f"Everything required holds; {notes} worth knowing." if notes else "Everything holds."


def report(findings: list[Finding]) -> dict[str, object]:
    """The same for machines."""
    return {"holds": holds(findings), "findings": [asdict(each) for each in findings]}
