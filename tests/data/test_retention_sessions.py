"""Length and depth of sessions, each recomputed from the raw events in plain Python."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from data import funnel_counts, retention_sessions
from data.database import Database
from data.period import Filters, Selection, local_midnight
from data.retention_sessions import DEPTHS, LENGTHS
from tests import factories
from tests.data.visitor_reference import DAY, ZONE, Session, fill, fold, records, sessions
from tests.factories import NOW

TODAY = date(2026, 11, 20)
MIDNIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    """Eleven weeks of sessions, read by many tests and written by none."""
    database = Database(new_database(), pool_size=3)
    fill(database)
    fold(database)
    yield database
    database.dispose()


def asked(span: str = "30d", compare: str = "previous", *, now: datetime = NOW) -> Filters:
    return Selection(span, compare).at(now, ZONE)


def within(found: list[Session], first: date, last: date) -> list[Session]:
    return [each for each in found if first <= each.day <= last]


Range = tuple[str, date, date, timedelta]
"""A period, its first and last day that is over, and how far back its comparison lies."""
RANGES: list[Range] = [
    ("30d", TODAY - 29 * DAY, TODAY - DAY, 30 * DAY),
    ("7d", TODAY - 6 * DAY, TODAY - DAY, 7 * DAY),
    ("2026-10-20..2026-11-08", date(2026, 10, 20), date(2026, 11, 8), 20 * DAY),
    ("2026-11-10..2026-11-30", date(2026, 11, 10), TODAY - DAY, 21 * DAY),
]


@pytest.mark.parametrize("chosen", RANGES, ids=str)
def test_means_are_exact_in_the_period_and_in_the_comparison(busy: Database, chosen: Range) -> None:
    (span, first, last, back), raw = chosen, sessions(busy)
    mine, before = within(raw, first, last), within(raw, first - back, last - back)

    length = retention_sessions.mean_length(busy, asked(span))
    depth = retention_sessions.events_per_session(busy, asked(span))

    assert len(mine) > 10
    assert length.value == pytest.approx(sum(each.seconds for each in mine) / len(mine))
    assert depth.value == pytest.approx(sum(each.events for each in mine) / len(mine))
    assert length.previous == pytest.approx(sum(each.seconds for each in before) / len(before))
    assert depth.previous == pytest.approx(sum(each.events for each in before) / len(before))


def length_class(each: Session) -> int:
    return 0 if each.events == 1 else 1 + sum(each.seconds >= s for s in (60, 180, 600, 1800))


def depth_class(each: Session) -> int:
    return sum(each.events >= events for events in (2, 3, 4, 5, 7, 11))


@pytest.mark.parametrize("chosen", RANGES, ids=str)
def test_every_session_is_in_one_class_and_the_median_in_its_own(
    busy: Database, chosen: Range
) -> None:
    span, first, last, back = chosen
    raw, before = sessions(busy), asked(span).compared()
    assert before is not None
    for filters, days in ((asked(span), 0 * DAY), (before, back)):
        mine = within(raw, first - days, last - days)
        for found, class_of, names in (
            (retention_sessions.lengths(busy, filters), length_class, LENGTHS),
            (retention_sessions.depths(busy, filters), depth_class, DEPTHS),
        ):
            classes = sorted(class_of(each) for each in mine)
            assert found["bucket"].tolist() == list(names)
            assert found["n"].tolist() == [classes.count(n) for n in range(len(names))]
            middle = classes[(len(classes) - 1) // 2]
            assert [n for n, mark in enumerate(found["mark"]) if mark] == [middle]


def test_each_day_and_each_device_add_up_to_all_sessions(busy: Database) -> None:
    raw = sessions(busy)
    days = retention_sessions.by_day(busy, asked("90d"))
    devices = retention_sessions.by_device(busy, asked("90d"))
    whole = retention_sessions.totals(busy, asked("90d"))
    over = [each for each in raw if each.day < TODAY]
    assert days["sessions"].sum() == len(raw)
    assert devices["sessions"].sum() == whole.sessions == len(over)
    assert devices["share_pct"].sum() == pytest.approx(100)
    assert devices["single"].sum() == whole.single == sum(each.events == 1 for each in over)
    for row in records(days):
        mine = [each for each in raw if each.day == row["at"].astimezone(ZONE).date()]
        single = sum(each.events == 1 for each in mine)
        assert (row["sessions"], row["single"]) == (len(mine), single)
        assert row["single_pct"] == pytest.approx(100 * single / len(mine))
        assert row["mean_s"] == pytest.approx(sum(each.seconds for each in mine) / len(mine))
    for row in records(devices):
        mine = [each for each in over if each.device == row["device"]]
        assert row["sessions"] == len(mine)
        assert row["depth"] == pytest.approx(sum(each.events for each in mine) / len(mine))


def test_a_device_is_held_against_its_own_sessions_before(busy: Database) -> None:
    raw = within(sessions(busy), TODAY - 59 * DAY, TODAY - 31 * DAY)
    for row in records(retention_sessions.by_device(busy, asked())):
        mine = [each for each in raw if each.device == row["device"]]
        mean = sum(each.seconds for each in mine) / len(mine)
        assert row["before_sessions"] == len(mine)
        assert row["before_mean_s"] == pytest.approx(mean)
        assert row["change_pct"] == pytest.approx(100 * (row["mean_s"] / mean - 1))


def test_sessions_are_those_of_the_funnel_on_every_day(busy: Database) -> None:
    days = retention_sessions.by_day(busy, asked("90d")).set_index("at")["sessions"]
    for day in funnel_counts.each_day(busy, asked("90d")):
        assert day.day is not None
        assert days.get(local_midnight(day.day, ZONE), 0) == day.sessions


def test_a_session_over_midnight_belongs_to_the_day_of_its_first_event(db: Database) -> None:
    for minutes in (-1, 30):
        factories.event(db, at=MIDNIGHT + timedelta(minutes=minutes))
    fold(db)
    found = retention_sessions.by_day(db, asked())
    assert found["at"].tolist() == [MIDNIGHT - DAY]
    assert found["mean_s"].tolist() == [31 * 60]
    assert retention_sessions.lengths(db, asked())["n"].tolist() == [0, 0, 0, 0, 0, 1]


def test_one_event_is_a_session_without_length(db: Database) -> None:
    factories.event(db, at=NOW - 3 * DAY)
    fold(db)
    assert retention_sessions.mean_length(db, asked()).value == 0
    assert retention_sessions.events_per_session(db, asked()).value == 1
    assert retention_sessions.lengths(db, asked())["n"].tolist() == [1, 0, 0, 0, 0, 0]
    assert retention_sessions.depths(db, asked())["mark"].tolist() == ["median", *[""] * 6]
    assert retention_sessions.by_day(db, asked())["single_pct"].tolist() == [100]
    assert retention_sessions.by_device(db, asked())["change_pct"].isna().all()


def test_today_alone_is_counted_so_far_and_not_compared(db: Database) -> None:
    for days in (0, 1):
        for minutes in (5, 3):
            at = NOW - days * DAY - timedelta(minutes=minutes)
            factories.event(db, at=at, session_id=days)
    fold(db)
    today = asked("today", "yesterday")
    found = retention_sessions.mean_length(db, today)
    assert (found.value, found.previous) == (120, None)
    assert retention_sessions.lengths(db, today)["n"].sum() == 1
    before = today.compared()
    assert before is not None
    assert retention_sessions.lengths(db, before).empty
    assert retention_sessions.depths(db, before).empty
    assert retention_sessions.by_device(db, today)["before_mean_s"].isna().all()


@pytest.mark.parametrize("span", ["30d", "2026-01-01..2026-01-31"])
def test_nothing_has_no_length(db: Database, span: str) -> None:
    fold(db)
    assert retention_sessions.mean_length(db, asked(span)).value is None
    assert retention_sessions.events_per_session(db, asked(span)).previous is None
    assert retention_sessions.lengths(db, asked(span)).empty
    assert retention_sessions.depths(db, asked(span)).empty
    assert retention_sessions.by_day(db, asked(span)).empty
    assert retention_sessions.by_device(db, asked(span)).empty


def test_a_short_day_has_its_own_sessions_where_the_clocks_change(db: Database) -> None:
    zone, change = ZoneInfo("America/New_York"), date(2026, 3, 8)
    begin, end = local_midnight(change, zone), local_midnight(change + DAY, zone)
    moments = (begin - timedelta(seconds=1), begin, end - timedelta(seconds=1), end)
    for number, at in enumerate(moments):
        factories.event(db, at=at, session_id=number)
    fold(db, zone)
    filters = Selection(f"{change}..{change}").at(NOW, zone)
    assert retention_sessions.totals(db, filters).sessions == 2
    assert db.scalar(text("select count(*) from session_funnel")) == 4
