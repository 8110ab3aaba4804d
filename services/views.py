"""Saving, sharing and pinning views. Every member may; only the owner changes a view."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import text

from data.database import Database, Tx
from data.views import View
from services import audit, meters
from services.actors import Actor, Permission
from services.errors import Conflict, Invalid, NotFound

LONGEST_NAME: Final = 80
LONGEST_QUERY: Final = 2_000
MOST: Final = 200
"""Views of one member: more is no longer a list that anybody reads."""
_PATH: Final = re.compile(r"[a-z][a-z_]{0,39}|")
_KEY: Final = re.compile(r"[a-z][a-z_]{0,31}")

_SAVE: Final = text("""
    -- services.views.save
    insert into saved_views (owner_id, name, path, query)
    select :owner_id, :name, :path, :query
    where (select count(*) from saved_views where owner_id = :owner_id) < :most
    on conflict (owner_id, lower(name)) do nothing
    returning id, owner_id, '' as owner, name, path, query, is_shared, false as is_pinned
""")
_VIEW: Final = text("""
    -- services.views.view
    select id, owner_id, '' as owner, name, path, query, is_shared, false as is_pinned
    from saved_views
    where id = :view_id and (owner_id = :member_id or is_shared)
    for update
""")
_NAMED: Final = text("""
    -- services.views.named
    select count(*) from saved_views where owner_id = :owner_id and lower(name) = lower(:name)
""")
_SHARE: Final = text("""
    -- services.views.share
    update saved_views set is_shared = :is_shared
    where id = :view_id and owner_id = :owner_id
    returning id, owner_id, '' as owner, name, path, query, is_shared, false as is_pinned
""")
# A view that is no longer shared leaves the overviews of the others.
_UNPIN_OTHERS: Final = text("""
    -- services.views.unpin_others
    delete from saved_view_pins where view_id = :view_id and member_id <> :owner_id
""")
_UNPIN_ALL: Final = text("""
    -- services.views.unpin_all
    delete from saved_view_pins where view_id = :view_id
""")
_DELETE: Final = text("""
    -- services.views.delete
    delete from saved_views where id = :view_id and owner_id = :owner_id
""")
_PIN: Final = text("""
    -- services.views.pin
    insert into saved_view_pins (member_id, view_id) values (:member_id, :view_id)
    on conflict do nothing
""")
_UNPIN: Final = text("""
    -- services.views.unpin
    delete from saved_view_pins where member_id = :member_id and view_id = :view_id
""")


def save(db: Database, *, actor: Actor, name: str, path: str, query: str) -> View:
    """Save an address of Atalaya under a name of the actor's own.

    `path` is the page below the root, `query` what follows the question mark; both are kept only as
    far as they are an address of ours. Raises Refused, Invalid, Conflict (the name is taken).
    """
    with meters.counted("views.save"):
        actor.require(Permission.VIEW)
        name, query = _name(name), _query(query)
        if not _PATH.fullmatch(path):
            raise Invalid("This address is no page of Atalaya.", "Open a page and save it there.")
        with db.write() as tx:
            saved = tx.one_or_none(
                _SAVE, View, owner_id=actor.id, name=name, path=path, query=query, most=MOST
            )
            if saved is None:
                raise _not_saved(tx, actor, name)
            _audit(tx, actor, "save", saved.id, before=None, after=saved)
    return saved


def share(db: Database, *, actor: Actor, view_id: int, is_shared: bool) -> View:
    """Show a view of one's own to the whole team, or to nobody else any more.

    Safe to call twice. Raises Refused, NotFound (also for a view of somebody else).
    """
    with meters.counted("views.share"):
        actor.require(Permission.VIEW)
        with db.write() as tx:
            before = tx.one_or_none(_VIEW, View, view_id=view_id, member_id=actor.id)
            after = tx.one_or_none(
                _SHARE, View, view_id=view_id, owner_id=actor.id, is_shared=is_shared
            )
            if before is None or after is None:
                raise _missing()
            if not is_shared:
                tx.execute(_UNPIN_OTHERS, view_id=view_id, owner_id=actor.id)
            if before != after:
                _audit(tx, actor, "share", view_id, before=before, after=after)
    return after


def delete(db: Database, *, actor: Actor, view_id: int) -> None:
    """Delete a view of one's own, and all pins of it. Raises Refused, NotFound."""
    with meters.counted("views.delete"):
        actor.require(Permission.VIEW)
        with db.write() as tx:
            before = tx.one_or_none(_VIEW, View, view_id=view_id, member_id=actor.id)
            if before is None or before.owner_id != actor.id:
                raise _missing()
            tx.execute(_UNPIN_ALL, view_id=view_id)
            tx.execute(_DELETE, view_id=view_id, owner_id=actor.id)
            _audit(tx, actor, "delete", view_id, before=before, after=None)


def pin(db: Database, *, actor: Actor, view_id: int, is_pinned: bool) -> None:
    """Put a view that the actor sees on the actor's overview, or take it off. Safe to call twice.

    Raises Refused, NotFound.
    """
    with meters.counted("views.pin"):
        actor.require(Permission.VIEW)
        with db.write() as tx:
            seen = tx.one_or_none(_VIEW, View, view_id=view_id, member_id=actor.id)
            if seen is None:
                raise _missing()
            changed = tx.execute(_PIN if is_pinned else _UNPIN, member_id=actor.id, view_id=view_id)
            if changed:
                before, after = {"is_pinned": not is_pinned}, {"is_pinned": is_pinned}
                _audit(tx, actor, "pin", view_id, before=before, after=after)


def _name(given: str) -> str:
    name = " ".join(given.split())
    if not name:
        raise Invalid("A view needs a name.", "Say in a few words what it shows.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"A name has at most {LONGEST_NAME} characters.", "Choose a shorter one.")
    return name


def _query(given: str) -> str:
    pairs = parse_qsl(given) if len(given) <= LONGEST_QUERY else []
    query = urlencode([(key, value) for key, value in pairs if _KEY.fullmatch(key)])
    if len(given) > LONGEST_QUERY or len(query) > LONGEST_QUERY:
        raise Invalid("This address is too long to save.", "Choose fewer filters.")
    return query


def _not_saved(tx: Tx, actor: Actor, name: str) -> Conflict | Invalid:
    if tx.scalar(_NAMED, owner_id=actor.id, name=name):
        return Conflict(f"You already have a view named {name}.", "Choose another name.")
    return Invalid(f"You have {MOST} views already.", "Delete one that you no longer need.")


def _missing() -> NotFound:
    return NotFound("This view is not there any more, or is not yours.", "Reload the page.")


def _audit(tx: Tx, actor: Actor, verb: str, view_id: int, *, before: object, after: object) -> None:
    audit.record(
        tx,
        actor=actor,
        action=f"views.{verb}",
        subject=audit.Subject("saved_view", view_id),
        before=before,
        after=after,
    )
