"""Visits of two weeks in a few provinces, as rows of the platform and as plain Python beside."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from data.database import Database
from data.period import Filters, Selection
from services import rollups
from tests import factories
from tests.factories import NOW

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
CITIES: Final = {
    "AR-B": ("La Plata", "Quilmes", ""),
    "AR-X": ("Córdoba", "San Francisco"),
    "AR-S": ("Rosario", "San Francisco"),
    "": ("", "Montevideo"),
}
STEPS: Final = ("visit", "search", "provider_selected", "checkout", "booking_paid")
METHODS: Final = ("credit_card", "debit_card", "cash")


@dataclass(frozen=True)
class Paid:
    """A payment that a visit led to."""

    created_at: datetime
    approved_at: datetime | None
    status: str
    method: str
    currency: str
    amount: int


@dataclass(frozen=True)
class Visit:
    """A session: when it began, where, and how far it came."""

    number: int
    at: datetime
    province: str
    device: str
    referral: str
    city: str
    reached: int
    payments: tuple[Paid, ...]

    def when(self, step: int) -> datetime:
        """The moment at which it reached a step; two minutes each, the last after forty."""
        return self.at + timedelta(minutes=2 * (step - 1) + (32 if step == 5 else 0))


def some_visits(count: int = 110) -> list[Visit]:
    """Visits over the 15 days before NOW, a few of them at the very moments that matter."""
    random = np.random.default_rng(11)
    begin = NOW - timedelta(days=15)
    spread = [begin + timedelta(seconds=int(random.integers(0, 15 * 86_400))) for _ in range(count)]
    edge = [NOW - timedelta(days=7, seconds=s) for s in (-1, 0, 1)]
    midnight = datetime(2026, 11, 14, 3, tzinfo=UTC)
    edge += [midnight - timedelta(seconds=1), midnight, midnight - timedelta(minutes=20)]
    return [_visit(n, at, random) for n, at in enumerate((*spread, *edge), start=1)]


def write(db: Database, visits: Iterable[Visit]) -> None:
    """Write the rows of visits, and fold them into the rollups."""
    for each in visits:
        write_visit(db, each)
    rollups.refresh(db, ZONE, now=NOW + timedelta(hours=1))


def write_visit(db: Database, visit: Visit) -> None:
    """Write the session, its events, its booking and its payments."""
    seen = {"province": visit.province or 0, "device": visit.device, "referral": visit.referral}
    who = {"visitor_id": visit.number, "session_id": visit.number}
    factories.session(db, started_at=visit.at, city=visit.city or None, **who, **seen)
    for step, name in enumerate(STEPS[: visit.reached], start=1):
        factories.event(db, name, at=visit.when(step), **who, **seen)
    if visit.payments:
        booking = factories.booking(db, created_at=visit.at, **who, **seen)
    for paid in visit.payments:
        factories.payment(
            db,
            visitor_id=visit.number,
            booking_id=booking["id"],
            created_at=paid.created_at,
            approved_at=paid.approved_at,
            status=paid.status,
            method=paid.method,
            currency=paid.currency,
            amount_minor=paid.amount,
            commission_minor=paid.amount // 10,
            **seen,
        )


def asked(span: str = "7d", compare: str = "previous", **chosen: str) -> Filters:
    """Filters at NOW; `measure` is a choice of the page."""
    measure = chosen.pop("measure", "")
    options = (("measure", measure),) if measure else ()
    return Selection(span, compare, **chosen, options=options).at(NOW, ZONE)  # type: ignore[arg-type]  # tenant is not given


def within(filters: Filters) -> Callable[[datetime | None], bool]:
    """Whether a moment lies in the window, up to now."""
    return lambda at: at is not None and filters.period.since <= at < filters.now


def of(visits: Iterable[Visit], filters: Filters, *, any_device: bool = False) -> list[Visit]:
    """The visits that the region, device and referral of the viewer leave."""
    chosen = filters.selection
    return [
        each
        for each in visits
        if chosen.region in {None, each.province}
        and (any_device or chosen.device in {None, each.device})
        and chosen.referral in {None, each.referral}
    ]


def _visit(number: int, at: datetime, random: np.random.Generator) -> Visit:
    province = str(random.choice(list(CITIES), p=[0.45, 0.3, 0.15, 0.1]))
    reached = int(random.choice([1, 2, 3, 4, 5], p=[0.2, 0.2, 0.1, 0.1, 0.4]))
    city = str(random.choice(CITIES[province]))
    device = str(random.choice(["mobile", "desktop"], p=[0.8, 0.2]))
    referral = str(random.choice(["direct", "whatsapp"]))
    wanted = int(random.integers(1, 3)) if reached >= 4 else 0
    payments = tuple(_paid(at, reached, random) for _ in range(wanted))
    return Visit(number, at, province, device, referral, city, reached, payments)


def _paid(at: datetime, reached: int, random: np.random.Generator) -> Paid:
    approved = at + timedelta(minutes=float(random.integers(5, 90)))
    status = str(random.choice(["approved", "refunded"] if reached == 5 else ["rejected"]))
    return Paid(
        at + timedelta(minutes=3),
        approved if reached == 5 else None,
        status if approved < NOW or reached != 5 else "approved",
        str(random.choice(METHODS)),
        str(random.choice(["ARS", "ARS", "ARS", "USD"])),
        int(random.integers(100, 1_000_000)),
    )
