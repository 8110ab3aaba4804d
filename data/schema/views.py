"""Views that people saved: an address of Atalaya under a name, and who pinned it."""

from sqlalchemy import BigInteger, Boolean, Index, Table, Text, text

from data.schema.base import NOW, Instant, column, holds, identity, metadata

saved_views = Table(
    "saved_views",
    metadata,
    identity("Number of the view"),
    column("owner_id", BigInteger, "Member who saved it", to="team_members.id"),
    column("name", Text, "What its owner calls it"),
    column("path", Text, "Page below the root; empty for the overview", default="''"),
    column("query", Text, "Filters and choices, as the address has them", default="''"),
    column("is_shared", Boolean, "Whether the whole team sees it", default="false"),
    column("created_at", Instant(), "When it was saved", default=NOW),
    holds("name", "length(name) between 1 and 80"),
    holds("query", "length(query) <= 2000"),
    Index("saved_views_owner_name_key", "owner_id", text("lower(name)"), unique=True),
    Index("saved_views_shared_idx", text("lower(name)"), postgresql_where=text("is_shared")),
    comment="Named addresses: what somebody looks at again and again, and may share",
)

saved_view_pins = Table(
    "saved_view_pins",
    metadata,
    column("member_id", BigInteger, "Whose overview", key=True, to="team_members.id"),
    column("view_id", BigInteger, "Which view", key=True, to="saved_views.id"),
    column("pinned_at", Instant(), "When it was pinned", default=NOW),
    Index(None, "view_id"),
    comment="Views that a member pinned to the own overview",
)
