"""Reads about saved views: those a member sees, and those pinned to the member's overview."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from data.database import Database

VIEWS: Final = text("""
    -- data.views.views
    select views.id, views.owner_id, coalesce(team.name, '') as owner, views.name, views.path,
        views.query, views.is_shared, pins.view_id is not null as is_pinned
    from saved_views as views
    left join team_members as team on team.id = views.owner_id
    left join saved_view_pins as pins on pins.view_id = views.id and pins.member_id = :member_id
    where views.owner_id = :member_id or views.is_shared
    order by pins.view_id is null, lower(views.name), views.id
""")


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as one member sees it.

    `path` is the page below the root, `query` the address's filters and choices; `owner` the name
    of who saved it; `is_pinned` whether this member pinned it.
    """

    id: int
    owner_id: int
    owner: str
    name: str
    path: str
    query: str
    is_shared: bool
    is_pinned: bool


def views(db: Database, *, member_id: int) -> list[View]:
    """The member's own views and the team's shared ones: pinned first, then by name.

    Not a cached question: what was saved a moment ago must be there. Source: saved_views,
    saved_view_pins. Raises SourceDown.
    """
    return db.rows(VIEWS, View, member_id=member_id)
