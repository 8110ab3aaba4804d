"""The trail of changes, and what leaves the database with them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
import structlog
from sqlalchemy import text

from data.database import Database, Tx
from services import audit, outbox
from services.actors import SYSTEM, Actor, Role

ANA = Actor(id=7, email="ana@example.com", name="Ana", role=Role.ADMIN)
RENAME = text("update organizations set name = :name where id = 1")
TRAIL = text("""
    select actor_id, actor_name, action, subject_type, subject_id, before, after, reference, source
    from activity_logs
""")


@dataclass(frozen=True, slots=True)
class Entry:
    actor_id: int | None
    actor_name: str
    action: str
    subject_type: str
    subject_id: str
    before: object
    after: object
    reference: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Organization:
    id: int
    name: str
    created_at: datetime


BEFORE = Organization(1, "Before", datetime(2026, 11, 1, 12, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _no_context() -> Iterator[None]:
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()


def _rename(tx: Tx, actor: Actor = ANA) -> None:
    tx.execute(text("insert into organizations (id, name, slug) values (1, 'After', 'after')"))
    audit.record(
        tx,
        actor=actor,
        action="organization.rename",
        subject=audit.Subject("organization", 1),
        before=BEFORE,
        after={"id": 1, "name": "After"},
    )


def _write_and_fail(db: Database, write: Callable[[Tx], None]) -> None:
    def fail() -> None:
        with db.write() as tx:
            write(tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_an_entry_says_who_did_what_to_which_row_before_and_after(db: Database) -> None:
    structlog.contextvars.bind_contextvars(reference="K7MX2P9Q", source="bulk")
    with db.write() as tx:
        _rename(tx)
    entry = db.one(TRAIL, Entry)
    assert entry == Entry(
        actor_id=7,
        actor_name="Ana",
        action="organization.rename",
        subject_type="organization",
        subject_id="1",
        before={"id": 1, "name": "Before", "created_at": "2026-11-01T12:00:00+00:00"},
        after={"id": 1, "name": "After"},
        reference="K7MX2P9Q",
        source="bulk",
    )


def test_the_entry_is_rolled_back_together_with_the_change(db: Database) -> None:
    _write_and_fail(db, _rename)
    assert db.scalar(text("select count(*) from organizations")) == 0
    assert db.scalar(text("select count(*) from activity_logs")) == 0


def test_what_the_system_does_is_nobodys_act(db: Database) -> None:
    with db.write() as tx:
        _rename(tx, SYSTEM)
    entry = db.one(TRAIL, Entry)
    assert entry is not None
    assert (entry.actor_id, entry.actor_name, entry.source) == (None, "Atalaya", "page")


def test_an_effect_waits_in_the_outbox_only_if_its_change_was_committed(db: Database) -> None:
    with db.write() as tx:
        outbox.enqueue(tx, topic="mail.invitation", payload={"to": 12, "at": BEFORE.created_at})
    _write_and_fail(db, lambda tx: outbox.enqueue(tx, topic="mail.invitation", payload={"to": 13}))
    waiting = db.frame(text("select topic, payload ->> 'to' as to, attempts from outbox"))
    assert waiting.to_dict("records") == [{"topic": "mail.invitation", "to": "12", "attempts": 0}]


def test_open_pages_hear_of_a_topic_on_commit_and_not_before(db: Database, db_url: str) -> None:
    with psycopg.connect(db_url, autocommit=True) as listener:
        listener.execute("listen atalaya")
        with db.write() as tx:
            outbox.notify(tx, topic="alerts")
            assert list(listener.notifies(timeout=0.2)) == []
        heard = list(listener.notifies(timeout=5, stop_after=1))
    assert [(notice.channel, notice.payload) for notice in heard] == [("atalaya", "alerts")]
