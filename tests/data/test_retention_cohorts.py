"""Cohorts by week and month, each recomputed from the raw events as sets in Python."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pandas import DataFrame

from data import retention_cohorts
from data.database import Database
from data.period import Filters, Selection, local_midnight
from tests import factories
from tests.data.visitor_reference import (
    DAY,
    ZONE,
    Days,
    active_days,
    fill,
    first_of_month,
    fold,
    monday,
    records,
)
from tests.factories import NOW

TODAY = date(2026, 11, 20)
NEW_YEAR = datetime(2027, 1, 5, 15, tzinfo=UTC)
Cells = dict[tuple[date, int], tuple[int, int, bool]]
"""(cohort, offset) -> size, returned, complete."""


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    """Eleven weeks of visitors, read by many tests and written by none."""
    database = Database(new_database(), pool_size=3)
    fill(database)
    fold(database)
    yield database
    database.dispose()


def asked(
    step: str = "week", span: str = "30d", *, now: datetime = NOW, zone: ZoneInfo = ZONE
) -> Filters:
    return Selection(span, options=(("cohorts", step),)).at(now, zone)


def cells(found: DataFrame) -> Cells:
    return {
        (row["cohort"], row["offset"]): (row["size"], row["returned"], row["complete"])
        for row in records(found)
    }


def after(start: date, step: str) -> date:
    """The period after the one that starts on a day."""
    return start + 7 * DAY if step == "week" else first_of_month(start + 31 * DAY)


def wanted(days: Days, step: str, *, since: date, until: date, today: date) -> Cells:
    """Cells of the cohorts from `since` on, over all periods that begin before `until`."""
    start_of = monday if step == "week" else first_of_month
    found: Cells = {}
    for cohort in {start_of(min(seen)) for seen in days.values()}:
        members = [seen for seen in days.values() if start_of(min(seen)) == cohort]
        period, offset = cohort, 0
        while period < until and cohort >= since:
            back = sum(any(start_of(day) == period for day in seen) for seen in members)
            found[cohort, offset] = (len(members), back, after(period, step) <= today)
            period, offset = after(period, step), offset + 1
    return found


@pytest.mark.parametrize("span", ["7d", "90d", "2026-10-14..2026-11-03"])
@pytest.mark.parametrize("step", ["week", "month"])
def test_every_cell_is_a_set_of_visitors(busy: Database, step: str, span: str) -> None:
    filters = asked(step, span)
    last = (filters.now - timedelta(seconds=1)).astimezone(ZONE).date()
    since = monday(last) - 77 * DAY if step == "week" else date(2025, 12, 1)

    found = cells(retention_cohorts.cohorts(busy, filters))

    until = last + DAY
    assert found == wanted(active_days(busy), step, since=since, until=until, today=TODAY)
    assert len(found) > 2


def test_a_long_period_shows_all_its_cohorts(busy: Database) -> None:
    weeks = retention_cohorts.cohorts(busy, asked("week", "90d"))["cohort"]
    assert weeks.min() <= monday(TODAY - 74 * DAY)


def test_a_short_period_shows_the_last_twelve_cohorts(db: Database) -> None:
    mondays = [monday(TODAY) - 7 * n * DAY for n in range(14)]
    firsts = [date(2026 - (n > 10), (10 - n) % 12 + 1, 1) for n in range(14)]
    for visitor, day in enumerate([*mondays, *firsts]):
        visit(db, visitor, day)
    fold(db)
    for step, starts in (("week", mondays), ("month", firsts)):
        found = retention_cohorts.cohorts(db, asked(step, "today"))["cohort"].unique().tolist()
        assert [each for each in found if each in starts] == starts[11::-1]
        assert min(found) == starts[11]


@pytest.mark.parametrize("step", ["week", "month"])
def test_return_rates_add_up_the_cells_that_are_over(busy: Database, step: str) -> None:
    grid = retention_cohorts.cohorts(busy, asked(step, "90d"))
    over = grid[grid["complete"] & (grid["offset"] > 0)]

    found = retention_cohorts.return_rates(busy, asked(step, "90d"))

    assert found["offset"].tolist() == sorted(over["offset"].unique().tolist())
    for row in records(found):
        mine = over[over["offset"] == row["offset"]]
        assert (row["cohorts"], row["size"], row["returned"]) == (
            len(mine),
            mine["size"].sum(),
            mine["returned"].sum(),
        )
        assert row["returned_pct"] == pytest.approx(100 * row["returned"] / row["size"])
        assert row["least_pct"] == pytest.approx(mine["returned_pct"].min())
        assert row["most_pct"] == pytest.approx(mine["returned_pct"].max())


def noon(day: date) -> datetime:
    return local_midnight(day, ZONE) + timedelta(hours=12)


def visit(db: Database, visitor: int, *days: date) -> None:
    for day in days:
        factories.event(db, at=noon(day), visitor_id=visitor)


def test_the_week_of_new_year_belongs_to_both_years(db: Database) -> None:
    # 2026-12-28 to 2027-01-03 is week 53 of 2026.
    visit(db, 1, date(2026, 12, 27), date(2026, 12, 28))
    visit(db, 2, date(2026, 12, 28), date(2027, 1, 1), date(2027, 1, 3))
    visit(db, 3, date(2027, 1, 3), date(2027, 1, 4))
    fold(db, at=NEW_YEAR)
    found = cells(retention_cohorts.cohorts(db, asked(now=NEW_YEAR)))
    assert found == {
        (date(2026, 12, 21), 0): (1, 1, True),
        (date(2026, 12, 21), 1): (1, 1, True),
        (date(2026, 12, 21), 2): (1, 0, False),
        (date(2026, 12, 28), 0): (2, 2, True),
        (date(2026, 12, 28), 1): (2, 1, False),
    }


def test_months_go_over_the_end_of_the_year(db: Database) -> None:
    visit(db, 1, date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 1))
    visit(db, 2, date(2026, 12, 1))
    visit(db, 3, date(2027, 1, 1))
    fold(db, at=NEW_YEAR)
    found = cells(retention_cohorts.cohorts(db, asked("month", now=NEW_YEAR)))
    assert found == {
        (date(2026, 11, 1), 0): (1, 1, True),
        (date(2026, 11, 1), 1): (1, 1, True),
        (date(2026, 11, 1), 2): (1, 1, False),
        (date(2026, 12, 1), 0): (1, 1, True),
        (date(2026, 12, 1), 1): (1, 0, False),
        (date(2027, 1, 1), 0): (1, 1, False),
    }
    shown = retention_cohorts.cohorts(db, asked("month", "7d", now=NEW_YEAR))
    assert len(shown) == 6


@pytest.mark.parametrize(
    ("step", "last", "over"),
    [("week", date(2026, 11, 22), date(2026, 11, 23)), ("month", date(2026, 11, 30), None)],
)
def test_a_period_is_over_when_its_last_day_is(
    db: Database, step: str, last: date, over: date | None
) -> None:
    over = over or date(2026, 12, 1)
    visit(db, 1, date(2026, 11, 16), last)
    for moment, is_over in ((noon(last), False), (local_midnight(over, ZONE), True)):
        fold(db, at=moment)
        found = retention_cohorts.cohorts(db, asked(step, now=moment))
        assert found[found["offset"] == 0]["complete"].tolist() == [is_over]


def test_a_late_event_moves_a_visitor_to_an_earlier_cohort(db: Database) -> None:
    visit(db, 1, date(2026, 11, 10))
    fold(db)
    visit(db, 1, date(2026, 10, 28))
    fold(db)
    found = cells(retention_cohorts.cohorts(db, asked()))
    assert {cohort for cohort, _ in found} == {date(2026, 10, 26)}
    assert found[date(2026, 10, 26), 1][1] == 0
    assert found[date(2026, 10, 26), 2][1] == 1


NEW_YORK = ZoneInfo("America/New_York")


def test_sunday_belongs_to_its_week_where_the_clocks_change(db: Database) -> None:
    sunday = date(2026, 11, 1)  # 25 hours long
    last = local_midnight(sunday + DAY, NEW_YORK) - timedelta(microseconds=1)
    factories.event(db, at=last, visitor_id=1)
    factories.event(db, at=last + timedelta(microseconds=1), visitor_id=2)
    fold(db, NEW_YORK)
    found = cells(retention_cohorts.cohorts(db, asked(zone=NEW_YORK)))
    assert {cohort for cohort, _ in found} == {date(2026, 10, 26), date(2026, 11, 2)}
    months = cells(retention_cohorts.cohorts(db, asked("month", zone=NEW_YORK)))
    assert months[date(2026, 11, 1), 0][:2] == (2, 2)


@pytest.mark.parametrize("step", ["week", "month", "'; drop table cohort_week; --"])
def test_without_visitors_there_is_no_cohort(db: Database, step: str) -> None:
    fold(db)
    assert retention_cohorts.cohorts(db, asked(step)).empty
    assert retention_cohorts.return_rates(db, asked(step)).empty


def test_before_the_data_there_is_no_cohort(busy: Database) -> None:
    assert retention_cohorts.cohorts(busy, asked("week", "2026-01-01..2026-01-31")).empty


def test_one_event_is_a_cohort_of_one(db: Database) -> None:
    factories.event(db, at=NOW)
    fold(db)
    assert cells(retention_cohorts.cohorts(db, asked())) == {(monday(TODAY), 0): (1, 1, False)}
    assert retention_cohorts.return_rates(db, asked()).empty
