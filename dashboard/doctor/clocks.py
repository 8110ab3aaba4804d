"""Clocks that disagree make windows lie: how far each source's is from ours."""

from datetime import datetime, timedelta

from dashboard.doctor.finding import fault, fine
from data.readiness import LARGEST_SKEW, Finding


def skew(source: str, clock: datetime, *, before: datetime, after: datetime) -> Finding:
    """Judge a clock that was read between two moments of ours; the asking itself is no skew."""
    off = max(clock - after, before - clock, timedelta(0))
    shown = f"The clock of {source} and ours differ by {off.total_seconds():.1f} s."
    if off <= LARGEST_SKEW:
        return fine("clock", shown)
    return fault("clock", shown, "Let NTP set the clocks of both machines.")
