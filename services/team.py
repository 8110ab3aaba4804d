"""Changes to the team."""

from typing import Final

from sqlalchemy import text

from data.database import Database, Tx
from data.team import Member
from services import audit, meters
from services.actors import SYSTEM

# Held to the end of the transaction, so that two processes that start together make one owner.
_LOCK: Final = text("""
    -- services.team.lock
    select pg_advisory_xact_lock(hashtextextended('atalaya.team.first_owner', 0))
""")

_AN_OWNER: Final = text("""
    -- services.team.an_owner
    select id, email, name, role, status, created_at, removed_at
    from team_members
    where role = 'owner' and status = 'active'
    order by id
    limit 1
""")

_BEFORE: Final = text("""
    -- services.team.before
    select id, email, name, role, status, created_at, removed_at
    from team_members
    where lower(email) = lower(:email)
    for update
""")

_MAKE_OWNER: Final = text("""
    -- services.team.make_owner
    insert into team_members (email, name, role, status)
    values (:email, :name, 'owner', 'active')
    on conflict (lower(email)) do update
        set role = 'owner', status = 'active', removed_at = null
    returning id, email, name, role, status, created_at, removed_at
""")


def ensure_first_owner(db: Database, *, email: str) -> Member | None:
    """Make the person of this address owner while the team has none; they need not exist before.

    Gives the new owner, or None when the team had an owner already: then nothing is changed, also
    if called twice or by two processes at once. Audited as the system's act. Raises SourceDown.
    """
    with db.write() as tx:
        tx.execute(_LOCK)
        if tx.one_or_none(_AN_OWNER, Member) is not None:
            return None
        with meters.counted("team.first_owner"):
            return _promote(tx, email)


def _promote(tx: Tx, email: str) -> Member:
    before = tx.one_or_none(_BEFORE, Member, email=email)
    name = email.partition("@")[0]
    owner = tx.one_or_none(_MAKE_OWNER, Member, email=email, name=name)
    if owner is None:
        raise RuntimeError("insert … returning gave no row")
    audit.record(
        tx,
        actor=SYSTEM,
        action="team.first_owner",
        subject=audit.Subject("team_member", owner.id),
        before=before,
        after=owner,
    )
    return owner
