"""The tenants that the filter bar offers."""

from dashboard.ui.known import known
from data.tenants import Tenant, organizations


def names() -> dict[int, str]:
    """Names by id; empty while Postgres has not answered, and the filter is then left out."""
    found = known(organizations)
    every = found if isinstance(found, list) else []
    return {tenant.id: tenant.name for tenant in every if isinstance(tenant, Tenant)}
