"""The people who run the platform, and what each of them changed."""

from sqlalchemy import BigInteger, Boolean, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from data.schema.base import NOW, Instant, column, holds, identity, metadata, one_of

ROLES = ("viewer", "analyst", "on_call", "admin", "owner")

team_members = Table(
    "team_members",
    metadata,
    identity("Number of the member"),
    column("email", Text, "Address they sign in with"),
    column("name", Text, "Name on the page"),
    column("role", Text, "viewer, analyst, on_call, admin or owner"),
    column("status", Text, "active or removed", default="'active'"),
    column("has_second_factor", Boolean, "Signs in with a second factor", default="false"),
    column("created_at", Instant(), "When they joined", default=NOW),
    column("last_seen_at", Instant(), "Last time they were here", null=True),
    column("removed_at", Instant(), "When they were removed", null=True),
    one_of("role", *ROLES),
    one_of("status", "active", "removed"),
    holds("removed_has_time", "(status = 'removed') = (removed_at is not null)"),
    Index("team_members_email_key", text("lower(email)"), unique=True),
    comment="Who may use Atalaya, and as what",
)

team_invitations = Table(
    "team_invitations",
    metadata,
    identity("Number of the invitation"),
    column("email", Text, "Who is invited"),
    column("role", Text, "As what"),
    column("token_hash", Text, "SHA-256 of the token in the mail; the token is not stored"),
    column("invited_by", BigInteger, "Who invited", null=True, to="team_members.id"),
    column("created_at", Instant(), "When it was sent", default=NOW),
    column("expires_at", Instant(), "Seven days later", default="now() + interval '7 days'"),
    column("accepted_at", Instant(), "When it was accepted", null=True),
    column("accepted_by", BigInteger, "Member it became", null=True, to="team_members.id"),
    column("revoked_at", Instant(), "When it was withdrawn", null=True),
    one_of("role", *ROLES),
    UniqueConstraint("token_hash"),
    Index("team_invitations_email_idx", text("lower(email)"), text("created_at")),
    comment="Invitations by mail",
)

activity_logs = Table(
    "activity_logs",
    metadata,
    identity("Number of the entry"),
    column("occurred_at", Instant(), "When it was done", default=NOW),
    column("actor_id", BigInteger, "Who did it; null for the system", null=True),
    column("actor_name", Text, "Their name then"),
    column("action", Text, "subject.verb, such as alert.acknowledge"),
    column("subject_type", Text, "What it was done to"),
    column("subject_id", Text, "Which one", null=True),
    column("before", JSONB, "The row before", null=True),
    column("after", JSONB, "The row after", null=True),
    column("reference", Text, "Reference shown to the person, found in the logs", null=True),
    column("source", Text, "page, bulk, http, worker or cli", default="'page'"),
    one_of("source", "page", "bulk", "http", "worker", "cli"),
    Index(None, "occurred_at"),
    Index(None, "subject_type", "subject_id", "occurred_at"),
    Index(None, "actor_id", "occurred_at"),
    Index(None, "action", "occurred_at"),
    comment="Every change made through Atalaya: who, what, before, after",
)
