"""What the rollups of payments must hold, in plain Python, and payments to try them on."""

import random
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from data.database import Database, Tx

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
NOW: Final = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
REASONS: Final = ("gateway_timeout", "insufficient_funds", None)

Key = tuple[object, ...]
Cells = dict[Key, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Payment:
    """One version of a payment, as the platform writes it."""

    visitor_id: int
    payment_id: int
    version: int
    created_at: datetime
    booking_id: int | None = None
    provider_id: int = 1
    tenant: int = 0
    province: int = 1
    device: int = 1
    referral: int = 1
    gateway: str = "mercadopago"
    method: str = "credit_card"
    instalments: int = 1
    status: str = "approved"
    failure_reason: str | None = None
    amount_minor: int = 800_000
    commission_minor: int = 80_000
    currency: str = "ARS"
    approved_at: datetime | None = None
    refunded_at: datetime | None = None
    refunded_minor: int = 0


_NAMES: Final = tuple(Payment.__dataclass_fields__)
_WRITE: Final = text(
    f"insert into payments ({', '.join(_NAMES)}) values ({', '.join(f':{n}' for n in _NAMES)})"  # noqa: S608 - our own names
    " on conflict (visitor_id, payment_id) do update set"
    f" ({', '.join(_NAMES)}, tx) ="
    f" ({', '.join(f'excluded.{n}' for n in _NAMES)}, pg_current_xact_id())"
    " where payments.version < excluded.version"
)


def write(tx: Tx, payments: list[Payment]) -> None:
    """As the platform does: the highest version wins, whatever comes when."""
    for payment in sorted(payments, key=lambda one: (one.visitor_id, one.payment_id)):
        tx.execute(_WRITE, **asdict(payment))


def versions(rng: random.Random, number: int) -> list[Payment]:
    """The life of one payment: any status after any other, and anything about it may change."""
    created = NOW - timedelta(minutes=rng.randrange(60 * 24 * 100))
    life = [
        Payment(rng.randrange(1, 6), number, 1, created, booking_id=rng.choice((1, 2, 3, None)))
    ]
    for version in range(2, rng.randrange(2, 7)):
        life.append(_changed(rng, replace(life[-1], version=version)))
    return life


def _changed(rng: random.Random, payment: Payment) -> Payment:
    status = rng.choice(("pending", "approved", "approved", "rejected", "refunded", "charged_back"))
    amount = rng.choice((0, 1, 999, 800_000, 5_000_000_000))
    return replace(
        payment,
        status=status,
        failure_reason=rng.choice(REASONS) if status == "rejected" else None,
        provider_id=rng.choice((1, 2)),
        booking_id=rng.choice((1, 2, 3, None)),
        tenant=rng.choice((0, 7)),
        province=rng.choice((0, 1, 2)),
        device=rng.choice((1, 2)),
        referral=rng.choice((1, 2)),
        method=rng.choice(("credit_card", "cash")),
        instalments=rng.choice((1, 12)),
        amount_minor=amount,
        commission_minor=rng.randrange(amount // 7 + 1),
        currency=rng.choice(("ARS", "ARS", "USD")),
        approved_at=_moment(rng, payment.created_at),
        refunded_at=_moment(rng, payment.created_at),
        refunded_minor=rng.choice((0, 1, amount // 3, amount, amount + 5)),
    )


def _moment(rng: random.Random, created: datetime) -> datetime | None:
    """None, minutes or days after, or before: a refund may precede its sale."""
    return rng.choice((None, created + timedelta(minutes=rng.randrange(-3_000, 40_000))))


def newest(sent: list[Payment]) -> list[Payment]:
    """The state that counts of each payment."""
    highest: dict[tuple[int, int], Payment] = {}
    for payment in sent:
        key = (payment.visitor_id, payment.payment_id)
        if key not in highest or highest[key].version < payment.version:
            highest[key] = payment
    return list(highest.values())


@dataclass(frozen=True, slots=True)
class Goods:
    """What bookings, services, sessions and providers say that a payment was for."""

    service: dict[int, str]
    city: dict[int, str]
    kind: dict[int, str]


def reference(payments: list[Payment], goods: Goods, *, as_of: date | None) -> dict[str, Cells]:
    """Every table of cells: (key) -> measures, from the final state of each payment."""
    tables: dict[str, Cells] = defaultdict(dict)
    for payment in payments:
        _attempt(tables, payment)
        if payment.approved_at is not None:
            sale = (1, payment.amount_minor, payment.commission_minor, 0, 0, 0, 0)
            _move(tables, payment, goods, at=payment.approved_at, measures=sale, as_of=as_of)
        if payment.refunded_at is not None and payment.refunded_minor > 0:
            refund = (0, 0, 0, 1, *_paid_back(payment))
            _move(tables, payment, goods, at=payment.refunded_at, measures=refund, as_of=as_of)
    return tables


def _paid_back(payment: Payment) -> tuple[int, int, int]:
    back, whole = payment.refunded_minor, payment.amount_minor
    commission = payment.commission_minor * min(back, whole) // whole if whole else 0
    return back, commission, back if payment.status == "charged_back" else 0


def _attempt(tables: dict[str, Cells], p: Payment) -> None:
    reason = (p.failure_reason or "") if p.status == "rejected" else ""
    state, measures = (p.status, reason), (1, p.amount_minor)
    plan, day = (p.method, p.instalments), _day(p.created_at)
    _add(tables["pay_hour"], (_hour(p.created_at), p.currency, p.gateway, *state), measures)
    _add(tables["pay_day"], (day, p.currency, p.device, p.referral, *plan, *state), measures)
    _add(tables["pay_province_day"], (p.province, day, p.currency, *plan, *state), measures)


def _move(
    tables: dict[str, Cells],
    p: Payment,
    goods: Goods,
    *,
    at: datetime,
    measures: tuple[int, ...],
    as_of: date | None,
) -> None:
    day, booking = _day(at), p.booking_id or 0
    dims = (p.currency, p.province, p.device, p.referral)
    city, service = goods.city.get(booking, ""), goods.service.get(booking, "")
    kind = goods.kind.get(p.provider_id, "")
    _add(tables["money_hour"], (_hour(at), p.currency, p.province), measures)
    _add(tables["money_day"], (day, *dims), measures)
    _add(tables["money_tenant_day"], (p.tenant, day, p.currency), measures)
    _add(tables["money_city_day"], (day, p.province, city, p.device, p.currency), measures)
    _add(tables["service_day"], (day, p.currency, kind, service), measures)
    _add(tables["provider_day"], (p.provider_id, day, p.currency), measures)
    for window in (7, 30, 90):
        if as_of is not None and as_of - timedelta(days=window) < day <= as_of:
            _add(tables["provider_top"], (window, p.currency, p.provider_id), measures)


def _add(cells: Cells, key: Key, measures: tuple[int, ...]) -> None:
    before = cells.get(key, (0,) * len(measures))
    cells[key] = tuple(a + b for a, b in zip(before, measures, strict=True))


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


WIDTH: Final = {
    "pay_hour": 5, "pay_day": 8, "pay_province_day": 7, "money_hour": 3, "money_day": 5,
    "money_tenant_day": 3, "money_city_day": 5, "service_day": 4, "provider_day": 3,
    "provider_top": 3,
}  # fmt: skip
"""Tables of cells, and how many of their first columns are the key."""


def kept(db: Database) -> dict[str, Cells]:
    """What the tables hold."""
    found: dict[str, Cells] = {}
    for table, width in WIDTH.items():
        with db._reader.connect() as connection:
            rows = connection.execute(text(f"table {table}")).all()
        found[table] = {tuple(row[:width]): tuple(row[width:]) for row in rows}
    return found
