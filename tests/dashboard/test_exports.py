"""The download of raw rows: offered to one, taken once, and gone with a minute."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.applications import Starlette

from dashboard.http_exports import AT_ONCE, VALID_S, Exports, Offer, Offers
from data.database import Database
from data.period import Selection
from tests import factories

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
FILTERS = Selection(span="today").at(factories.NOW + timedelta(minutes=1), ZONE)
OFFER = Offer("payments", FILTERS, b"# Title,Raw payments\r\n\r\n", "atalaya-payments.csv", 7)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def offers(clock: Clock) -> Offers:
    return Offers(clock=clock)


@pytest.fixture
def get(db: Database, offers: Offers) -> Callable[[str], httpx.Response]:
    app = Starlette(routes=[Exports(db, offers).route()])

    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    return lambda path: asyncio.run(ask(path))


def test_an_offer_is_taken_once_and_says_what_it_holds(
    db: Database, offers: Offers, get: Callable[[str], httpx.Response]
) -> None:
    factories.payment(db)
    path = f"/api/exports/{offers.make(OFFER)}"
    answer = get(path)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="atalaya-payments.csv"'
    assert answer.headers["cache-control"] == "no-store"
    above, _, rows = answer.text.partition("\r\n\r\n")
    assert above == "# Title,Raw payments"
    assert rows.startswith("created_at,")
    assert rows.count("\n") == 2
    assert get(path).status_code == 404


@pytest.mark.parametrize("token", ["x", "..%2F..%2Fetc", "a" * 5000])
def test_what_was_not_offered_is_not_there(
    get: Callable[[str], httpx.Response], token: str
) -> None:
    assert get(f"/api/exports/{token}").status_code == 404


def test_an_offer_ends_with_its_minute(offers: Offers, clock: Clock) -> None:
    early, late = offers.make(OFFER), offers.make(OFFER)
    clock.now = VALID_S - 1
    assert offers.take(early) == OFFER
    clock.now = VALID_S
    assert offers.take(late) is None


def test_when_postgres_does_not_answer_it_says_so_and_frees_its_place(offers: Offers) -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/none")
    app = Starlette(routes=[Exports(gone, offers).route()])

    async def scenario() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [
                await client.get(f"/api/exports/{offers.make(OFFER)}") for _ in range(AT_ONCE + 2)
            ]

    answers = asyncio.run(scenario())
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["error"] for answer in answers} == {"Postgres does not answer."}
