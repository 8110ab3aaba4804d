"""Day partitions of analytics_events."""

from datetime import date
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

if TYPE_CHECKING:
    from data.database import Tx

_ENSURE: Final = text("""
    -- data.migrations.ensure_event_partitions
    select atalaya_ensure_event_partitions(
        cast(:since as date), cast(:until as date), cast(:zone as text)
    )
""")


def ensure_event_partitions(tx: "Tx", since: date, until: date, zone: ZoneInfo) -> int:
    """Make the missing partitions for the local days [since, until) and return how many were made.

    Events of those days that wait in the default partition move into theirs, with the transaction
    id that they have. Safe to run twice and at the same time. 0 where analytics_events is the
    platform's own and not partitioned.
    """
    made = tx.scalar(_ENSURE, since=since, until=until, zone=zone.key)
    return made if isinstance(made, int) else 0
