"""What a person reads on Providers: the list, one provider, nobody, nothing, a source down."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from data.database import Database
from services import rollups
from services.rollups import provider_scores
from tests import factories
from tests.factories import Row
from tests.ui.conftest import Open
from tests.ui.reading import envelopes, read

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
TABS = ["Leaderboard", "New providers"]
NOT_FOR_PEOPLE = ("Traceback", "None", "nan", "NaN", "null", "undefined", "AR-B", "minor", "barber")
BOARD, BESIDE = "who-leads", "how-does-it-do"


@pytest.fixture
def sol(db: Database) -> Row:
    """Sixty providers; the first of them, Barbería Sol, sold and was booked forty times."""
    now = datetime.now(UTC)
    joined = now - timedelta(days=50)
    rows = [factories.provider(db, created_at=joined, weekly_minutes=600) for _ in range(59)]
    sol = factories.provider(db, name="Barbería Sol", created_at=joined, weekly_minutes=6_000)
    service = factories.service(db, provider_id=sol["id"])["id"]
    for number in range(40):
        at = now - timedelta(hours=10 * number + 2)
        booked = factories.booking(
            db,
            provider_id=sol["id"],
            service_id=service,
            created_at=at,
            confirmed_at=at + timedelta(minutes=5),
            starts_at=at + timedelta(hours=1),
            status="cancelled" if number % 4 == 0 else "completed",
        )
        factories.payment(db, provider_id=sol["id"], created_at=at, approved_at=at)
        if number % 2:
            factories.insert(
                db, "reviews", booking_id=booked["id"], provider_id=sol["id"], rating=4,
                created_at=at + timedelta(hours=1),
            )  # fmt: skip
    factories.booking(db, provider_id=rows[0]["id"], created_at=now - timedelta(days=1))
    later = now + timedelta(minutes=1)
    rollups.refresh(db, ZONE, now=later)
    assert provider_scores.score(db, ZONE, now=now)
    return sol


def panel(page: AppTest, name: str) -> dict[str, Any]:
    assert not page.exception
    found: dict[str, Any] = envelopes(page)[f"providers.{name}"]
    return found


def cells(table: dict[str, Any], label: str) -> list[str]:
    at = [each["l"] for each in table["columns"]].index(label)
    return [row[at][1] for row in table["rows"]]


def figures(page: AppTest) -> dict[str, str]:
    return {each["label"]: each["number"] for each in envelopes(page)["first"]["figures"]}


def test_the_list_opens_with_the_market_and_who_earns_most(open_page: Open, sol: Row) -> None:
    page = open_page("providers")

    table = panel(page, BOARD)["table"]
    assert cells(table, "Provider")[:3] == ["Market median", "Top decile", "Barbería Sol"]
    assert table["ids"][:3] == ["", "", str(sol["id"])]
    assert cells(table, "Earnings")[2] == "ARS\u00a0288.000"
    assert cells(table, "Cancelled")[2] == "25,0\u00a0%"
    assert cells(table, "Kind")[2] == "Barber"
    assert table["rows"][2][7][3] == "only 20 cases"
    assert table["pager"]["words"] == "1 to 50 of 60"
    shown = figures(page)
    assert shown.pop("Earnings, median").startswith("288")
    assert shown == {
        "Active providers": "2",
        "Occupancy, median": "1,75",
        "Cancelled": "25,0",
        "Rating": "4",
        "New providers": "0",
    }
    assert envelopes(page)["first"]["until"]["words"].startswith("Scores computed at ")


@pytest.mark.usefixtures("sol")
def test_page_order_search_and_window_are_in_the_address(open_page: Open) -> None:
    second = panel(open_page("providers", page="2", sort="name"), BOARD)["table"]
    assert second["pager"] == {
        "page": 2, "pages": 2, "sort": "name", "words": "51 to 60 of 60",
    }  # fmt: skip
    assert len(second["rows"]) == 12
    found = panel(open_page("providers", q="barberia s"), BOARD)["table"]
    assert cells(found, "Provider")[2:] == ["Barbería Sol"]
    week = panel(open_page("providers", window="7"), BOARD)["table"]
    assert 15 <= int(cells(week, "Bookings")[2]) <= 17


@pytest.mark.usefixtures("sol")
def test_a_search_without_a_match_says_what_to_do(open_page: Open) -> None:
    found = panel(open_page("providers", q="nobody is called that"), BOARD)
    assert found["state"] == "empty"
    assert found["title"].startswith("No provider matches.")


def test_one_provider_stands_against_its_kind(open_page: Open, sol: Row) -> None:
    page = open_page("providers", provider=str(sol["id"]))

    first = envelopes(page)["first"]
    assert first["verdict"]["head"] == "Barbería Sol"
    assert first["verdict"]["more"][0].startswith("Barber in La Plata, Buenos Aires, since ")
    assert first["verdict"]["more"][1] == "Number 1 of 1 of its kind by earnings."
    assert (figures(page)["Bookings"], figures(page)["Cancelled"]) == ("40", "25,0")
    beside = panel(page, BESIDE)["table"]
    assert cells(beside, "Who") == ["Barbería Sol", "Market median", "Top decile"]
    drawn = {key: each for key, each in envelopes(page).items() if key.startswith("providers.")}
    assert len(drawn) == 8
    assert {each["state"] for each in drawn.values()} == {"ok"}
    assert "Top decile" in drawn["providers.what-does-it-earn"]["alt"]
    assert [button.label for button in page.button if "providers" in button.label]
    assert "providers.who-leads" not in drawn


@pytest.mark.usefixtures("sol")
def test_a_number_that_nobody_has_is_said_politely(open_page: Open) -> None:
    page = open_page("providers", provider="999999")
    first = envelopes(page)["first"]
    assert first["verdict"]["head"] == "There is no provider with the number 999999."
    assert {figure["number"] for figure in first["figures"]} == {"\u2013"}
    states = {e["state"] for k, e in envelopes(page).items() if k.startswith("providers.")}
    assert states == {"empty"}
    assert not page.exception


@pytest.mark.usefixtures("sol")
def test_new_providers_are_shown_by_their_month(open_page: Open) -> None:
    page = open_page("providers", tab="New providers")
    table = panel(page, "how-do-new-providers-begin")["table"]
    assert "60" in cells(table, "Providers")
    assert panel(page, "how-many-join")["state"] == "ok"


@pytest.mark.parametrize("tab", TABS)
def test_an_empty_database_claims_nothing(open_page: Open, tab: str) -> None:
    page = open_page("providers", tab=tab)
    assert not page.exception
    words = read(page)
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []
    assert figures(page)["Rating"] == "\u2013"
    assert "No provider has been scored yet" in words
    states = {e["state"] for k, e in envelopes(page).items() if k.startswith("providers.")}
    assert states == {"empty"}


@pytest.mark.usefixtures("sol")
def test_postgres_down_is_said_in_its_panels(open_page: Open, db: Database) -> None:
    with db.write() as tx:
        tx.execute(text("drop table provider_scores cascade"))
    page = open_page("providers")
    assert panel(page, BOARD)["state"] == "down"
    assert "Traceback" not in read(page)


HOSTILE = ["'; drop table providers; --", "<img src=x onerror=alert(1)>", "A" * 10_000, "\x00", "%"]


@pytest.mark.usefixtures("sol")
@pytest.mark.parametrize("value", HOSTILE, ids=["sql", "html", "10 kB", "zero byte", "wildcard"])
def test_choices_made_of_nonsense_do_nothing(open_page: Open, value: str) -> None:
    names = ("window", "kind", "currency", "provider", "sort", "page", "tab", "region", "tenant")
    page = open_page("providers", **dict.fromkeys(names, value))
    assert len(panel(page, BOARD)["table"]["rows"]) == 52
    searched = open_page("providers", q=value)
    assert panel(searched, BOARD)["state"] == ("ok" if value == "\x00" else "empty")
    assert not searched.exception
