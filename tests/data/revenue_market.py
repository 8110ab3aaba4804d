"""A small market for the tests of Revenue, and its payments as pandas sees them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from pandas import DataFrame, Timestamp
from sqlalchemy import text

from data.database import Database
from data.period import Filters, Selection
from services import rollups
from tests import factories
from tests.factories import NOW

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
PROVIDERS, PAYMENTS = 24, 260
USD: Final = (("currency", "USD"),)
SELECTIONS: Final = (
    Selection("today", "last_week"),
    Selection("7d", "previous"),
    Selection("30d", "previous"),
    Selection("90d", "none"),
    Selection("30d", "previous", region="AR-X"),
    Selection("30d", "last_week", device="mobile", referral="whatsapp"),
    Selection("90d", "none", region="AR-B", device="mobile"),
    Selection("30d", "previous", tenant=2),
    Selection("90d", "none", tenant=2, region="AR-B"),
    Selection("30d", "previous", options=USD),
    Selection("2026-10-01..2026-10-31", "previous"),
    Selection("30d", "previous", region="AR-Z"),
)

_ROWS: Final = text("""
    select p.*, iso, devices.code as device_code, referrals.code as referral_code, kind,
        providers.name as provider_name, coalesce(services.name, '') as service_name
    from payments as p
    join provinces on provinces.id = p.province
    join devices on devices.id = p.device
    join referrals on referrals.id = p.referral
    join providers on providers.id = p.provider_id
    left join bookings on bookings.id = p.booking_id
    left join services on services.id = bookings.service_id
""")


@contextmanager
def market(new_database: Callable[[], str]) -> Iterator[Database]:
    """Payments of a hundred days, folded. Only to be read from: it is made once for a file."""
    db = Database(new_database(), pool_size=3)
    random = np.random.default_rng(11)
    sellers = [_seller(db, number) for number in range(PROVIDERS)]
    for number in range(PAYMENTS):
        # The last days are the busiest, so that today has something too.
        back = timedelta(seconds=int(100 * 86_400 * random.random() ** 2) + 7_200)
        _pay(db, NOW - back, sellers[number % PROVIDERS], random)
    rollups.refresh(db, ZONE, now=NOW)
    yield db
    db.dispose()


def _seller(db: Database, number: int) -> dict[str, object]:
    provider = factories.provider(db, kind=("barber", "salon", "clinic")[number % 3])["id"]
    service = factories.service(db, provider_id=provider, name=("Corte", "Color")[number % 2])
    booking = factories.booking(db, provider_id=provider, service_id=service["id"])
    return {"provider_id": provider, "booking_id": booking["id"] if number % 5 else None}


def _pay(
    db: Database, at: datetime, seller: dict[str, object], random: np.random.Generator
) -> None:
    status = str(
        random.choice(["approved", "approved", "rejected", "refunded", "charged_back", "pending"])
    )
    amount = int(random.integers(1, 1_000_000))
    is_sold = status in {"approved", "refunded", "charged_back"}
    returned = at + timedelta(minutes=int(random.integers(60, 60 * 24 * 50)))
    is_back = status in {"refunded", "charged_back"} and returned < NOW
    factories.payment(
        db,
        **seller,
        created_at=at,
        status=status if is_back or status not in {"refunded", "charged_back"} else "approved",
        approved_at=at + timedelta(minutes=int(random.integers(1, 90))) if is_sold else None,
        refunded_at=returned if is_back else None,
        refunded_minor=int(random.integers(1, amount + 1)) if is_back else 0,
        failure_reason=[None, "card_declined", "gateway_timeout"][int(random.integers(0, 3))],
        amount_minor=amount,
        commission_minor=int(amount * 0.11),
        currency=str(random.choice(["ARS", "ARS", "USD"])),
        method=str(random.choice(["credit_card", "debit_card", "cash"])),
        instalments=int(random.choice([1, 3, 12])),
        gateway=str(random.choice(["mercadopago", "stripe"])),
        province=str(random.choice(["AR-B", "AR-X"])),
        device=str(random.choice(["mobile", "desktop"])),
        referral=str(random.choice(["direct", "whatsapp"])),
        tenant=int(random.integers(0, 4)),
    )


def payments(db: Database, selection: Selection, *, currency: str = "") -> DataFrame:
    """The raw payments that a selection's filters leave, in its currency (or all: "*")."""
    found = db.frame(_ROWS)
    wanted = currency or dict(selection.options).get("currency", "ARS")
    for column, value in (
        ("iso", selection.region),
        ("device_code", selection.device),
        ("referral_code", selection.referral),
        ("tenant", selection.tenant),
        ("currency", None if wanted == "*" else wanted),
    ):
        found = found if value is None else found[found[column] == value]
    return found


def between(found: DataFrame, column: str, filters: Filters) -> DataFrame:
    """Those whose moment lies in the window, up to now."""
    at = found[column]
    return found[(at >= Timestamp(filters.period.since)) & (at < Timestamp(filters.now))]


def expected(found: DataFrame, filters: Filters) -> dict[str, int]:
    """Money of the window, summed from payments."""
    sold = between(found, "approved_at", filters)
    back = between(found[found["refunded_minor"] > 0], "refunded_at", filters)
    taken = back[back["status"] == "charged_back"]
    return {
        "sales": len(sold),
        "gross": int(sold["amount_minor"].sum()),
        "commission": int(sold["commission_minor"].sum()),
        "refunds": len(back),
        "refunded": int(back["refunded_minor"].sum()),
        "charged_back": int(taken["refunded_minor"].sum()),
        "net": int(sold["amount_minor"].sum()) - int(back["refunded_minor"].sum()),
    }
