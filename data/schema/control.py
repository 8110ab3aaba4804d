"""What Atalaya asks of the platform, its alert rules, and the platform's deploys."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
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

from data.schema.base import NOW, Instant, column, identity, metadata, not_negative, one_of

optimization_actions = Table(
    "optimization_actions",
    metadata,
    identity("Number of the action"),
    column("kind", Text, "Which remedy"),
    column("target", Text, "Route, query, gateway or component it acts on"),
    column("title", Text, "What a person reads"),
    column("evidence", JSONB, "The figures that led to it", default="'{}'"),
    column("remedy", JSONB, "What the platform shall do, with its parameters", default="'{}'"),
    column(
        "status",
        Text,
        "proposed, approved, applied, rejected, failed or rolled_back",
        default="'proposed'",
    ),
    column("proposed_at", Instant(), "When it was found", default=NOW),
    column("decided_at", Instant(), "When it was approved or rejected", null=True),
    column("decided_by", BigInteger, "Who decided", null=True, to="team_members.id"),
    column("applied_at", Instant(), "When the platform did it", null=True),
    column("rolled_back_at", Instant(), "When it was taken back", null=True),
    column("rolled_back_by", BigInteger, "Who took it back", null=True, to="team_members.id"),
    column("before", JSONB, "Measured before", null=True),
    column("after", JSONB, "Measured after", null=True),
    column("note", Text, "Note of who decided", null=True),
    one_of(
        "kind",
        "aggressive_caching",
        "composite_index",
        "payment_retry",
        "memory_collection",
        "larger_pool",
        "emergency_mode",
    ),
    one_of("status", "proposed", "approved", "applied", "rejected", "failed", "rolled_back"),
    Index(None, "status", "proposed_at"),
    Index(
        "optimization_actions_one_live_idx",
        "kind",
        "target",
        unique=True,
        postgresql_where=name_of("status").in_(["proposed", "approved", "applied"]),
    ),
    comment="Remedies that a person approves and the platform reads",
)

alert_rules = Table(
    "alert_rules",
    metadata,
    identity("Number of the rule"),
    column("name", Text, "Name of the alert"),
    column("signal", Text, "Signal it watches"),
    column("comparator", Text, "gt or lt", default="'gt'"),
    column("threshold", Float, "Value that must not be crossed"),
    column("severity", Text, "info, warning or critical"),
    column("for_s", Integer, "Seconds it must hold before it fires", default="60"),
    column("labels", JSONB, "Only series with these labels", default="'{}'"),
    column("is_enabled", Boolean, "Whether it is looked at", default="true"),
    column("created_at", Instant(), "When it was made", default=NOW),
    column("updated_at", Instant(), "When it was last changed", default=NOW),
    column("updated_by", BigInteger, "Who changed it last", null=True, to="team_members.id"),
    column("version", Integer, "Grows with each change; guards against a lost update", default="1"),
    one_of("comparator", "gt", "lt"),
    one_of("severity", "info", "warning", "critical"),
    *not_negative("for_s"),
    UniqueConstraint("name"),
    comment="Thresholds that people changed; absent means the signal's own",
)

deploys = Table(
    "deploys",
    metadata,
    identity("Number of the deploy"),
    column("service", Text, "What was deployed"),
    column("version", Text, "Release"),
    column("deployed_at", Instant(), "When it went live", default=NOW),
    column("deployed_by", Text, "Who did it", null=True),
    column("commit_sha", Text, "Commit", null=True),
    column("status", Text, "succeeded, failed or rolled_back", default="'succeeded'"),
    column("notes", Text, "What changed", null=True),
    one_of("status", "succeeded", "failed", "rolled_back"),
    Index(None, "deployed_at"),
    comment="Deploys of the platform, marked on the time axis",
)
