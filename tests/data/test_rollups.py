"""How far the rollups have come: the "data as of" of the pages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import text

from data.database import Database
from data.period import Selection
from data.rollups import NOTHING, freshness, kept
from services import rollups
from tests import factories

HERE = ZoneInfo("America/Argentina/Buenos_Aires")
LATER = factories.NOW + timedelta(hours=2)
FILTERS = Selection(span="30d").at(factories.NOW, HERE)


def test_before_the_first_refresh_nothing_is_known(db: Database) -> None:
    assert freshness(db, FILTERS) == NOTHING


def test_the_data_reach_to_the_newest_event_that_was_taken(db: Database) -> None:
    moments = [factories.NOW - timedelta(minutes=minutes) for minutes in (90, 3, 45)]
    for each in moments:
        factories.event(db, at=each)
    rollups.refresh(db, HERE, now=LATER)
    factories.event(db, at=factories.NOW)  # not taken yet
    events = db.frame(text("select occurred_at from analytics_events"))
    taken = events["occurred_at"][events["occurred_at"] < pd.Timestamp(factories.NOW)]
    assert freshness(db, FILTERS).data_until == taken.max() == max(moments)


def test_the_age_is_that_of_the_last_refresh_also_of_one_that_found_nothing(db: Database) -> None:
    rollups.refresh(db, HERE, now=LATER)
    first = kept(db)
    rollups.refresh(db, HERE, now=LATER)
    second = kept(db)
    assert first.refreshed_at is not None
    assert second.refreshed_at is not None
    assert second.refreshed_at > first.refreshed_at
    assert second.age_s is not None
    assert 0 <= second.age_s < 60
    assert second.data_until is None


def test_events_at_impossible_times_are_counted_and_do_not_move_the_data(db: Database) -> None:
    factories.event(db, at=factories.NOW)
    factories.event(db, at=datetime(2199, 1, 1, tzinfo=UTC))
    rollups.refresh(db, HERE, now=LATER)
    found = kept(db)
    assert (found.data_until, found.set_aside) == (factories.NOW, 1)


def test_all_filters_see_the_same(db: Database) -> None:
    factories.event(db, at=factories.NOW)
    rollups.refresh(db, HERE, now=LATER)
    elsewhere = Selection(span="7d", region="AR-X", device="tablet").at(factories.NOW, HERE)
    assert freshness(db, elsewhere).data_until == freshness(db, FILTERS).data_until
