"""What a person reads on Regions: filled, narrowed, empty, and with a source down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from data.database import Database
from services import rollups
from tests import factories
from tests.data.region_visits import ZONE
from tests.ui.conftest import Open
from tests.ui.reading import envelopes, read

TABS = ["Provinces", "Hours", "Payments", "Phones and cities"]
PANELS = ("regions.w", "regions.h", "regions.i")
NOT_FOR_PEOPLE = ("Traceback", "None", "nan", "NaN", "null", "undefined", "AR-X", "AR-B", "minor")


@pytest.fixture
def filled(db: Database) -> Database:
    """Today: 40 visits in Buenos Aires and 2 in Córdoba, one of them paid; one is not placed."""
    at = datetime.now(UTC) - timedelta(minutes=5)
    for number in range(1, 44):
        province = "AR-B" if number <= 40 else "AR-X" if number <= 42 else 0
        who = {"visitor_id": number, "session_id": number, "province": province}
        factories.session(db, started_at=at, city="Córdoba" if number > 40 else "Tandil", **who)
        for name in ("visit", "search") if number < 42 else ("visit",):
            factories.event(db, name, at=at, **who)
    steps = ("provider_selected", "checkout", "booking_paid")
    for n, name in enumerate(steps, start=1):
        moment = at + timedelta(seconds=n)
        factories.event(db, name, at=moment, visitor_id=41, session_id=41, province="AR-X")
    factories.payment(db, visitor_id=41, province="AR-X", created_at=at, approved_at=at)
    factories.provider(db, province="AR-B", weekly_minutes=6_000, created_at=at - timedelta(days=9))
    factories.provider(db, province="AR-X", weekly_minutes=6_000, created_at=at - timedelta(days=9))
    rollups.refresh(db, ZONE, now=datetime.now(UTC) + timedelta(minutes=1))
    return db


def panel(page: AppTest, name: str) -> dict[str, Any]:
    assert not page.exception
    found: dict[str, Any] = envelopes(page)[f"regions.{name}"]
    return found


def choose(page: AppTest, **chosen: str) -> AppTest:
    for key, code in chosen.items():
        page.selectbox(key=key).select(code)
    return page.run()


def texts(table: dict[str, Any], name: str) -> dict[str, str]:
    """One column of a table, by the words of its first."""
    at = [each["l"] for each in table["columns"]].index(name)
    return {row[0][1]: row[at][1] for row in table["rows"]}


def figures(page: AppTest) -> dict[str, str]:
    return {each["label"]: each["number"] for each in envelopes(page)["first"]["figures"]}


@pytest.mark.usefixtures("filled")
def test_figures_map_and_ranking_say_the_same(open_page: Open) -> None:
    page = open_page("regions", span="today")

    assert figures(page) == {
        "Sessions": "43",
        "Paid bookings": "1",
        "Revenue": "ARS\u00a08.000,00",
        "Conversion": "2,33",
        "By phone": "100",
        "Underserved provinces": "0",
    }
    drawn = panel(page, "where-does-it-come-from")
    assert drawn["pick"] == "region"
    assert "Buenos Aires" in drawn["alt"]
    assert "1 " in drawn["alt"]
    ranking = panel(page, "which-provinces-lead")["table"]
    assert texts(ranking, "Sessions")["Buenos Aires"] == "40"
    assert texts(ranking, "Sessions")["Not placed"] == "1"
    assert texts(ranking, "Market")["Córdoba"] == "Secondary"
    assert texts(ranking, "Revenue")["Córdoba"] == "ARS\u00a08.000,00"
    assert len(ranking["rows"]) == 25


@pytest.mark.usefixtures("filled")
def test_the_measure_orders_the_provinces_and_names_the_map(open_page: Open) -> None:
    page = open_page("regions", span="today", measure="revenue")

    assert panel(page, "which-provinces-lead")["table"]["rows"][0][0][1] == "Córdoba"
    assert "Revenue" in panel(page, "where-does-it-come-from")["alt"]
    by_words = open_page("regions", span="today", measure="By paid bookings")
    assert "Paid bookings" in panel(by_words, "where-does-it-come-from")["alt"]


@pytest.mark.usefixtures("filled")
def test_a_region_narrows_the_figures_and_leaves_the_ranks(open_page: Open) -> None:
    page = choose(open_page("regions", span="today"), region="AR-X")

    assert figures(page)["Sessions"] == "2"
    assert figures(page)["Conversion"] == "50,0"
    assert len(panel(page, "which-provinces-lead")["table"]["rows"]) == 25
    assert len(panel(page, "where-is-too-little-on-offer")["table"]["rows"]) == 24


@pytest.mark.usefixtures("filled")
def test_what_is_underserved_is_said_with_its_definition(open_page: Open) -> None:
    page = open_page("regions", span="today")

    table = panel(page, "where-is-too-little-on-offer")["table"]
    assert texts(table, "State")["Buenos Aires"] == "Served"
    assert texts(table, "State")["Córdoba"] == "Too few cases"
    assert any(
        "at least twice that, with 30 searches" in each.proto.help for each in page.subheader
    )


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_drawn_in_words_for_people(open_page: Open, tab: str) -> None:
    page = open_page("regions", span="today", tab=tab)

    shown = {key: each for key, each in envelopes(page).items() if key.startswith(PANELS)}
    assert not page.exception
    assert shown
    assert {each["state"] for each in shown.values()} == {"ok"}


@pytest.mark.usefixtures("filled")
def test_a_share_of_phones_over_80_is_called_normal(open_page: Open) -> None:
    table = panel(
        open_page("regions", span="today", tab="Phones and cities"),
        "is-the-share-of-phones-normal",
    )["table"]
    assert texts(table, "State")["Buenos Aires"] == "Normal"
    assert texts(table, "State")["Córdoba"] == "Too few cases"


@pytest.mark.usefixtures("filled")
def test_a_panel_that_does_not_know_a_filter_says_so_and_shows_nothing(open_page: Open) -> None:
    hours = panel(
        choose(open_page("regions", tab="Hours"), device="mobile"), "when-are-they-active"
    )
    assert hours["state"] == "empty"
    assert "all devices and all referrals" in str(hours)
    page = choose(open_page("regions", tab="Phones and cities"), device="", referral="direct")
    cities = panel(page, "which-cities-lead")
    assert cities["state"] == "empty"
    assert "all referrals" in str(cities)


@pytest.mark.parametrize("tab", TABS)
def test_an_empty_database_claims_nothing(open_page: Open, tab: str) -> None:
    page = open_page("regions", tab=tab)

    assert not page.exception
    words = read(page)
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []
    assert figures(page)["Conversion"] == "\u2013"
    assert {e["state"] for k, e in envelopes(page).items() if k.startswith(PANELS)} == {"empty"}


def test_a_rollup_that_is_missing_is_said_where_it_is_missed(open_page: Open, db: Database) -> None:
    with db.write() as tx:
        tx.execute(text("drop table funnel_day"))
    page = open_page("regions")

    assert not page.exception
    assert panel(page, "where-does-it-come-from")["state"] == "down"
    assert "Traceback" not in read(page)


@pytest.mark.parametrize("value", ["'; drop table sessions; --", "<img src=x>", "A" * 999])
def test_filters_made_of_nonsense_do_nothing(open_page: Open, value: str) -> None:
    names = ("span", "compare", "measure", "region", "device", "referral", "tab")
    page = open_page("regions", **dict.fromkeys(names, value))
    assert not page.exception
