"""Rollups of payments, maintained by the worker. Amounts are minor units, per currency.

A payment is counted in three ways. As an attempt, on the day of its creation, in the state that it
has now (`pay_*`). As a sale, on the day of its approval, which later refunds do not undo. As a
refund, on the day on which money went back. The `money_*` tables, `service_day`, `provider_day` and
`provider_top` hold sales and refunds side by side: net is gross less refunded.
"""

from typing import Any

from sqlalchemy import (
    CHAR,
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from data.schema.base import UPDATED_OFTEN, Instant, column, metadata
from data.schema.rollups import code, count_of


def _day() -> Column[Any]:
    return column("day", Date, "Local day of the approval, or of the refund", key=True)


def _currency() -> Column[Any]:
    return column("currency", CHAR(3), "ISO 4217 code; never summed over", key=True)


def _money() -> list[Column[Any]]:
    return [
        count_of("Sales: payments approved then, whatever became of them", "sales"),
        count_of("Sum of the sales", "gross"),
        count_of("Part of the sales that the platform keeps", "commission"),
        count_of("Refunds: payments paid back then, in full or in part", "refunds"),
        count_of("Sum paid back", "refunded"),
        count_of("Part of the commission that falls on refunded, rounded down", "commission_back"),
        count_of("Part of refunded that a charge-back took", "charged_back"),
    ]


def _attempt() -> list[Column[Any]]:
    return [
        column("status", Text, "Current status", key=True),
        column("reason", Text, "Why it is rejected, in the gateway's word; else empty", key=True),
        count_of("Attempts"),
        count_of("Sum of their amounts", "amount"),
    ]


def _plan() -> list[Column[Any]]:
    return [
        column("method", Text, "Payment method", key=True),
        column("instalments", SmallInteger, "Number of cuotas", key=True),
    ]


payment_applied = Table(
    "payment_applied",
    metadata,
    column("visitor_id", BigInteger, "Visitor who pays", key=True),
    column("payment_id", BigInteger, "Payment within the visitor", key=True),
    column("created_at", Instant(), "When it was begun"),
    column("sold_at", Instant(), "When it was approved; null: no sale", null=True),
    column("back_at", Instant(), "When money went back; null: no refund", null=True),
    column("amount", BigInteger, "Amount"),
    column("commission", BigInteger, "Part of the amount that the platform keeps"),
    column("refunded", BigInteger, "Amount paid back; 0 without a refund"),
    column(
        "commission_back", BigInteger, "Part of the commission that falls on refunded, rounded down"
    ),
    column("provider_id", BigInteger, "Provider who earns"),
    column("booking_id", BigInteger, "What is paid for; null for nothing known", null=True),
    column("day", Date, "Local day of its creation"),
    column("sold_day", Date, "Local day of the sale", null=True),
    column("back_day", Date, "Local day of the refund", null=True),
    column("tenant", Integer, "Organization, 0 for none"),
    column("province", SmallInteger, "Jurisdiction"),
    column("device", SmallInteger, "Device class"),
    column("referral", SmallInteger, "Origin"),
    column("instalments", SmallInteger, "Number of cuotas"),
    column("currency", CHAR(3), "ISO 4217 code"),
    column("gateway", Text, "Payment gateway"),
    column("method", Text, "Payment method"),
    column("status", Text, "Status that the cells contain"),
    column("reason", Text, "Why it is rejected; empty when it is not"),
    column("kind", Text, "Kind of the provider when it was consumed; empty for unknown"),
    column("service", Text, "Name of the service when it was consumed; empty for unknown"),
    column("city", Text, "City of the session that booked; empty for unknown"),
    Index("payment_applied_place_idx", "province", "device", "day"),
    Index("payment_applied_sold_idx", "sold_at", postgresql_where=text("sold_at is not null")),
    Index("payment_applied_back_idx", "back_at", postgresql_where=text("back_at is not null")),
    Index("payment_applied_tenant_idx", "tenant", "day", postgresql_where=text("tenant <> 0")),
    Index(
        "payment_applied_tenant_sold_idx",
        "tenant",
        "sold_at",
        postgresql_where=text("tenant <> 0 and sold_at is not null"),
    ),
    postgresql_with=UPDATED_OFTEN,
    comment="What each payment contributes to the cells now; a change applies the difference",
)

pay_hour = Table(
    "pay_hour",
    metadata,
    column("hour", Instant(), "Hour of creation", key=True),
    _currency(),
    column("gateway", Text, "Payment gateway", key=True),
    *_attempt(),
    postgresql_with=UPDATED_OFTEN,
    comment="Payment attempts in their current state by hour of creation and gateway",
)

pay_day = Table(
    "pay_day",
    metadata,
    column("day", Date, "Local day of creation", key=True),
    _currency(),
    code("device", "Device class"),
    code("referral", "Origin"),
    *_plan(),
    *_attempt(),
    postgresql_with=UPDATED_OFTEN,
    comment="Payment attempts in their current state by local day of creation",
)

pay_province_day = Table(
    "pay_province_day",
    metadata,
    code("province", "Jurisdiction"),
    column("day", Date, "Local day of creation", key=True),
    _currency(),
    *_plan(),
    *_attempt(),
    postgresql_with=UPDATED_OFTEN,
    comment="Payment attempts in their current state by jurisdiction and local day of creation",
)

money_hour = Table(
    "money_hour",
    metadata,
    column("hour", Instant(), "Hour of the approval, or of the refund", key=True),
    _currency(),
    code("province", "Jurisdiction"),
    *_money(),
    postgresql_with=UPDATED_OFTEN,
    comment="Sales and refunds by hour and jurisdiction",
)

money_day = Table(
    "money_day",
    metadata,
    _day(),
    _currency(),
    code("province", "Jurisdiction"),
    code("device", "Device class"),
    code("referral", "Origin"),
    *_money(),
    postgresql_with=UPDATED_OFTEN,
    comment="Sales and refunds by local day and every dimension",
)

money_tenant_day = Table(
    "money_tenant_day",
    metadata,
    column("tenant", Integer, "Organization, 0 for none", key=True),
    _day(),
    _currency(),
    *_money(),
    postgresql_with=UPDATED_OFTEN,
    comment="Sales and refunds by tenant and local day",
)

money_city_day = Table(
    "money_city_day",
    metadata,
    _day(),
    code("province", "Jurisdiction"),
    column("city", Text, "City of the session that booked; empty for unknown", key=True),
    code("device", "Device class"),
    _currency(),
    *_money(),
    postgresql_with=UPDATED_OFTEN,
    comment="Sales and refunds by local day, jurisdiction, city and device class",
)

service_day = Table(
    "service_day",
    metadata,
    _day(),
    _currency(),
    column("kind", Text, "Kind of the provider; empty for unknown", key=True),
    column("service", Text, "Name of the service; empty for unknown", key=True),
    *_money(),
    postgresql_with=UPDATED_OFTEN,
    comment="Sales and refunds by local day and service",
)

provider_day = Table(
    "provider_day",
    metadata,
    column("provider_id", BigInteger, "Provider", key=True),
    _day(),
    _currency(),
    *_money(),
    Index("provider_day_day_brin", "day", postgresql_using="brin"),
    postgresql_with=UPDATED_OFTEN,
    comment="Sales and refunds by provider and local day",
)

provider_top = Table(
    "provider_top",
    metadata,
    column("window_days", SmallInteger, "7, 30 or 90 days ending at rollup_state.as_of", key=True),
    _currency(),
    column("provider_id", BigInteger, "Provider", key=True),
    *_money(),
    Index("provider_top_rank_idx", "window_days", "currency", text("gross desc"), "provider_id"),
    postgresql_with=UPDATED_OFTEN,
    comment="Sales and refunds of providers in the latest days, for ranking",
)
