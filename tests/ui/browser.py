"""Chromium in front of a served Atalaya."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import psycopg
from playwright.sync_api import Browser, Page
from psycopg.types.json import Jsonb

from data.database import Database
from tests import factories

PROVIDERS: Final = ("mercadopago", "todopago", "payu", "stripe")
ROUTES: Final = tuple(f"/api/route-{n:02}" for n in range(14))


@contextmanager
def tab(
    browser: Browser, *, theme: Literal["light", "dark"] = "light", width: int = 1440
) -> Iterator[Page]:
    """A fresh viewer; what goes wrong in the browser fails the test."""
    context = browser.new_context(
        accept_downloads=True,
        color_scheme=theme,
        locale="es-AR",
        timezone_id="America/Argentina/Buenos_Aires",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def open_page(page: Page, address: str) -> None:
    """Go there and wait until the first panels show an answer."""
    page.goto(address)
    page.wait_for_selector(".atl-age:not([hidden])", state="attached", timeout=30_000)
    page.wait_for_selector(".atl[data-state=ok] .atl-body > *", state="attached")


def fill(db: Database, url: str) -> None:
    """An hour of signals, a few components, a deploy and an alert."""
    now = datetime.now(UTC)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        write = "copy production_metrics (name, labels, value, recorded_at) from stdin"
        with cursor.copy(write) as copy:
            for minute in range(70):
                for row in samples(now - timedelta(minutes=minute), minute):
                    copy.write_row(row)
    factories.member(db, email="ana@example.com", name="Ana Pereyra", role="owner")
    factories.deploy(db, service="api", version="4.18", deployed_at=now - timedelta(minutes=20))
    factories.alert(db, title="API is slow", severity="critical", started_at=now)
    for component, kind in (("api", "component"), ("afip", "third_party")):
        factories.health(db, component, kind=kind, checked_at=now)


def feed(url: str, minute: int) -> None:
    """One more sample of everything, as of now."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into production_metrics (name, labels, value, recorded_at)"
            " values (%s, %s, %s, %s)",
            list(samples(datetime.now(UTC), minute)),
        )


def samples(at: datetime, minute: int) -> Iterator[tuple[str, Jsonb, float, datetime]]:
    wave = minute % 7
    for name, value in (("p50", 60.0), ("p95", 210.0), ("p99", 300.0)):
        yield f"api_latency_{name}", Jsonb({}), value + wave, at
    for provider in PROVIDERS:
        yield "webhook_success_pct", Jsonb({"provider": provider}), 99.9 - wave / 100, at
    for n, route in enumerate(ROUTES):
        labels = Jsonb({"route": route})
        yield "request_rate", labels, 20.0 - n, at
        yield "api_latency_p95_by_route", labels, 100.0 + wave, at
    for name in ("db_query_p95", "memory_used_pct", "cpu_used_pct", "websocket_connections"):
        yield name, Jsonb({}), 30.0 + wave, at
