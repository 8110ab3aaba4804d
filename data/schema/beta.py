"""The beta: who may come in, at which level, and what they use."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
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

LEVELS = ("NONE", "BASIC", "PREMIUM", "ADVANCED", "DEVELOPER")

beta_invite_codes = Table(
    "beta_invite_codes",
    metadata,
    identity("Number of the code"),
    column("code", Text, "What the invited person types"),
    column("level", Text, "Level that it gives"),
    column("usage_limit", Integer, "How often it may be used; null is without limit", null=True),
    column("used_count", Integer, "How often it was used", default="0"),
    column("expires_at", Instant(), "Not valid from then on; null is for ever", null=True),
    column("created_at", Instant(), "When it was made", default=NOW),
    column("created_by", BigInteger, "Who made it", null=True, to="team_members.id"),
    column("revoked_at", Instant(), "When it was withdrawn", null=True),
    column("revoked_by", BigInteger, "Who withdrew it", null=True, to="team_members.id"),
    column("note", Text, "What it is for", null=True),
    one_of("level", *LEVELS[1:]),
    *not_negative("used_count"),
    holds("usage_limit_positive", "usage_limit > 0"),
    holds("within_limit", "used_count <= usage_limit"),
    UniqueConstraint("code"),
    postgresql_with=UPDATED_OFTEN,
    comment="Invite codes of the beta",
)

beta_user_access = Table(
    "beta_user_access",
    metadata,
    column("user_id", BigInteger, "Person", key=True, to="users.id"),
    column("level", Text, "Level they have now", default="'NONE'"),
    column(
        "invite_code_id", BigInteger, "Code they came with", null=True, to="beta_invite_codes.id"
    ),
    column("granted_at", Instant(), "When they first got access", default=NOW),
    column("updated_at", Instant(), "When the level last changed", default=NOW),
    column("updated_by", BigInteger, "Who changed it last", null=True, to="team_members.id"),
    column("version", Integer, "Grows with each change; guards against a lost update", default="1"),
    one_of("level", *LEVELS),
    Index(None, "level", "granted_at"),
    Index(None, "invite_code_id", "granted_at"),
    comment="Beta level of each person; the way there is in activity_logs",
)

beta_feature_flags = Table(
    "beta_feature_flags",
    metadata,
    identity("Number of the flag"),
    column("key", Text, "Name in the code of the platform"),
    column("name", Text, "Name that a person reads"),
    column("description", Text, "What it turns on", default="''"),
    column("min_level", Text, "Lowest level that has it"),
    column("enabled", Boolean, "Whether anyone has it", default="false"),
    column("rollout_pct", SmallInteger, "Share of those at the level, 0 to 100", default="100"),
    column("created_at", Instant(), "When it was made", default=NOW),
    column("updated_at", Instant(), "When it was last changed", default=NOW),
    column("updated_by", BigInteger, "Who changed it last", null=True, to="team_members.id"),
    column("version", Integer, "Grows with each change; guards against a lost update", default="1"),
    one_of("min_level", *LEVELS),
    holds("rollout_in_range", "rollout_pct between 0 and 100"),
    UniqueConstraint("key"),
    comment="Feature flags of the beta, by level",
)

beta_analytics = Table(
    "beta_analytics",
    metadata,
    identity("Number of the event"),
    column("occurred_at", Instant(), "When it happened", default=NOW),
    column("user_id", BigInteger, "Person", null=True),
    column("level", Text, "Level they had then", default="'NONE'"),
    column("action", Text, "code_redeemed, feature_used, level_changed or feedback"),
    column("feature", Text, "Key of the flag used", null=True),
    column("invite_code_id", BigInteger, "Code redeemed", null=True),
    column("properties", JSONB, "Further facts", default="'{}'"),
    one_of("level", *LEVELS),
    one_of("action", "code_redeemed", "feature_used", "level_changed", "feedback"),
    Index(None, "occurred_at"),
    Index(None, "feature", "occurred_at"),
    Index(None, "invite_code_id", "occurred_at"),
    Index(None, "user_id", "occurred_at"),
    comment="What people of the beta did",
)
