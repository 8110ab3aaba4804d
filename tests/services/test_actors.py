"""Who may do what."""

import pytest

from services.actors import Actor, Permission, Role, least_role
from services.errors import Refused

ALERTS = {Permission.ALERTS_WRITE, Permission.JOBS_WRITE, Permission.OPTIMIZATIONS_WRITE}
MANAGE = {
    Permission.BETA_WRITE,
    Permission.BILLING_WRITE,
    Permission.COMPLIANCE_WRITE,
    Permission.SETTINGS_WRITE,
    Permission.PERSONAL_DATA,
}
# The duties as the product describes them, written out rather than computed.
MAY = {
    Role.VIEWER: {Permission.VIEW},
    Role.ANALYST: {Permission.VIEW, Permission.EXPORT},
    Role.ON_CALL: {Permission.VIEW, Permission.EXPORT} | ALERTS,
    Role.ADMIN: {Permission.VIEW, Permission.EXPORT} | ALERTS | MANAGE,
    Role.OWNER: {Permission.VIEW, Permission.EXPORT, Permission.TEAM_WRITE} | ALERTS | MANAGE,
}


def _actor(role: Role) -> Actor:
    return Actor(id=7, email="ana@example.com", name="Ana", role=role)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_its_duty_needs_and_nothing_else(
    role: Role, permission: Permission
) -> None:
    assert _actor(role).may(permission) == (permission in MAY[role])


def test_a_refusal_names_the_role_the_deed_and_the_role_that_would_do() -> None:
    with pytest.raises(Refused) as refusal:
        _actor(Role.VIEWER).require(Permission.JOBS_WRITE)
    assert refusal.value.message == "Your role, Viewer, may not work jobs."
    assert refusal.value.remedy == "Ask an owner for the role On call."


def test_what_the_role_allows_is_not_refused() -> None:
    _actor(Role.ANALYST).require(Permission.EXPORT)


def test_the_least_role_for_personal_data_is_admin() -> None:
    assert least_role(Permission.PERSONAL_DATA) is Role.ADMIN
