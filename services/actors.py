"""Who acts, and what they may do. Roles are cumulative: each adds duties to the one before."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from operator import or_
from typing import Final

from services.errors import Refused


class Role(StrEnum):
    """A duty in the team, from the least to the most."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ON_CALL = "on_call"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def label(self) -> str:
        """The role as a person reads it."""
        return self.value.replace("_", " ").capitalize()


class Permission(StrEnum):
    """One thing that a person may or may not do."""

    VIEW = "see pages"
    EXPORT = "export data"
    ALERTS_WRITE = "work alerts"
    JOBS_WRITE = "work jobs"
    OPTIMIZATIONS_WRITE = "approve optimizations"
    BETA_WRITE = "manage the beta"
    BILLING_WRITE = "manage billing"
    COMPLIANCE_WRITE = "manage compliance"
    SETTINGS_WRITE = "change settings"
    PERSONAL_DATA = "see personal data"
    TEAM_WRITE = "manage the team"


# What each role may do beyond the role before it, in the order of Role.
_ADDED: Final[dict[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.ANALYST: frozenset({Permission.EXPORT}),
    Role.ON_CALL: frozenset(
        {Permission.ALERTS_WRITE, Permission.JOBS_WRITE, Permission.OPTIMIZATIONS_WRITE}
    ),
    Role.ADMIN: frozenset(
        {
            Permission.BETA_WRITE,
            Permission.BILLING_WRITE,
            Permission.COMPLIANCE_WRITE,
            Permission.SETTINGS_WRITE,
            # Deletion requests and refunds cannot be worked without knowing whose they are.
            Permission.PERSONAL_DATA,
        }
    ),
    Role.OWNER: frozenset({Permission.TEAM_WRITE}),
}
PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = dict(
    zip(Role, accumulate((_ADDED[role] for role in Role), or_), strict=True)
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of the team, as of the last look-up of the role. `id` is team_members.id."""

    id: int
    email: str
    name: str
    role: Role

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything that the role allows."""
        return PERMISSIONS[self.role]

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise Refused unless the role allows it."""
        if not self.may(permission):
            raise Refused(
                f"Your role, {self.role.label}, may not {permission.value}.",
                f"Ask an owner for the role {least_role(permission).label}.",
            )


# Acts where no person does: at start, and in the worker. Never a member, so the id is no row's.
SYSTEM: Final = Actor(id=0, email="", name="Atalaya", role=Role.OWNER)


def least_role(permission: Permission) -> Role:
    """The first role that allows it."""
    return next(role for role in Role if permission in PERMISSIONS[role])
