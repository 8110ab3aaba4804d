"""How far the rollups have come, and what they could not take."""

from sqlalchemy import BigInteger, Date, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from data.schema.base import (
    NOW,
    UPDATED_OFTEN,
    Instant,
    Xid8,
    column,
    holds,
    metadata,
    one_of,
)

rollup_state = Table(
    "rollup_state",
    metadata,
    column("id", SmallInteger, "Always 1: there is one row", key=True, default="1"),
    column(
        "tx_done", Xid8(), "Rows of transactions below this are in the rollups", default="'0'::xid8"
    ),
    column("as_of", Date, "Newest payment day consumed", null=True),
    column("source_max_at", Instant(), "Newest event consumed", null=True),
    column("refreshed_at", Instant(), "When the last refresh committed", null=True),
    column("system_identifier", Text, "Cluster whose transaction ids tx_done counts", null=True),
    column("definition", Text, "Business zone and booking steps that the cells rest on", null=True),
    column("raw_since", Instant(), "Events before this are dropped; null for none", null=True),
    column("minutes_since", Instant(), "roll_minute begins here; null for always", null=True),
    column("audited_at", Instant(), "When the last audit ended", null=True),
    column("audit_differing", BigInteger, "Rows that it found to differ", null=True),
    holds("one_row", "id = 1"),
    postgresql_with=UPDATED_OFTEN,
    comment="How far the rollups have come",
)

rollup_set_aside = Table(
    "rollup_set_aside",
    metadata,
    column("visitor_id", BigInteger, "Visitor", key=True),
    column("session_id", BigInteger, "Session within the visitor", key=True),
    column("event_id", UUID(as_uuid=True), "The event", key=True),
    column("occurred_at", Instant(), "When it says that it happened", key=True),
    column("reason", Text, "future, too_old or long_session"),
    column("set_aside_at", Instant(), "When the refresh met it", default=NOW),
    one_of("reason", "future", "too_old", "long_session"),
    postgresql_with=UPDATED_OFTEN,
    comment="Events that no rollup contains: impossible times, and late ones of endless sessions",
)
