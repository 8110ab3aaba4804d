"""What a person reads on the Funnel: filled, empty, with one tenant, with the source down."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from data import funnel
from data.database import Database
from data.errors import SourceDown
from services import rollups
from tests import factories
from tests.eventually import eventually
from tests.ui.conftest import Open
from tests.ui.reading import envelopes, read

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
STEPS = ("visit", "search", "provider_selected", "checkout", "booking_paid")
PANELS = {
    "Steps": ["where-do-visits-leave", "is-it-different-from-before"],
    "Groups": ["which-device-books", "which-tenant-s-visitors-book"],
    "Times": ["how-long-does-each-step-take", "how-long-from-visit-to-booking"],
}
NOT_FOR_PEOPLE = ("Traceback", "None", "nan", "NaN", "NaT", "null", "booking_paid", "whole_way")


def fill(db: Database, *, sessions: int = 40) -> None:
    """Sessions of the days before, one of which books; the youngest is an hour old."""
    now = datetime.now(UTC)
    for number in range(sessions):
        at = now - timedelta(hours=1 + 12 * number)
        own = {"visitor_id": number, "session_id": 1, "tenant": number % 2}
        for k in range(1 + number % 5):
            factories.event(db, STEPS[k], at=at + timedelta(minutes=k), **own)
    provider = factories.provider(db)["id"]
    sold = now - timedelta(hours=3)
    factories.payment(db, provider_id=provider, created_at=sold, approved_at=sold)
    rollups.refresh(db, ZONE)


def panel(page: AppTest, name: str) -> dict[str, Any]:
    """A panel's envelope, as soon as it is there: a page does not wait for its answers."""
    first: dict[str, Any] | None = envelopes(page).get(f"funnel.{name}")
    return first or eventually(lambda: envelopes(page.run()).get(f"funnel.{name}"))


def figures(page: AppTest) -> dict[str, dict[str, Any]]:
    """The key figures by their label, as soon as all have come."""

    def found(page: AppTest) -> dict[str, dict[str, Any]] | None:
        all_of_them = envelopes(page).get("first", {}).get("figures", [])
        is_whole = all_of_them and all(each["state"] != "loading" for each in all_of_them)
        return {each["label"]: each for each in all_of_them} if is_whole else None

    return found(page) or eventually(lambda: found(page.run()))


def test_the_funnel_says_how_many_reach_each_step_and_within_which_window(
    open_page: Open, db: Database
) -> None:
    fill(db)
    page = open_page("funnel", window="30m")
    assert not page.exception
    shown = figures(page)
    assert shown["Visits"]["number"] == "40"
    assert shown["Visits"]["cases"] == "40 of 40"
    assert shown["Bookings paid"]["number"] == "8"
    assert shown["Conversion"]["number"] == "20,0"
    assert shown["Average ticket"]["number"] == "ARS\u00a08.000,00"
    steps = panel(page, "where-do-visits-leave")
    assert steps["state"] == "ok"
    assert "Conversion window: 30 minutes" in str(steps["fig"])
    assert "Visit" in steps["alt"]


def test_whoever_still_has_time_is_not_lost(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("funnel", window="24h")
    assert figures(page)["Still converting"]["number"] == "2"
    assert "still converting" in str(panel(page, "where-do-visits-leave")["fig"])


@pytest.mark.parametrize("tab", PANELS)
def test_every_tab_says_why_it_is_empty(open_page: Open, tab: str) -> None:
    page = open_page("funnel", tab=tab)
    assert not page.exception
    assert all(panel(page, name) for name in PANELS[tab])
    words = read(page)
    assert "Nothing to show" in words or "No times here" in words or "No step fell" in words
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []


@pytest.mark.parametrize("tab", PANELS)
def test_every_tab_is_in_words_of_people(open_page: Open, db: Database, tab: str) -> None:
    fill(db)
    page = open_page("funnel", tab=tab, window="7d")
    assert not page.exception
    assert {panel(page, name)["state"] for name in PANELS[tab]} <= {"ok", "empty"}
    assert [word for word in NOT_FOR_PEOPLE if word in read(page).split()] == []


def test_tenants_under_a_region_say_what_to_choose(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("funnel", tab="Groups")
    page.selectbox(key="region").select("AR-B").run()
    assert panel(page, "which-device-books")["state"] == "ok"
    tenants = panel(page, "which-tenant-s-visitors-book")
    assert tenants["state"] == "empty"
    assert "choose all regions" in tenants["title"]


def test_a_source_that_is_down_is_named(
    open_page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db)

    def down(*_: object) -> None:
        raise SourceDown("Postgres", "does not answer")

    monkeypatch.setattr(funnel.steps, "_function", down)
    page = open_page("funnel")
    steps = panel(page, "where-do-visits-leave")
    assert steps["state"] == "down"
    assert "Postgres does not answer" in steps["title"]
    assert panel(page, "how-does-each-rate-move")["state"] in {"ok", "empty"}


def test_a_window_made_of_nonsense_is_the_usual_one(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("funnel", window="'; drop table session_funnel; --")
    assert not page.exception
    steps = panel(page, "where-do-visits-leave")
    assert "Conversion window: 24 hours" in str(steps["fig"])
