"""Who offers, who books, what for: organizations, users, providers, services, bookings, reviews."""

from sqlalchemy import (
    CHAR,
    BigInteger,
    Column,
    Float,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import (
    column as name_of,
)

from data.schema.base import (
    NOW,
    Instant,
    column,
    holds,
    identity,
    metadata,
    not_negative,
    one_of,
)

organizations = Table(
    "organizations",
    metadata,
    Column("id", Integer, Identity(), primary_key=True, comment="Tenant number; never 0"),
    column("name", Text, "Name of the business"),
    column("slug", Text, "Short name in addresses"),
    column("created_at", Instant(), "When it joined", default=NOW),
    UniqueConstraint("slug"),
    comment="Tenants: the businesses that subscribe to a plan",
)

users = Table(
    "users",
    metadata,
    identity("Number of the person"),
    column("email", Text, "Personal data: address", null=True),
    column("name", Text, "Personal data: name", null=True),
    column("phone", Text, "Personal data: telephone", null=True),
    column("dni", Text, "Personal data: national identity number", null=True),
    column("province", SmallInteger, "Jurisdiction", default="0", to="provinces.id"),
    column("created_at", Instant(), "When the account was made", default=NOW),
    column("deleted_at", Instant(), "When the person was erased", null=True),
    Index(None, "created_at"),
    Index("users_email_idx", text("lower(email)")),
    comment="Clients of the marketplace; personal data is masked for those who do not need it",
)


providers = Table(
    "providers",
    metadata,
    identity("Number of the provider"),
    column("organization_id", Integer, "Its tenant", null=True, to="organizations.id"),
    column("name", Text, "Name on the marketplace"),
    column("kind", Text, "barber, salon or clinic"),
    column("province", SmallInteger, "Jurisdiction", default="0", to="provinces.id"),
    column("city", Text, "City", null=True),
    column("rating", Float, "Average rating, 1 to 5", null=True),
    column("weekly_minutes", Integer, "Minutes on offer per week", default="0"),
    column("created_at", Instant(), "When it joined", default=NOW),
    one_of("kind", "barber", "salon", "clinic"),
    holds("rating_in_range", "rating between 1 and 5"),
    *not_negative("weekly_minutes"),
    Index(None, "organization_id"),
    Index(None, "province"),
    comment="Barbers, salons and clinics that can be booked",
)

services = Table(
    "services",
    metadata,
    identity("Number of the service"),
    column("provider_id", BigInteger, "Who offers it", to="providers.id"),
    column("name", Text, "Name on the marketplace"),
    column("duration_min", Integer, "Length in minutes"),
    column("price_minor", BigInteger, "List price in minor units"),
    column("currency", CHAR(3), "ISO 4217 code", default="'ARS'"),
    holds("duration_positive", "duration_min > 0"),
    *not_negative("price_minor"),
    Index(None, "provider_id"),
    comment="What a provider offers, at what price",
)

bookings = Table(
    "bookings",
    metadata,
    identity("Number of the booking"),
    column("visitor_id", BigInteger, "Visitor who booked"),
    column("session_id", BigInteger, "Session in which it was booked"),
    column("user_id", BigInteger, "Client, once signed in", null=True, to="users.id"),
    column("provider_id", BigInteger, "Provider booked", to="providers.id"),
    column("service_id", BigInteger, "Service booked", null=True, to="services.id"),
    column("tenant", Integer, "Organization, 0 for none", default="0"),
    column("province", SmallInteger, "Jurisdiction of the visit", default="0"),
    column("device", SmallInteger, "Device class of the visit", default="0"),
    column("referral", SmallInteger, "Origin of the visit", default="0"),
    column("status", Text, "pending, confirmed, completed, cancelled or no_show"),
    column("created_at", Instant(), "When it was booked", default=NOW),
    column("starts_at", Instant(), "When the appointment begins"),
    column("confirmed_at", Instant(), "When the provider confirmed", null=True),
    column("cancelled_at", Instant(), "When it was cancelled", null=True),
    column("price_minor", BigInteger, "Agreed price in minor units"),
    column("currency", CHAR(3), "ISO 4217 code", default="'ARS'"),
    one_of("status", "pending", "confirmed", "completed", "cancelled", "no_show"),
    *not_negative("price_minor"),
    Index(None, "created_at", postgresql_include=["status", "province", "device", "price_minor"]),
    Index(None, "provider_id", "starts_at"),
    Index(None, "starts_at"),
    Index(None, "visitor_id", "session_id"),
    Index(None, "user_id", postgresql_where=name_of("user_id").is_not(None)),
    Index(None, "cancelled_at", postgresql_where=name_of("cancelled_at").is_not(None)),
    comment="Appointments",
)

reviews = Table(
    "reviews",
    metadata,
    identity("Number of the review"),
    column("booking_id", BigInteger, "Appointment reviewed", to="bookings.id"),
    column("provider_id", BigInteger, "Provider reviewed", to="providers.id"),
    column("user_id", BigInteger, "Client who wrote it", null=True, to="users.id"),
    column("rating", SmallInteger, "Stars, 1 to 5"),
    column("comment", Text, "What the client wrote", null=True),
    column("created_at", Instant(), "When it was written", default=NOW),
    holds("rating_in_range", "rating between 1 and 5"),
    UniqueConstraint("booking_id"),
    Index(None, "created_at"),
    Index(None, "provider_id", "created_at"),
    comment="Ratings after an appointment, at most one for each",
)
