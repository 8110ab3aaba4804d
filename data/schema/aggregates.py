"""Figures that the platform itself sums up."""

from sqlalchemy import BigInteger, Date, Float, Index, Integer, Table, Text

from data.schema.base import NOW, Instant, column, identity, metadata, not_negative, one_of

daily_metrics = Table(
    "daily_metrics",
    metadata,
    column("day", Date, "Local day", key=True),
    column("tenant", Integer, "Organization, 0 for all", key=True, default="0"),
    column("name", Text, "Name of the figure", key=True),
    column("value", Float, "Value"),
    column("unit", Text, "Unit of the value", default="''"),
    column("updated_at", Instant(), "When it was last written", default=NOW),
    Index(None, "name", "day"),
    comment="Daily figures written by the platform",
)

agent_metrics = Table(
    "agent_metrics",
    metadata,
    identity("Number of the answer"),
    column("occurred_at", Instant(), "When the agent answered", default=NOW),
    column("agent", Text, "Which agent"),
    column("model", Text, "Model it used", null=True),
    column("tenant", Integer, "Organization, 0 for none", default="0"),
    column("response_ms", Float, "How long the answer took"),
    column("tokens_in", BigInteger, "Tokens read", default="0"),
    column("tokens_out", BigInteger, "Tokens written", default="0"),
    column("status", Text, "ok or error", default="'ok'"),
    column("error_kind", Text, "What went wrong", null=True),
    one_of("status", "ok", "error"),
    *not_negative("response_ms", "tokens_in", "tokens_out"),
    Index(None, "occurred_at"),
    Index(None, "agent", "occurred_at"),
    comment="Answers of the AI agents: time, tokens, errors",
)
