"""Raw exports are allowed to those who may, and noted."""

import pytest
from sqlalchemy import text

from data.database import Database
from data.raw import MOST
from services import exports
from services.actors import Actor, Role
from services.errors import Invalid, Refused

TRAIL = text("select actor_id, action, after from activity_logs")


def _actor(role: Role) -> Actor:
    return Actor(id=7, email="a@example.com", name="Ana", role=role)


def test_an_analyst_may_and_it_is_in_the_trail(db: Database) -> None:
    filters = "Period 7d"
    exports.allow(db, actor=_actor(Role.ANALYST), kind="events", filters=filters, rows=12)
    (entry,) = db.frame(TRAIL).to_dict("records")
    assert (entry["actor_id"], entry["action"]) == (7, "exports.raw")
    assert entry["after"] == {"kind": "events", "filters": "Period 7d", "rows": 12}


def test_a_viewer_may_not(db: Database) -> None:
    with pytest.raises(Refused):
        exports.allow(db, actor=_actor(Role.VIEWER), kind="events", filters="", rows=12)
    assert db.frame(TRAIL).empty


@pytest.mark.parametrize(
    ("kind", "rows", "words"),
    [
        ("events", MOST + 1, "More than 500,000 events match"),
        ("payments", 0, "No payments match"),
        ("users", 1, "no such export"),
    ],
)
def test_what_cannot_be_exported_is_said(db: Database, kind: str, rows: int, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        exports.allow(db, actor=_actor(Role.OWNER), kind=kind, filters="", rows=rows)
    assert db.frame(TRAIL).empty
