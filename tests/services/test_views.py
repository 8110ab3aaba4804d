"""Saved views: one's own to change, the team's to see, each member's own pins."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from data.database import Database
from data.views import View
from data.views import views as seen
from services import views
from services.actors import Actor, Role
from services.errors import Conflict, Invalid, NotFound
from tests import factories

TRAIL = text("""
    select action, subject_id, before, after from activity_logs
    where action like 'views.%' order by id
""")


@pytest.fixture
def ana(db: Database) -> Actor:
    return _actor(db, "Ana")


@pytest.fixture
def bruno(db: Database) -> Actor:
    return _actor(db, "Bruno")


def _actor(db: Database, name: str) -> Actor:
    row = factories.member(db, name=name)
    return Actor(id=row["id"], email=row["email"], name=name, role=Role.VIEWER)


def _save(db: Database, actor: Actor, name: str = "Mobile in Córdoba") -> View:
    return views.save(db, actor=actor, name=name, path="funnel", query="region=AR-X&span=30d")


def _trail(db: Database) -> list[dict[Any, Any]]:
    return db.frame(TRAIL).to_dict("records")


def test_a_saved_view_is_there_for_its_owner_alone_with_an_audit_row(
    db: Database, ana: Actor, bruno: Actor
) -> None:
    saved = _save(db, ana, "  Mobile in   Córdoba ")
    (found,) = seen(db, member_id=ana.id)
    assert (found.id, found.name, found.path) == (saved.id, "Mobile in Córdoba", "funnel")
    assert (found.query, found.owner) == ("region=AR-X&span=30d", "Ana")
    assert not found.is_shared
    assert not found.is_pinned
    assert seen(db, member_id=bruno.id) == []
    (entry,) = _trail(db)
    assert (entry["action"], entry["subject_id"]) == ("views.save", str(saved.id))
    assert entry["after"]["query"] == "region=AR-X&span=30d"


def test_a_name_is_taken_once_whatever_its_case_but_only_by_its_owner(
    db: Database, ana: Actor, bruno: Actor
) -> None:
    _save(db, ana)
    with pytest.raises(Conflict, match="already have a view named mobile"):
        _save(db, ana, "mobile in córdoba")
    _save(db, bruno)
    assert len(_trail(db)) == 2


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b", "a\u202eb"])
def test_a_name_that_is_none_is_refused(db: Database, ana: Actor, name: str) -> None:
    with pytest.raises(Invalid):
        _save(db, ana, name)
    assert _trail(db) == []


@pytest.mark.parametrize(
    ("path", "query"),
    [("//evil.example", ""), ("../x", ""), ("javascript:alert(1)", ""), ("", "a=" + "x" * 2000)],
)
def test_what_is_no_address_of_ours_is_refused(
    db: Database, ana: Actor, path: str, query: str
) -> None:
    with pytest.raises(Invalid):
        views.save(db, actor=ana, name="n", path=path, query=query)


def test_of_an_address_only_names_and_values_are_kept(db: Database, ana: Actor) -> None:
    saved = views.save(
        db, actor=ana, name="n", path="", query="span=7d&<script>=1&x=&q=a b&A=1#frag"
    )
    assert saved.query == "span=7d&q=a+b"


def test_a_shared_view_is_seen_and_pinned_by_all_and_changed_by_its_owner_only(
    db: Database, ana: Actor, bruno: Actor
) -> None:
    saved = _save(db, ana)
    attempts: list[Callable[[], object]] = [
        lambda: views.share(db, actor=bruno, view_id=saved.id, is_shared=True),
        lambda: views.delete(db, actor=bruno, view_id=saved.id),
        lambda: views.pin(db, actor=bruno, view_id=saved.id, is_pinned=True),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    views.share(db, actor=ana, view_id=saved.id, is_shared=True)
    views.pin(db, actor=bruno, view_id=saved.id, is_pinned=True)
    (found,) = seen(db, member_id=bruno.id)
    assert found.is_pinned
    assert found.owner == "Ana"
    for attempt in attempts[:2]:
        with pytest.raises(NotFound):
            attempt()
    assert not seen(db, member_id=ana.id)[0].is_pinned


def test_twice_is_like_once(db: Database, ana: Actor) -> None:
    saved = _save(db, ana)
    for _ in range(2):
        views.share(db, actor=ana, view_id=saved.id, is_shared=True)
        views.pin(db, actor=ana, view_id=saved.id, is_pinned=True)
    assert [entry["action"] for entry in _trail(db)] == ["views.save", "views.share", "views.pin"]


def test_a_view_that_is_no_longer_shared_leaves_the_overviews_of_the_others(
    db: Database, ana: Actor, bruno: Actor
) -> None:
    saved = _save(db, ana)
    views.share(db, actor=ana, view_id=saved.id, is_shared=True)
    for actor in (ana, bruno):
        views.pin(db, actor=actor, view_id=saved.id, is_pinned=True)
    views.share(db, actor=ana, view_id=saved.id, is_shared=False)
    views.share(db, actor=ana, view_id=saved.id, is_shared=True)
    assert seen(db, member_id=ana.id)[0].is_pinned
    assert not seen(db, member_id=bruno.id)[0].is_pinned


def test_a_deleted_view_is_gone_with_its_pins(db: Database, ana: Actor) -> None:
    saved = _save(db, ana)
    views.pin(db, actor=ana, view_id=saved.id, is_pinned=True)
    views.delete(db, actor=ana, view_id=saved.id)
    assert seen(db, member_id=ana.id) == []
    with pytest.raises(NotFound):
        views.delete(db, actor=ana, view_id=saved.id)
    assert [entry["action"] for entry in _trail(db)][-1] == "views.delete"
