"""Who gets in and who works in the background, as the doctor sees them."""

from collections.abc import Iterator
from typing import Final

from dashboard.doctor.finding import fault, fine, note
from dashboard.settings import Settings, SettingsInvalid
from data import team, worker
from data.database import Database
from data.errors import SourceDown
from data.readiness import Finding

# The worker beats every 5 s; three missed beats are no accident.
SILENT_S: Final = 20.0


def sign_in(settings: Settings) -> Iterator[Finding]:
    """Whether `serve` would serve."""
    try:
        settings.check_serving()
    except SettingsInvalid as invalid:
        yield fault("sign-in", "Anybody could get in.", str(invalid))
    else:
        yield fine("sign-in", f"Sign-in is by {settings.auth}, on {settings.host}.")


def owner(db: Database) -> Iterator[Finding]:
    """Whether somebody may give roles."""
    try:
        owners = [each for each in team.members(db) if each.role == "owner" and each.is_active]
    except SourceDown as down:
        yield note("team", f"The team cannot be read: {down}", "Mend that first.")
        return
    if owners:
        yield fine("team", "The team has an owner.")
    else:
        remedy = "Set ATALAYA_OWNER_EMAIL and start `serve`: that person becomes owner."
        yield note("team", "The team has no owner, so nobody can give roles.", remedy)


def background(db: Database) -> Iterator[Finding]:
    """Whether a worker leads."""
    remedy = "Start `python -m dashboard worker`, and keep it running."
    try:
        beat = worker.heartbeat(db)
    except SourceDown as down:
        yield fault("worker", f"Its heartbeat cannot be read: {down}", "Mend that first.")
        return
    if beat is None:
        yield fault("worker", "No worker has ever led.", remedy)
    elif beat.age_s > SILENT_S:
        yield fault("worker", f"The worker is silent for {beat.age_s:,.0f} s.", remedy)
    else:
        yield fine("worker", "A worker leads.")
