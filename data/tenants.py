"""Reads about the organizations whose providers are booked: the tenants."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters

ORGANIZATIONS: Final = text("""
    -- data.tenants.organizations
    select id, name
    from organizations
    order by name, id
""")


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization, as the filter offers it."""

    id: int
    name: str


@question(ttl_s=300)
def organizations(db: Database, filters: Filters) -> list[Tenant]:  # noqa: ARG001 - of all time
    """All organizations by name, whatever the filters.

    Grain: organization. Empty when there is none. Source: organizations.
    """
    return db.rows(ORGANIZATIONS, Tenant)
