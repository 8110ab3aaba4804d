"""Atalaya's own tables: effects still to happen, signs of life, and which tables it created."""

from sqlalchemy import Index, Integer, Table, Text
from sqlalchemy import column as name_of
from sqlalchemy.dialects.postgresql import JSONB

from data.schema.base import (
    NOW,
    UPDATED_OFTEN,
    Instant,
    column,
    identity,
    metadata,
    not_negative,
)

outbox = Table(
    "outbox",
    metadata,
    identity("Number of the message; order of delivery"),
    column("topic", Text, "What happened, such as alert.acknowledged"),
    column("payload", JSONB, "What the deliverer needs", default="'{}'"),
    column("created_at", Instant(), "When it was written", default=NOW),
    column("delivered_at", Instant(), "When the effect happened", null=True),
    column("attempts", Integer, "Attempts made", default="0"),
    column("next_attempt_at", Instant(), "Not before", default=NOW),
    column("last_error", Text, "What the last attempt said", null=True),
    *not_negative("attempts"),
    Index(
        "outbox_waiting_idx",
        "next_attempt_at",
        "id",
        postgresql_where=name_of("delivered_at").is_(None),
    ),
    Index(None, "delivered_at"),
    postgresql_with=UPDATED_OFTEN,
    comment="Outside effects to deliver after their transaction committed",
)

worker_heartbeats = Table(
    "worker_heartbeats",
    metadata,
    column("name", Text, "Name of the worker", key=True),
    column("beat_at", Instant(), "Last sign of life", default=NOW),
    column("started_at", Instant(), "When it started", default=NOW),
    column("details", JSONB, "What it is doing", default="'{}'"),
    postgresql_with=UPDATED_OFTEN,
    comment="Signs of life of the background workers",
)

created_tables = Table(
    "atalaya_created_tables",
    metadata,
    column("name", Text, "Name of the table", key=True),
    column("created_at", Instant(), "When a migration created it", default=NOW),
    comment="Tables that a migration of Atalaya created, and later ones may therefore alter",
)
