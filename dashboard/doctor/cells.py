"""The rollups as the doctor sees them: are they kept, and were they right when last compared?"""

from collections.abc import Iterator
from typing import Final

from dashboard.doctor.finding import fine, note
from data import rollups
from data.database import Database
from data.errors import SourceDown
from data.readiness import Finding

# The worker refreshes every 5 s; a slice of catching up takes a few.
OLD_S: Final = 60.0


def kept(db: Database) -> Iterator[Finding]:
    """Whether the rollups are fresh, and whether the last audit found them right."""
    try:
        found = rollups.kept(db)
    except SourceDown as down:
        yield note("rollups", f"Their state cannot be read: {down}", "Mend that first.")
        return
    if found.age_s is None:
        shown = "The rollups were never made: pages of the funnel, retention and revenue are empty."
        yield note("rollups", shown, "Start `python -m dashboard worker`, and keep it running.")
    elif found.age_s > OLD_S:
        shown = f"The rollups were refreshed {found.age_s:,.0f} s ago."
        remedy = "Look for rollups.cannot_refresh in the worker's log; it says what to do."
        yield note("rollups", shown, remedy)
    elif found.audit_differing:
        shown = f"The last audit found {found.audit_differing:,} rows of rollups that differ."
        yield note("rollups", shown, "Run `python -m dashboard rollups rebuild`.")
    else:
        yield fine("rollups", "The rollups are kept.")
