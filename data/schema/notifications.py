"""What members are told, and how they want to be told."""

from sqlalchemy import BigInteger, Boolean, Index, Table, Text
from sqlalchemy import column as name_of

from data.schema.base import NOW, Instant, column, identity, metadata, one_of

KINDS = ("system", "billing", "agent", "workflow", "team", "knowledge_base")
SEVERITIES = ("info", "warning", "critical")

notifications = Table(
    "notifications",
    metadata,
    identity("Number of the notification"),
    column("member_id", BigInteger, "Who is told", to="team_members.id"),
    column("kind", Text, "system, billing, agent, workflow, team or knowledge_base"),
    column("severity", Text, "info, warning or critical", default="'info'"),
    column("title", Text, "What happened"),
    column("body", Text, "More about it", default="''"),
    column("link", Text, "Page that shows it", null=True),
    column("created_at", Instant(), "When it was written", default=NOW),
    column("read_at", Instant(), "When it was read", null=True),
    column("emailed_at", Instant(), "When the mail left", null=True),
    one_of("kind", *KINDS),
    one_of("severity", *SEVERITIES),
    Index(None, "member_id", "created_at"),
    Index(
        "notifications_unread_idx",
        "member_id",
        "created_at",
        postgresql_where=name_of("read_at").is_(None),
    ),
    comment="In-app notifications",
)

notification_preferences = Table(
    "notification_preferences",
    metadata,
    column("member_id", BigInteger, "Whose wish", key=True, to="team_members.id"),
    column("kind", Text, "About which kind", key=True),
    column("in_app", Boolean, "Show in the app", default="true"),
    column("email", Boolean, "Send by mail", default="false"),
    column("min_severity", Text, "Only from this severity on", default="'info'"),
    column("updated_at", Instant(), "When it was last changed", default=NOW),
    one_of("kind", *KINDS),
    one_of("min_severity", *SEVERITIES),
    comment="Wishes of members, by kind; absent means the defaults",
)
