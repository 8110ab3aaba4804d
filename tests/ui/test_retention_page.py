"""What a person reads on Retention: filled, empty, never counted, with the source down."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from data import retention_cohorts
from data.database import Database
from data.errors import SourceDown
from services import rollups
from tests import factories
from tests.ui.conftest import Open
from tests.ui.reading import envelopes, read

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
TABS = ["Cohorts", "Visitors", "Sessions"]
NOT_FOR_PEOPLE = ("Traceback", "None", "nan", "NaN", "NaT", "null", "dau", "mau", "returned_pct")
HEAT_MAP = "retention.who-comes-again"


def fill(db: Database, *, visitors: int = 40) -> None:
    """Visitors who came eight days ago for the first time, and every fourth again yesterday."""
    noon = datetime.now(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    yesterday = noon - timedelta(days=1)
    for visitor in range(visitors):
        first = yesterday - timedelta(days=7)
        for at in (first, first + timedelta(seconds=90)):
            factories.event(db, at=at, visitor_id=visitor, session_id=1)
        if visitor % 4 == 0:
            factories.event(db, at=yesterday, visitor_id=visitor, session_id=2)
    rollups.refresh(db, ZONE)


def test_the_page_says_who_came_who_came_back_and_for_how_long(
    open_page: Open, db: Database
) -> None:
    fill(db)
    page = open_page("retention")
    assert not page.exception
    found = envelopes(page)
    figures = {each["label"]: each for each in found["first"]["figures"]}
    assert figures["Visitors"]["number"] == "40"
    assert figures["New visitors"]["number"] == "40"
    assert figures["Returning"]["cases"] == "0 of 40"
    assert (figures["Mean session"]["number"], figures["Mean session"]["unit"]) == ("72,0", "s")
    assert figures["Events per session"]["number"] == "1,80"
    grid = found[HEAT_MAP]
    assert grid["state"] == "ok"
    assert "Weeks since the first visit" in str(grid["fig"])
    assert "<b>Cohort of" in str(grid["fig"])
    assert "10 of 40" in str(grid["fig"])


def test_a_short_period_knows_who_had_been_there_before(open_page: Open, db: Database) -> None:
    factories.event(db, at=datetime.now(UTC) - timedelta(days=20), visitor_id=99)
    fill(db)
    first = envelopes(open_page("retention", span="7d"))["first"]
    figures = {each["label"]: each for each in first["figures"]}
    assert figures["Visitors"]["number"] == "10"
    assert figures["Returning"]["number"] == "100"
    assert figures["Returning"]["few"]
    assert figures["Visitors"]["change"] == "\u221275,0\u00a0%"


def test_cohorts_are_by_week_or_month_and_cells_shares_or_visitors(
    open_page: Open, db: Database
) -> None:
    fill(db)
    found = envelopes(open_page("retention", cohorts="month", cells="count"))
    assert "Months since the first visit" in str(found[HEAT_MAP]["fig"])
    assert "retention.how-many-come-again-after-so-many-months" in found
    nonsense = {"cohorts": "'; drop table cohort_week; --", "cells": "<b>"}
    usual = envelopes(open_page("retention", **nonsense))
    assert "Weeks since the first visit" in str(usual[HEAT_MAP]["fig"])


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_in_words_of_people(open_page: Open, db: Database, tab: str) -> None:
    fill(db)
    page = open_page("retention", tab=tab)
    assert not page.exception
    found = envelopes(page)
    assert {each["state"] for each in found.values() if "state" in each} <= {"ok", "empty"}
    assert any(each.get("state") == "ok" for each in found.values())
    assert [word for word in NOT_FOR_PEOPLE if word in read(page).split()] == []


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_says_that_it_is_empty(open_page: Open, db: Database, tab: str) -> None:
    rollups.refresh(db, ZONE)
    page = open_page("retention", tab=tab)
    assert not page.exception
    words = read(page)
    assert "Nothing to show for this period." in words
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []


def test_before_the_rollups_were_ever_counted_nothing_is_claimed(
    open_page: Open, db: Database
) -> None:
    factories.event(db, at=datetime.now(UTC) - timedelta(days=3))
    page = open_page("retention")
    first = envelopes(page)["first"]
    assert {each["number"] for each in first["figures"]} == {"\u2013"}
    assert "Nothing has been counted yet" in read(page)


def test_today_is_drawn_as_unfinished(open_page: Open, db: Database) -> None:
    fill(db)
    factories.event(db, at=datetime.now(UTC), visitor_id=99)
    rollups.refresh(db, ZONE)
    found = envelopes(open_page("retention", tab="Visitors"))
    assert "In a day so far" in str(found["retention.how-many-come"]["fig"])
    bars = found["retention.new-or-returning"]["fig"]["data"]
    assert [trace["marker"]["pattern"]["shape"][-1] for trace in bars[:2]] == ["/", "/"]


def test_a_source_that_is_down_is_named(
    open_page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db)

    def down(*_: object) -> None:
        raise SourceDown("Postgres", "Postgres does not answer.")

    monkeypatch.setattr(retention_cohorts.cohorts, "_function", down)
    found = envelopes(open_page("retention"))
    assert found[HEAT_MAP]["state"] == "down"
    rates = found["retention.how-many-come-again-after-so-many-weeks"]
    assert rates["state"] in {"ok", "empty"}
