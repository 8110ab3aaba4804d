"""Distinct, new and returning visitors, each recomputed from the raw events as sets in Python."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas import DataFrame

from data import retention
from data.answers import KeyFigure
from data.database import Database
from data.period import Filters, Selection, local_midnight
from tests import factories
from tests.data.visitor_reference import (
    DAY,
    ZONE,
    Days,
    active_days,
    distinct,
    fill,
    fold,
    new,
    records,
)
from tests.factories import NOW

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    """Eleven weeks of visitors, read by many tests and written by none."""
    database = Database(new_database(), pool_size=3)
    fill(database)
    fold(database)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def raw(busy: Database) -> Days:
    """What the raw events of `busy` say."""
    return active_days(busy)


def asked(span: str = "30d", compare: str = "previous", *, now: datetime = NOW) -> Filters:
    return Selection(span, compare).at(now, ZONE)


def between(first: date, last: date, compare: str = "previous") -> Filters:
    return asked(f"{first}..{last}", compare)


def series(found: DataFrame, name: str, zone: ZoneInfo = ZONE) -> dict[date, int]:
    mine = found[found["series"] == name]
    return {
        at.astimezone(zone).date(): int(value)
        for at, value in zip(mine["at"], mine["value"], strict=True)
    }


@given(first=st.integers(0, 85), length=st.integers(1, 60))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_visitors_of_any_range_are_a_set_of_visitors(
    busy: Database, raw: Days, first: int, length: int
) -> None:
    begin = TODAY - first * DAY
    last = min(begin + (length - 1) * DAY, TODAY - DAY)
    if last < begin:
        return
    filters = between(begin, last)
    wanted, fresh = distinct(raw, begin, last), new(raw, begin, last)

    found, made = retention.visitors(busy, filters), retention.new_visitors(busy, filters)
    share = retention.returning_share(busy, filters)

    assert found.value == len(wanted)
    assert made.value == len(fresh)
    assert (share.numerator, share.denominator) == (len(wanted - fresh), len(wanted))
    back = (last - begin + DAY).days * DAY
    is_known = begin - back >= min(min(seen) for seen in raw.values())
    before = len(distinct(raw, begin - back, last - back)), len(new(raw, begin - back, last - back))
    assert (found.previous, made.previous) == (before if is_known else (None, None))
    assert len(found.spark) == (last - begin).days + 1


@pytest.mark.parametrize("compare", ["previous", "last_week", "yesterday"])
def test_today_so_far_is_not_held_against_a_whole_day(
    busy: Database, raw: Days, compare: str
) -> None:
    back = {"previous": 30, "last_week": 7, "yesterday": 1}[compare] * DAY
    first, last = TODAY - 29 * DAY, TODAY - DAY

    found = retention.visitors(busy, asked("30d", compare))

    assert found.value == len(distinct(raw, first, last))
    assert found.previous == len(distinct(raw, first - back, last - back))
    share = retention.returning_share(busy, asked("30d", compare))
    before = distinct(raw, first - back, last - back)
    came_back = before - new(raw, first - back, last - back)
    assert share.previous == pytest.approx(100 * len(came_back) / len(before))


def test_today_alone_counts_so_far_and_is_not_compared(busy: Database, raw: Days) -> None:
    found = retention.visitors(busy, asked("today", "yesterday"))
    assert found.value == len(distinct(raw, TODAY, TODAY)) > 0
    assert found.previous is None
    assert retention.stickiness(busy, asked("today", "yesterday")).previous is None
    before = asked("today", "yesterday").compared()
    assert before is not None
    assert retention.days_away(busy, before).empty


@pytest.mark.parametrize("span", ["7d", "90d", "2026-10-20..2026-11-08"])
def test_a_day_a_week_and_a_month_are_sets_of_visitors(
    busy: Database, raw: Days, span: str
) -> None:
    filters = asked(span)
    found, sticky = retention.active(busy, filters), retention.stickiness_by_day(busy, filters)
    for name, days in (("dau", 1), ("wau", 7), ("mau", 30)):
        counted = series(found, name)
        assert max(counted) == (filters.now - timedelta(seconds=1)).astimezone(ZONE).date()
        for day, value in counted.items():
            assert value == len(distinct(raw, day - (days - 1) * DAY, day)), (name, day)
    dau, mau = series(found, "dau"), series(found, "mau")
    for row in records(sticky):
        day = row["at"].astimezone(ZONE).date()
        assert (row["dau"], row["mau"]) == (dau[day], mau[day])
        assert row["value"] == pytest.approx(100 * dau[day] / mau[day])


def test_stickiness_weighs_the_days_that_are_over(busy: Database, raw: Days) -> None:
    days = [TODAY - n * DAY for n in range(1, 30)]
    one = sum(len(distinct(raw, day, day)) for day in days)
    thirty = sum(len(distinct(raw, day - 29 * DAY, day)) for day in days)

    found = retention.stickiness(busy, asked())

    assert found.value == pytest.approx(100 * one / thirty)
    assert found.previous is not None
    assert len(found.spark) == 29


def test_new_and_returning_are_together_the_visitors_of_the_day(busy: Database, raw: Days) -> None:
    found = retention.new_and_returning(busy, asked("90d"))
    dau = series(retention.active(busy, asked("90d")), "dau")
    fresh, back = series(found, "new"), series(found, "returning")
    assert set(fresh) == set(back) == set(dau)
    for day, value in dau.items():
        assert fresh[day] + back[day] == value
        assert fresh[day] == len(new(raw, day, day))
    assert sum(fresh.values()) == len(raw)


def test_who_came_back_was_away_since_the_last_active_day(busy: Database, raw: Days) -> None:
    first, last = TODAY - 29 * DAY, TODAY - DAY
    gaps = [
        (day - before).days
        for seen in raw.values()
        for before, day in zip(sorted(seen), sorted(seen)[1:], strict=False)
        if first <= day <= last
    ]

    found = retention.days_away(busy, asked())

    edges = (2, 7, 14, 30, 90)
    counts = [0] * 6
    for gap in gaps:
        counts[sum(gap >= edge for edge in edges)] += 1
    assert found["n"].tolist() == counts
    median = sorted(gaps)[(len(gaps) - 1) // 2]
    place = sum(median >= edge for edge in edges)
    assert [n for n, mark in enumerate(found["mark"]) if mark] == [place]


def test_days_after_the_newest_day_are_never_shown(db: Database) -> None:
    factories.event(db, at=NOW - 5 * DAY)
    fold(db, at=NOW)
    found = retention.active(db, asked("7d"))
    newest = TODAY - 5 * DAY
    assert series(found, "mau") == {newest: 1}
    assert series(retention.new_and_returning(db, asked("7d")), "new") == {newest: 1}
    assert retention.stickiness_by_day(db, asked("7d"))["value"].tolist() == [100.0]


@pytest.mark.parametrize(("refreshed", "value", "previous"), [(3, 0, 1), (0, 1, 2)])
def test_a_comparison_ends_as_early_as_the_data_does(
    db: Database, refreshed: int, value: int, previous: int
) -> None:
    for day in (3, 8, 9, 10, 11, 20):
        factories.event(db, at=NOW - day * DAY, visitor_id=day)
    fold(db, at=NOW - refreshed * DAY)
    # Known are the days up to four, or three, days ago; a week before: up to eleven, or ten.
    found = retention.visitors(db, asked("7d", "last_week"))
    assert (found.value, found.previous) == (value, previous)


def test_a_day_is_over_when_the_rollups_were_refreshed_after_it(db: Database) -> None:
    midnight = local_midnight(TODAY, ZONE)
    factories.event(db, at=midnight - timedelta(hours=1))
    fold(db, at=midnight - timedelta(microseconds=1))
    assert retention.visitors(db, asked("7d")).value == 0
    fold(db, at=midnight)
    assert retention.visitors(db, asked("7d")).value == 1


def test_a_visitor_of_an_impossible_tomorrow_is_not_shown(db: Database) -> None:
    late = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)  # half past eleven in the evening
    factories.event(db, at=late, visitor_id=1)
    factories.event(db, at=late + timedelta(minutes=40), visitor_id=2)
    fold(db, at=late)
    found = retention.active(db, asked("7d", now=late))
    assert series(found, "dau") == {TODAY: 1}


def test_a_comparison_that_begins_before_the_data_is_none(db: Database) -> None:
    for day in (1, 8, 13):
        factories.event(db, at=NOW - day * DAY, visitor_id=day)
    fold(db)
    assert retention.visitors(db, asked("7d")).previous == 2
    assert retention.visitors(db, asked("30d", "last_week")).previous is None
    assert retention.returning_share(db, asked("30d")).previous is None


EMPTY: list[Callable[[Database, Filters], DataFrame]] = [
    retention.active,
    retention.stickiness_by_day,
    retention.new_and_returning,
    retention.days_away,
]
FIGURES: list[Callable[[Database, Filters], KeyFigure]] = [
    retention.visitors,
    retention.new_visitors,
    retention.returning_share,
    retention.stickiness,
]


def test_nothing_at_all_is_zero_visitors_but_unknown_shares(db: Database) -> None:
    fold(db)
    assert [each(db, asked()).value for each in FIGURES] == [0, 0, None, None]
    assert all(each(db, asked()).empty for each in EMPTY)


def test_before_the_first_refresh_nothing_is_known(db: Database) -> None:
    factories.event(db, at=NOW - 3 * DAY)
    assert [each(db, asked()).value for each in FIGURES] == [None] * 4
    assert all(each(db, asked()).empty for each in EMPTY)


def test_before_the_data_there_is_nobody(busy: Database) -> None:
    before = asked("2026-01-01..2026-01-31")
    assert [each(busy, before).value for each in FIGURES] == [0, 0, None, None]
    assert all(each(busy, before).empty for each in EMPTY)


def test_after_the_data_nothing_is_known(busy: Database) -> None:
    after = asked("2026-12-01..2026-12-05", now=datetime(2026, 12, 20, 15, tzinfo=UTC))
    assert [each(busy, after).value for each in FIGURES] == [None] * 4


def test_one_event_is_one_new_visitor(db: Database) -> None:
    factories.event(db, at=NOW - 3 * DAY)
    fold(db)
    assert [each(db, asked()).value for each in FIGURES[:3]] == [1, 1, 0]
    assert retention.visitors(db, asked()).spark == (*[0] * 26, 1)  # up to the newest day
    assert retention.days_away(db, asked()).empty


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize("change", [date(2026, 11, 1), date(2026, 3, 8)])
def test_days_are_whole_where_the_clocks_change(db: Database, change: date) -> None:
    for day in (change, change + DAY):
        begin, end = local_midnight(day, NEW_YORK), local_midnight(day + DAY, NEW_YORK)
        factories.event(db, at=begin, visitor_id=1)
        factories.event(db, at=end - timedelta(microseconds=1), visitor_id=2)
    fold(db, NEW_YORK)
    filters = Selection(f"{change}..{change + DAY}").at(NOW, NEW_YORK)
    assert retention.visitors(db, filters).spark == (2, 2)
    assert retention.visitors(db, filters).value == 2
    found = retention.active(db, filters)
    assert series(found, "dau", NEW_YORK) == {change: 2, change + DAY: 2}
    first = found[found["series"] == "dau"]["at"].iloc[0]
    assert first == local_midnight(change, NEW_YORK)
