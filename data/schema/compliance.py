"""Rights of the people in the data, how long data lives, and the keys that protect it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    column as name_of,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.schema.base import NOW, Instant, column, holds, identity, metadata, not_negative, one_of

deletion_requests = Table(
    "deletion_requests",
    metadata,
    identity("Number of the request"),
    column("user_id", BigInteger, "Who asks to be erased", to="users.id"),
    column("reason", Text, "In their words", null=True),
    column("status", Text, "pending, cancelled, running, completed or failed", default="'pending'"),
    column("requested_at", Instant(), "When they asked", default=NOW),
    column("execute_after", Instant(), "End of the grace", default="now() + interval '30 days'"),
    column("cancelled_at", Instant(), "When they changed their mind", null=True),
    column("completed_at", Instant(), "When it was done", null=True),
    column("handled_by", BigInteger, "Member who handled it", null=True, to="team_members.id"),
    column("note", Text, "Note of the member", null=True),
    column("erased", JSONB, "Rows erased or anonymised by table", null=True),
    one_of("status", "pending", "cancelled", "running", "completed", "failed"),
    holds("grace_not_negative", "execute_after >= requested_at"),
    Index(None, "status", "execute_after"),
    Index(
        "deletion_requests_one_pending_idx",
        "user_id",
        unique=True,
        postgresql_where=name_of("status").in_(["pending", "running"]),
    ),
    comment="Requests to be erased, with 30 days of grace",
)

data_exports = Table(
    "data_exports",
    metadata,
    identity("Number of the export"),
    column("user_id", BigInteger, "Whose data", to="users.id"),
    column("requested_by", BigInteger, "Member who began it", null=True, to="team_members.id"),
    column("status", Text, "requested, running, ready, expired or failed", default="'requested'"),
    column("format", Text, "json or csv", default="'json'"),
    column("requested_at", Instant(), "When it was asked for", default=NOW),
    column("finished_at", Instant(), "When it was ready", null=True),
    column("expires_at", Instant(), "Not to be fetched from then on", null=True),
    column("size_bytes", BigInteger, "Size of the file", null=True),
    column("sha256", Text, "Checksum of the file", null=True),
    column("error", Text, "Why it failed", null=True),
    one_of("status", "requested", "running", "ready", "expired", "failed"),
    one_of("format", "json", "csv"),
    *not_negative("size_bytes"),
    Index(None, "user_id", "requested_at"),
    Index(None, "status", "requested_at"),
    comment="Copies of a person's data, made on request",
)

retention_policies = Table(
    "retention_policies",
    metadata,
    identity("Number of the policy"),
    column("subject", Text, "What it is about: messages, contacts, conversations, audit_log"),
    column("table_name", Text, "Table that holds it"),
    column("age_column", Text, "Column that its age is counted from"),
    column("keep_days", Integer, "How long it is kept"),
    column("action", Text, "delete or anonymise", default="'delete'"),
    column("is_enabled", Boolean, "Whether the nightly clean-up does it", default="true"),
    column("basis", Text, "Why this long", default="''"),
    column("last_run_at", Instant(), "Last clean-up", null=True),
    column("last_removed", BigInteger, "Rows removed then", null=True),
    column("updated_at", Instant(), "When it was last changed", default=NOW),
    column("updated_by", BigInteger, "Who changed it last", null=True, to="team_members.id"),
    one_of("action", "delete", "anonymise"),
    holds("keep_days_positive", "keep_days > 0"),
    *not_negative("last_removed"),
    UniqueConstraint("subject"),
    comment="How long each kind of data is kept",
)

encryption_keys = Table(
    "encryption_keys",
    metadata,
    identity("Number of the key"),
    column("alias", Text, "Name of the key"),
    column("purpose", Text, "What it protects"),
    column("algorithm", Text, "Such as AES-256-GCM"),
    column("version", Integer, "Version in use", default="1"),
    column("status", Text, "active, rotating, retired or revoked", default="'active'"),
    column("created_at", Instant(), "When the first version was made", default=NOW),
    column("rotated_at", Instant(), "When the version in use was made", default=NOW),
    column("rotate_every_days", Integer, "Age at which it must be rotated", default="90"),
    column("retired_at", Instant(), "When it was taken out of use", null=True),
    one_of("status", "active", "rotating", "retired", "revoked"),
    holds("rotation_positive", "rotate_every_days > 0"),
    UniqueConstraint("alias"),
    comment="Encryption keys by name; the keys themselves are elsewhere",
)

key_rotation_log = Table(
    "key_rotation_log",
    metadata,
    identity("Number of the rotation"),
    column("key_id", BigInteger, "Key rotated", to="encryption_keys.id"),
    column("from_version", Integer, "Version before"),
    column("to_version", Integer, "Version after"),
    column("status", Text, "running, completed or failed", default="'running'"),
    column("started_at", Instant(), "When it began", default=NOW),
    column("finished_at", Instant(), "When it ended", null=True),
    column("records_reencrypted", BigInteger, "Records written anew", default="0"),
    column("performed_by", Text, "Person or system", default="'system'"),
    column("error", Text, "Why it failed", null=True),
    one_of("status", "running", "completed", "failed"),
    *not_negative("records_reencrypted"),
    Index(None, "key_id", "started_at"),
    Index(None, "started_at"),
    comment="Each rotation of an encryption key",
)
