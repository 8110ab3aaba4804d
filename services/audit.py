"""The trail of every change: who did what to which record, and the record before and after."""

from dataclasses import asdict, is_dataclass
from typing import Final, NamedTuple

import orjson
import structlog
from sqlalchemy import text

from data.database import Tx
from services.actors import Actor

_RECORD: Final = text("""
    -- services.audit.record
    insert into activity_logs (
        actor_id, actor_name, action, subject_type, subject_id, before, after, reference, source
    )
    values (
        :actor_id, :actor_name, :action, :subject_type, :subject_id,
        cast(:before as jsonb), cast(:after as jsonb), :reference, :source
    )
""")


class Subject(NamedTuple):
    """The record that an action is about: ("alert", 12)."""

    type: str
    id: int | str


def record(
    tx: Tx, *, actor: Actor, action: str, subject: Subject, before: object, after: object
) -> None:
    """Write one line of the trail inside the transaction that makes the change.

    `before` and `after` are the rows as the database has them (a frozen dataclass, a mapping, or
    None for a record that did not or does not exist). The reference and the source (page, bulk,
    http, worker or cli) come from the structlog context of whoever handles the request.
    """
    context = structlog.contextvars.get_contextvars()
    tx.execute(
        _RECORD,
        actor_id=actor.id or None,
        actor_name=actor.name,
        action=action,
        subject_type=subject.type,
        subject_id=str(subject.id),
        before=_json(before),
        after=_json(after),
        reference=context.get("reference"),
        source=context.get("source", "page"),
    )


def _json(row: object) -> str | None:
    if row is None:
        return None
    content = asdict(row) if is_dataclass(row) and not isinstance(row, type) else row
    return orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
