"""What a person reads on the Funnel: filled, empty, with one tenant, with the source down."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from data import funnel
from data.database import Database
from data.errors import SourceDown
from services import rollups
from tests import factories
from tests.ui.conftest import Open
from tests.ui.reading import envelopes, read

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
STEPS = ("visit", "search", "provider_selected", "checkout", "booking_paid")
TABS = ["Steps", "Groups", "Times"]
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


def test_the_funnel_says_how_many_reach_each_step_and_within_which_window(
    open_page: Open, db: Database
) -> None:
    fill(db)
    page = open_page("funnel", window="30m")
    assert not page.exception
    found = envelopes(page)
    figures = {each["label"]: each for each in found["first"]["figures"]}
    assert figures["Visits"]["number"] == "40"
    assert figures["Visits"]["cases"] == "40 of 40"
    assert figures["Bookings paid"]["number"] == "8"
    assert figures["Conversion"]["number"] == "20,0"
    assert figures["Average ticket"]["number"] == "ARS\u00a08.000,00"
    steps = found["funnel.where-do-visits-leave"]
    assert steps["state"] == "ok"
    assert "Conversion window: 30 minutes" in str(steps["fig"])
    assert "Visit" in steps["alt"]


def test_whoever_still_has_time_is_not_lost(open_page: Open, db: Database) -> None:
    fill(db)
    found = envelopes(open_page("funnel", window="24h"))
    figures = {each["label"]: each for each in found["first"]["figures"]}
    assert figures["Still converting"]["number"] == "2"
    assert "still converting" in str(found["funnel.where-do-visits-leave"]["fig"])


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_says_why_it_is_empty(open_page: Open, tab: str) -> None:
    page = open_page("funnel", tab=tab)
    assert not page.exception
    words = read(page)
    assert "Nothing to show" in words or "No times here" in words or "No step fell" in words
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_in_words_of_people(open_page: Open, db: Database, tab: str) -> None:
    fill(db)
    page = open_page("funnel", tab=tab, window="7d")
    assert not page.exception
    found = envelopes(page)
    assert {each["state"] for each in found.values() if "state" in each} <= {"ok", "empty"}
    assert [word for word in NOT_FOR_PEOPLE if word in read(page).split()] == []


def test_tenants_under_a_region_say_what_to_choose(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("funnel", tab="Groups")
    page.selectbox(key="region").select("AR-B").run()
    found = envelopes(page)
    assert found["funnel.which-device-books"]["state"] == "ok"
    tenants = found["funnel.which-tenant-s-visitors-book"]
    assert tenants["state"] == "empty"
    assert "choose all regions" in tenants["title"]


def test_a_source_that_is_down_is_named(
    open_page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db)

    def down(*_: object) -> None:
        raise SourceDown("Postgres", "Postgres does not answer.")

    monkeypatch.setattr(funnel.steps, "_function", down)
    found = envelopes(open_page("funnel"))
    assert found["funnel.where-do-visits-leave"]["state"] == "down"
    assert found["funnel.how-does-each-rate-move"]["state"] in {"ok", "empty"}


def test_a_window_made_of_nonsense_is_the_usual_one(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("funnel", window="'; drop table session_funnel; --")
    assert not page.exception
    steps = envelopes(page)["funnel.where-do-visits-leave"]
    assert "Conversion window: 24 hours" in str(steps["fig"])
