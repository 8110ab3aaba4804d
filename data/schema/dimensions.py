"""Small code tables. Id 0 is "unknown": facts never hold a null code, because codes become keys."""

from sqlalchemy import SmallInteger, Table, Text, UniqueConstraint

from data.schema.base import column, metadata

provinces = Table(
    "provinces",
    metadata,
    column("id", SmallInteger, "Code used by events, sessions and payments", key=True),
    column("iso", Text, "ISO 3166-2 code, AR-A to AR-Z; empty for unknown"),
    column("name", Text, "Name as people write it"),
    UniqueConstraint("iso"),
    comment="The 24 jurisdictions of Argentina, and 0 for unknown",
)

devices = Table(
    "devices",
    metadata,
    column("id", SmallInteger, "Code used by events, sessions and payments", key=True),
    column("code", Text, "mobile, desktop, tablet, unknown"),
    column("name", Text, "Label on the page"),
    UniqueConstraint("code"),
    comment="Device classes of a visit",
)

referrals = Table(
    "referrals",
    metadata,
    column("id", SmallInteger, "Code used by events, sessions and payments", key=True),
    column("code", Text, "direct, whatsapp, instagram, google, other, unknown"),
    column("name", Text, "Label on the page"),
    UniqueConstraint("code"),
    comment="Where a visit came from",
)

event_names = Table(
    "event_names",
    metadata,
    column("id", SmallInteger, "Code used by analytics_events", key=True),
    column("name", Text, "Name that producers send"),
    column("step", SmallInteger, "Booking step 1 to 5; null when not a step", null=True),
    UniqueConstraint("name"),
    UniqueConstraint("step"),
    comment="Names of events, and which of them are the five booking steps",
)
