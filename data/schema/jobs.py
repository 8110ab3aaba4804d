"""What Redis forgets: finished background jobs."""

from sqlalchemy import Index, Integer, Table, Text
from sqlalchemy import column as name_of
from sqlalchemy.dialects.postgresql import JSONB

from data.schema.base import Instant, column, identity, metadata, not_negative, one_of

job_history = Table(
    "job_history",
    metadata,
    identity("Number of the run"),
    column("queue", Text, "Queue it ran in, such as bulk-messages"),
    column("job_id", Text, "Its id in the queue"),
    column("name", Text, "Kind of job"),
    column("state", Text, "completed, failed or cancelled"),
    column("attempts", Integer, "Attempts made", default="1"),
    column("reason", Text, "Why it failed", null=True),
    column("enqueued_at", Instant(), "When it was added"),
    column("started_at", Instant(), "When the last attempt began", null=True),
    column("finished_at", Instant(), "When it ended"),
    column("data", JSONB, "What the job was given", default="'{}'"),
    one_of("state", "completed", "failed", "cancelled"),
    *not_negative("attempts"),
    Index(None, "finished_at", postgresql_include=["queue", "state", "enqueued_at", "started_at"]),
    Index(None, "queue", "finished_at"),
    Index(None, "queue", "job_id"),
    Index(
        "job_history_failed_idx",
        "finished_at",
        "queue",
        postgresql_where=name_of("state") == "failed",
    ),
    comment="Background jobs that ended, kept after the queue dropped them",
)
