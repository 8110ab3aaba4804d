"""Rollups of payments, maintained by the worker. Amounts are minor units."""

from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Integer, SmallInteger, Table, Text, text

from data.schema.base import UPDATED_OFTEN, Instant, column, metadata
from data.schema.rollups import count_of


def _money_cell() -> list[Column[Any]]:
    return [
        column("method", Text, "Payment method", key=True),
        column("instalments", SmallInteger, "Number of cuotas", key=True),
        column("status", Text, "Current status", key=True),
        count_of("Payments"),
        count_of("Sum of amounts in minor units", "amount"),
        count_of("Sum of commissions in minor units", "commission"),
    ]


payment_applied = Table(
    "payment_applied",
    metadata,
    column("visitor_id", BigInteger, "Visitor who pays", key=True),
    column("payment_id", BigInteger, "Payment within the visitor", key=True),
    column("hour", Instant(), "Hour of its creation"),
    column("day", Date, "Local day of its creation"),
    column("provider_id", BigInteger, "Provider who earns"),
    column("method", Text, "Payment method"),
    column("instalments", SmallInteger, "Number of cuotas"),
    column("status", Text, "Status that the cells contain"),
    column("amount", BigInteger, "Amount that the cells contain"),
    column("commission", BigInteger, "Commission that the cells contain"),
    column("tenant", Integer, "Organization, 0 for none", default="0"),
    Index("payment_applied_tenant_idx", "tenant", "day", postgresql_where=text("tenant <> 0")),
    postgresql_with=UPDATED_OFTEN,
    comment="What each payment contributes to the cells now; a change applies the difference",
)

pay_hour = Table(
    "pay_hour",
    metadata,
    column("hour", Instant(), "Hour of creation", key=True),
    *_money_cell(),
    postgresql_with=UPDATED_OFTEN,
    comment="Current state of payments by hour of creation",
)

pay_day = Table(
    "pay_day",
    metadata,
    column("day", Date, "Local day of creation", key=True),
    *_money_cell(),
    postgresql_with=UPDATED_OFTEN,
    comment="Current state of payments by local day of creation",
)

provider_day = Table(
    "provider_day",
    metadata,
    column("day", Date, "Local day of creation", key=True),
    column("provider_id", BigInteger, "Provider", key=True),
    count_of("Payments approved now"),
    count_of("Amount less commission", "net"),
    Index(None, "provider_id", "day"),
    postgresql_with=UPDATED_OFTEN,
    comment="What providers earned by local day",
)

provider_top = Table(
    "provider_top",
    metadata,
    column("window_days", SmallInteger, "7, 30 or 90 days ending at rollup_state.as_of", key=True),
    column("provider_id", BigInteger, "Provider", key=True),
    count_of("Payments approved now"),
    count_of("Amount less commission", "net"),
    Index("provider_top_rank_idx", "window_days", text("net desc"), "provider_id"),
    postgresql_with=UPDATED_OFTEN,
    comment="What providers earned in the latest days, for ranking",
)
