"""The big, append-mostly tables: sessions, analytics_events, payments.

Every unique key contains `visitor_id`, and no foreign key joins them: both keep it possible to
spread them over several machines by visitor.
"""

from sqlalchemy import (
    CHAR,
    BigInteger,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy import (
    column as name_of,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from data.schema.base import NOW, Instant, column, metadata, not_negative, one_of, written_by

sessions = Table(
    "sessions",
    metadata,
    column("visitor_id", BigInteger, "Anonymous id; does not change at sign-in", key=True),
    column("session_id", BigInteger, "Number of the session within the visitor", key=True),
    column("started_at", Instant(), "First event", default=NOW),
    column("last_seen_at", Instant(), "Latest event", default=NOW),
    column("user_id", BigInteger, "Client, once signed in", null=True),
    column("device", SmallInteger, "Device class, 0 unknown", default="0"),
    column("province", SmallInteger, "Jurisdiction, 0 unknown", default="0"),
    column("referral", SmallInteger, "Origin, 0 unknown", default="0"),
    column("tenant", Integer, "Organization, 0 for none", default="0"),
    column("city", Text, "City", null=True),
    column("connection", Text, "2g, 3g, 4g or wifi; null when the client did not say", null=True),
    one_of("connection", "2g", "3g", "4g", "wifi"),
    Index(None, "started_at", postgresql_include=["device", "province", "referral", "tenant"]),
    Index(None, "last_seen_at", postgresql_include=["device", "province", "referral", "tenant"]),
    Index(None, "user_id", postgresql_where=name_of("user_id").is_not(None)),
    comment="Visits: one row per (visitor_id, session_id)",
)

analytics_events = Table(
    "analytics_events",
    metadata,
    column("occurred_at", Instant(), "When it happened; picks the day partition", key=True),
    written_by(),
    column("visitor_id", BigInteger, "Visitor", key=True),
    column("session_id", BigInteger, "Session within the visitor", key=True),
    column("event_id", UUID(as_uuid=True), "Given by the producer; a resend repeats it", key=True),
    column("name", SmallInteger, "Event name code (event_names)", default="0"),
    column("device", SmallInteger, "Device class, 0 unknown", default="0"),
    column("province", SmallInteger, "Jurisdiction, 0 unknown", default="0"),
    column("referral", SmallInteger, "Origin, 0 unknown", default="0"),
    column("tenant", Integer, "Organization, 0 for none", default="0"),
    column("properties", JSONB, "Whatever the producer added", null=True),
    # Identity first, so that "all events of a session" is read from the key as well.
    PrimaryKeyConstraint("visitor_id", "session_id", "event_id", "occurred_at"),
    Index("analytics_events_tx_idx", "tx"),
    Index(
        "analytics_events_occurred_at_brin",
        "occurred_at",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32},
    ),
    Index(
        "analytics_events_name_occurred_at_idx",
        "name",
        "occurred_at",
        postgresql_include=["session_id", "visitor_id", "device", "province"],
    ),
    postgresql_partition_by="RANGE (occurred_at)",
    comment="Product events, append-only, one partition per local day of the business time zone",
)

payments = Table(
    "payments",
    metadata,
    column("created_at", Instant(), "When it was begun; never changes", default=NOW),
    written_by(),
    column("visitor_id", BigInteger, "Visitor who pays", key=True),
    column("payment_id", BigInteger, "Number of the payment within the visitor", key=True),
    column("version", Integer, "Grows with each change; the highest wins", default="1"),
    column("booking_id", BigInteger, "What is paid for", null=True),
    column("provider_id", BigInteger, "Provider who earns"),
    column("tenant", Integer, "Organization, 0 for none", default="0"),
    column("province", SmallInteger, "Jurisdiction, 0 unknown", default="0"),
    column("device", SmallInteger, "Device class, 0 unknown", default="0"),
    column("referral", SmallInteger, "Origin, 0 unknown", default="0"),
    column("gateway", Text, "mercadopago, todopago, payu or stripe"),
    column("method", Text, "credit_card, debit_card, bank_transfer, cash or account_money"),
    column("instalments", SmallInteger, "Number of cuotas: 1, 3, 6, 12", default="1"),
    column("status", Text, "pending, approved, rejected, refunded or charged_back"),
    column("failure_reason", Text, "Why it was rejected, in the gateway's word", null=True),
    column("amount_minor", BigInteger, "Amount in minor units"),
    column("commission_minor", BigInteger, "Part of it that the platform keeps", default="0"),
    column("currency", CHAR(3), "ISO 4217 code", default="'ARS'"),
    column("approved_at", Instant(), "When the gateway approved", null=True),
    column("refunded_at", Instant(), "When it was paid back", null=True),
    column("refunded_minor", BigInteger, "Amount paid back", default="0"),
    one_of("gateway", "mercadopago", "todopago", "payu", "stripe"),
    one_of("method", "credit_card", "debit_card", "bank_transfer", "cash", "account_money"),
    one_of("status", "pending", "approved", "rejected", "refunded", "charged_back"),
    *not_negative("amount_minor", "commission_minor", "refunded_minor", "instalments"),
    Index(None, "tx"),
    Index(
        None,
        "created_at",
        postgresql_include=["status", "gateway", "amount_minor", "commission_minor", "currency"],
    ),
    Index(None, "approved_at", postgresql_where=name_of("approved_at").is_not(None)),
    Index(None, "refunded_at", postgresql_where=name_of("refunded_at").is_not(None)),
    Index(None, "booking_id", postgresql_where=name_of("booking_id").is_not(None)),
    Index(None, "provider_id", "created_at"),
    comment="Payments through the gateways; a later version replaces an earlier one",
)
