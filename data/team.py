"""Reads about the team: who is a member, with which role."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from data.database import Database

MEMBER: Final = text("""
    -- data.team.member
    select id, email, name, role, status, created_at, removed_at
    from team_members
    where lower(email) = lower(:email)
""")

MEMBERS: Final = text("""
    -- data.team.members
    select id, email, name, role, status, created_at, removed_at
    from team_members
    where status = 'active'
    order by name, id
""")


@dataclass(frozen=True, slots=True)
class Member:
    """A row of team_members. `role` and `status` are the words of the table."""

    id: int
    email: str
    name: str
    role: str
    status: str
    created_at: datetime
    removed_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether the person still belongs to the team."""
        return self.status == "active"


def member(db: Database, email: str) -> Member | None:
    """The member with this address, upper or lower case; removed ones too. None if there never was.

    Not a cached question: who may enter is read each time. Source: team_members. Raises SourceDown.
    """
    return db.one(MEMBER, Member, email=email)


def members(db: Database) -> list[Member]:
    """Active members by name. Source: team_members. Raises SourceDown."""
    return db.rows(MEMBERS, Member)
