"""Leave to take raw rows out of the house: who, what, how many, in the trail."""

from data.database import Database
from data.raw import KINDS, MOST
from services import audit, meters
from services.actors import Actor, Permission
from services.errors import Invalid


def allow(db: Database, *, actor: Actor, kind: str, filters: str, rows: int) -> None:
    """Allow one export of `rows` raw rows, and note it; `filters` says in words which ones.

    Raises Refused, and Invalid for none or more than data.raw.MOST: nothing is cut silently.
    """
    with meters.counted("exports.raw"):
        actor.require(Permission.EXPORT)
        if kind not in KINDS:
            raise Invalid("There is no such export.", "Choose events or payments.")
        if rows > MOST:
            message = f"More than {MOST:,} {kind} match: an export holds no more than that."
            raise Invalid(message, "Choose a shorter period or more filters.")
        if not rows:
            raise Invalid(f"No {kind} match.", "Choose a longer period or fewer filters.")
        with db.write() as tx:
            audit.record(
                tx,
                actor=actor,
                action="exports.raw",
                subject=audit.Subject("export", kind),
                before=None,
                after={"kind": kind, "filters": filters, "rows": rows},
            )
