"""The shared tables, one module per area. `metadata` is the whole; the migrations create it.

`data.readiness` compares a database with it.
"""

from typing import Final

from sqlalchemy import Table

from data.schema import (
    aggregates,
    beta,
    billing,
    compliance,
    control,
    dimensions,
    events,
    jobs,
    marketplace,
    notifications,
    own,
    production,
    provider_scores,
    rollups,
    rollups_money,
    rollups_state,
    team,
    views,
)
from data.schema.base import metadata

# Too large to be read from end to end: a statement that scans one of these is refused by a test.
LARGE_TABLES: Final = frozenset(
    {
        "analytics_events",
        "bookings",
        "job_history",
        "payment_applied",
        "payments",
        "production_errors",
        "production_metrics",
        "sessions",
        "system_health_status",
    }
)

__all__ = [
    "LARGE_TABLES",
    "aggregates",
    "beta",
    "billing",
    "compliance",
    "control",
    "dimensions",
    "events",
    "jobs",
    "marketplace",
    "metadata",
    "notifications",
    "own",
    "production",
    "provider_scores",
    "rollups",
    "rollups_money",
    "rollups_state",
    "tables",
    "team",
    "views",
]


def tables() -> list[Table]:
    """All tables, each after those that it refers to."""
    return metadata.sorted_tables
