"""Providers and their scores for tests: many at once, with ties, gaps and other currencies."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import text

from data.connection import libpq_url
from data.database import Database
from data.period import Filters, Selection
from tests import factories
from tests.factories import Row

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
NOW: Final = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BEGINNINGS: Final = text("""
    insert into provider_starts (provider_id, joined_day)
    select id, created_at from providers
""")
MARKET: Final = text("select * from provider_market")
NOBODY: Final = text("update provider_scores set bookings = 0")
PROVINCES: Final = text("select id, iso from provinces")
REGIONS: Final = ("AR-B", "AR-X", "AR-S")
KINDS: Final = ("barber", "salon", "clinic")
CITIES: Final = ("Córdoba", "La Plata", None)


def asked(**chosen: Any) -> Filters:  # noqa: ANN401 - region, tenant, now and the page's choices
    """Filters of the page, with what a viewer chose on it."""
    now: datetime = chosen.pop("now", NOW)
    region, tenant = chosen.pop("region", None), chosen.pop("tenant", None)
    selection = Selection("30d", "none", region, tenant=tenant, options=tuple(chosen.items()))
    return selection.at(now, ZONE)


def score(provider_id: int, *, days: int = 30, **values: object) -> Row:
    """A row of provider_scores of a provider that nobody booked, unless said otherwise."""
    return {"window_days": days, "provider_id": provider_id, "currency": "ARS"} | values


def random_scores(db: Database, url: str, count: int, *, seed: int = 1) -> list[Row]:
    """Write so many providers with a score of 30 days each; few values, so that many are tied."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    tenant = factories.organization(db)["id"]
    rows = []
    for number in range(count):
        row = factories.provider(
            db,
            name=f"{rng.choice(('Salón', 'barbería', 'Ñandú', '100% Corte', 'A_B'))} {number % 7}",
            kind=rng.choice(KINDS),
            province=rng.choice(REGIONS),
            city=rng.choice(CITIES),
            organization_id=rng.choice((tenant, None)),
            created_at=NOW - timedelta(days=rng.randrange(500)),
        )
        rows.append(row | _random_score(rng, row["id"]))
    write_scores(url, [{k: row[k] for k in _SCORED} for row in rows])
    return rows


_SCORED: Final = (
    *("window_days", "provider_id", "currency", "earnings", "sales", "bookings", "appointments"),
    *("cancelled", "completed", "no_show", "booked_minutes", "offered_minutes", "occupancy_pct"),
    *("cancelled_pct", "no_show_pct", "reviews", "rating", "responses", "response_s"),
)


def _random_score(rng: random.Random, provider_id: int) -> Row:
    bookings, reviews = rng.choice((0, 1, 40)), rng.choice((0, 5, 40))
    appointments, offered = rng.choice((0, 10, 40)) if bookings else 0, rng.choice((0, 600))
    cancelled, no_show = appointments // rng.choice((2, 5)), appointments // 10
    completed = appointments - cancelled - no_show
    booked = 30 * bookings if offered else 0
    return score(
        provider_id,
        currency=rng.choice(("ARS", "ARS", "USD", None)),
        earnings=rng.choice((-500, 0, 100, 100, 90_000)),
        sales=bookings,
        bookings=bookings,
        appointments=appointments,
        cancelled=cancelled,
        completed=completed,
        no_show=no_show,
        booked_minutes=booked,
        offered_minutes=offered,
        occupancy_pct=100 * booked / offered if offered else None,
        cancelled_pct=100 * cancelled / appointments if appointments else None,
        no_show_pct=100 * no_show / (completed + no_show) if completed + no_show else None,
        reviews=reviews,
        rating=rng.choice((1.0, 4.5)) if reviews else None,
        responses=bookings,
        response_s=rng.choice((60.0, 600.0)) if bookings else None,
    )


def write_scores(url: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    command = SQL("copy provider_scores ({}) from stdin").format(
        SQL(", ").join(Identifier(name) for name in names)
    )
    with (
        psycopg.connect(libpq_url(url)) as connection,
        connection.cursor() as cursor,
        cursor.copy(command) as copy,
    ):
        for row in rows:
            copy.write_row([row[name] for name in names])
