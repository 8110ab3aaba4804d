"""How production is doing: errors, alerts, stored metric samples, health of the components."""

from sqlalchemy import BigInteger, Float, Index, Integer, Table, Text
from sqlalchemy import column as name_of
from sqlalchemy.dialects.postgresql import JSONB

from data.schema.base import (
    NOW,
    UPDATED_OFTEN,
    Instant,
    column,
    holds,
    identity,
    metadata,
    not_negative,
    one_of,
)

production_errors = Table(
    "production_errors",
    metadata,
    identity("Number of the occurrence"),
    column("fingerprint", Text, "Same for occurrences of one defect"),
    column("message", Text, "First line of the error"),
    column("kind", Text, "Class of the error", default="'Error'"),
    column("route", Text, "Route or job that failed", null=True),
    column("release", Text, "Version that was running", null=True),
    column("level", Text, "warning, error or fatal", default="'error'"),
    column("user_id", BigInteger, "Person who met it", null=True),
    column("occurred_at", Instant(), "When it happened", default=NOW),
    column("context", JSONB, "Stack and tags", default="'{}'"),
    one_of("level", "warning", "error", "fatal"),
    Index(None, "occurred_at"),
    Index(None, "fingerprint", "occurred_at"),
    comment="Errors of the platform, one row per occurrence",
)

production_alerts = Table(
    "production_alerts",
    metadata,
    identity("Number of the alert"),
    column("fingerprint", Text, "Same while one rule fires for one set of labels"),
    column("rule", Text, "Name of the rule that fired"),
    column("title", Text, "What a person reads"),
    column("severity", Text, "info, warning or critical"),
    column("status", Text, "open, acknowledged, silenced or resolved", default="'open'"),
    column("source", Text, "Who raised it: prometheus, platform or atalaya"),
    column("labels", JSONB, "Labels of the firing series", default="'{}'"),
    column("value", Float, "Value that crossed the threshold", null=True),
    column("threshold", Float, "Threshold that was crossed", null=True),
    column("started_at", Instant(), "When it began to fire", default=NOW),
    column("last_seen_at", Instant(), "When it last fired", default=NOW),
    column("count", Integer, "How often it fired", default="1"),
    column("acknowledged_by", BigInteger, "Who took it", null=True, to="team_members.id"),
    column("acknowledged_at", Instant(), "When it was taken", null=True),
    column("assigned_to", BigInteger, "Who works on it", null=True, to="team_members.id"),
    column("silenced_until", Instant(), "Quiet until then", null=True),
    column("resolved_at", Instant(), "When it ended", null=True),
    column(
        "resolved_by",
        BigInteger,
        "Who ended it; null when it cleared",
        null=True,
        to="team_members.id",
    ),
    column("cause", Text, "What it was, as found", null=True),
    column("note", Text, "Latest note", null=True),
    one_of("severity", "info", "warning", "critical"),
    one_of("status", "open", "acknowledged", "silenced", "resolved"),
    holds("resolved_has_time", "(status = 'resolved') = (resolved_at is not null)"),
    holds("count_positive", "count > 0"),
    Index(
        "production_alerts_one_unresolved_idx",
        "fingerprint",
        unique=True,
        postgresql_where=name_of("status") != "resolved",
    ),
    Index(None, "status", "severity", "started_at"),
    Index(None, "started_at"),
    Index(None, "resolved_at", postgresql_where=name_of("resolved_at").is_not(None)),
    postgresql_with=UPDATED_OFTEN,
    comment="Alerts and their way from open to resolved; one unresolved per fingerprint",
)

production_metrics = Table(
    "production_metrics",
    metadata,
    identity("Number of the sample"),
    column("name", Text, "Name of the signal, such as api_latency_p95"),
    column("labels", JSONB, "The series within the signal; {} when there is one", default="'{}'"),
    column("value", Float, "Value in the signal's unit"),
    column("recorded_at", Instant(), "When it was measured", default=NOW),
    Index(None, "name", "recorded_at"),
    Index(None, "recorded_at"),
    comment="Samples of signals, read where there is no Prometheus",
)

system_health_status = Table(
    "system_health_status",
    metadata,
    column("component", Text, "Name of the component or third party", key=True),
    column("kind", Text, "component, data_store or third_party"),
    column("status", Text, "operational, degraded, down or maintenance"),
    column("latency_ms", Float, "How long the check took", null=True),
    column("message", Text, "What the check said", null=True),
    column("checked_at", Instant(), "When it was checked", key=True, default=NOW),
    one_of("kind", "component", "data_store", "third_party"),
    one_of("status", "operational", "degraded", "down", "maintenance"),
    *not_negative("latency_ms"),
    Index(None, "checked_at"),
    comment="Health checks: a row per component every five minutes and at each change",
)
