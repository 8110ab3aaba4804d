"""The funnel's counts and rates, each recomputed from the raw events in plain Python."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pandas import Timestamp
from sqlalchemy import text

from data import funnel, funnel_counts
from data.database import Database
from data.period import Filters, Selection, local_midnight
from services import rollups
from tests import factories
from tests.data.funnel_reference import (
    STEPS,
    WINDOWS,
    ZONE,
    Session,
    chosen,
    fill,
    fold,
    sessions,
)
from tests.factories import NOW

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
MIDNIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    """Twenty days of sessions, read by many tests and written by none."""
    database = Database(new_database(), pool_size=3)
    fill(database)
    fold(database)
    yield database
    database.dispose()


def asked(
    span: str = "30d", *, window: str = "24h", now: datetime = NOW, **chosen: object
) -> Filters:
    options = (("window", window),)
    return Selection(span, **{"compare": "previous"} | chosen, options=options).at(now, ZONE)  # type: ignore[arg-type]  # as a URL would


CASES = [
    asked(),
    asked(window="30m"),
    asked(window="7d"),
    asked("7d", window="7d"),
    asked("7d", compare="yesterday"),
    asked("today", window="30m", compare="last_week"),
    asked(region="AR-X"),
    asked("7d", device="mobile", referral="whatsapp"),
    asked("7d", window="30m", tenant=3),
    asked(window="7d", tenant=3, device="mobile"),
    asked(region="AR-Z"),
    asked(device="nonsense"),
    asked("2026-11-10..2026-11-12", compare="last_week"),
]
NAMES = [f"{each.selection.span} {each.key()}" for each in CASES]


def counts(found: list[Session], window: str, *, closed: bool = False) -> tuple[int, ...]:
    length = WINDOWS[window]
    kept = [each for each in found if not closed or each.is_closed(length, NOW)]
    return tuple(sum(each.reached(k, length) for each in kept) for k in range(1, 6))


@pytest.mark.parametrize("filters", CASES, ids=NAMES)
def test_counts_equal_the_raw_events_in_the_period_and_in_the_comparison(
    busy: Database, filters: Filters
) -> None:
    raw, window = sessions(busy), filters.choice("window", "24h")
    before = filters.compared()
    assert before is not None
    for each in (filters, before):
        found, wanted = funnel_counts.totals(busy, each), chosen(raw, each)
        assert found.sessions == len(wanted)
        assert found.reached == counts(wanted, window)
        assert found.closed == counts(wanted, window, closed=True)


@pytest.mark.parametrize("filters", CASES, ids=NAMES)
def test_each_day_adds_up_to_the_whole(busy: Database, filters: Filters) -> None:
    whole, days = funnel_counts.totals(busy, filters), funnel_counts.each_day(busy, filters)
    assert [sum(column) for column in zip(*(day.reached for day in days), strict=True)] == list(
        whole.reached
    )
    assert sum(day.sessions for day in days) == whole.sessions


def test_the_cases_are_not_empty_ones(busy: Database) -> None:
    whole = funnel_counts.totals(busy, asked(window="7d"))
    assert whole.sessions > whole.s1 > whole.s2 > whole.s5 > 10
    assert whole.s1 > whole.c1 > 0
    assert funnel_counts.totals(busy, CASES[8]).s1 > 0


def test_lost_still_converting_and_gone_on_are_all_who_reached_the_step_before(
    busy: Database,
) -> None:
    raw = chosen(sessions(busy), asked(window="7d"))
    found, week = funnel.steps(busy, asked(window="7d")), WINDOWS["7d"]
    assert found["step"].tolist() == list(STEPS)
    assert found["window"].unique().tolist() == ["7d"]
    for k in range(2, 6):
        still = [
            each
            for each in raw
            if each.reached(k - 1, week)
            and not each.reached(k, week)
            and not each.is_closed(week, NOW)
        ]
        assert found["still_converting"][k - 1] == len(still)


def journey(db: Database, *moments: datetime, visitor: int = 1, **seen: object) -> None:
    for step, at in zip(STEPS, moments, strict=False):
        factories.event(db, step, at=at, visitor_id=visitor, **seen)


@pytest.mark.parametrize(("late", "paid"), [(timedelta(), 1), (INSTANT, 0)])
@pytest.mark.parametrize("window", ["30m", "24h", "7d"])
@pytest.mark.parametrize("is_closing", [False, True])
def test_a_step_at_the_very_end_of_the_window_is_within_it(
    db: Database, *, window: str, late: timedelta, paid: int, is_closing: bool
) -> None:
    start = NOW - (WINDOWS[window] + MINUTE if is_closing else timedelta(days=9))
    end = start + WINDOWS[window] + late
    journey(db, start, start + MINUTE, start + MINUTE, start + MINUTE, end, tenant=1)
    fold(db)
    # From cells, and from the sessions themselves.
    for filters in (asked(window=window), asked(window=window, tenant=1, device="mobile")):
        assert funnel.steps(db, filters)["sessions"].tolist() == [1, 1, 1, 1, paid]


@pytest.mark.parametrize(("late", "still"), [(timedelta(), 0), (INSTANT, 1)])
@pytest.mark.parametrize("window", ["30m", "24h", "7d"])
def test_an_entrant_is_lost_from_the_moment_the_window_closes(
    db: Database, window: str, late: timedelta, still: int
) -> None:
    journey(db, NOW - WINDOWS[window] + late)
    fold(db)
    filters = asked(window=window)
    assert funnel.steps(db, filters)["still_converting"].tolist() == [0, still, 0, 0, 0]
    assert funnel.still_converting(db, filters).value == still
    assert funnel.conversion(db, filters).denominator == 1 - still


def test_who_came_before_midnight_and_visited_after_it_still_has_time(db: Database) -> None:
    factories.event(db, "login", at=MIDNIGHT - timedelta(minutes=20))
    factories.event(db, "visit", at=MIDNIGHT + timedelta(minutes=10))
    fold(db, at=MIDNIGHT + timedelta(minutes=35))
    found = asked("7d", window="30m", now=MIDNIGHT + timedelta(minutes=35))
    assert funnel.still_converting(db, found).value == 1
    assert funnel.still_converting(db, asked("7d", window="30m")).value == 1
    fold(db, at=MIDNIGHT + timedelta(minutes=40))
    assert funnel.still_converting(db, asked("7d", window="30m")).value == 0


def test_nobody_is_lost_while_the_rollups_stand_still(db: Database) -> None:
    journey(db, NOW - timedelta(hours=2))
    fold(db, at=NOW - timedelta(minutes=100))
    assert funnel.still_converting(db, asked(window="30m")).value == 1


def test_a_session_without_a_visit_is_a_session_but_no_entrant(db: Database) -> None:
    journey(db, NOW - timedelta(days=3), visitor=1)
    factories.event(db, "checkout", at=NOW - timedelta(days=3), visitor_id=2)
    fold(db)
    found = funnel.visits(db, asked())
    assert (found.value, found.numerator, found.denominator) == (1, 1, 2)
    assert funnel.steps(db, asked())["sessions"].tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("filters", [asked(), asked("2026-01-01..2026-01-31")])
def test_nothing_is_zero_sessions_but_unknown_rates(db: Database, filters: Filters) -> None:
    fold(db)
    assert funnel.visits(db, filters).value == 0
    assert funnel.booked(db, filters).previous is None
    assert funnel.conversion(db, filters).value is None
    assert funnel.ticket(db, filters).value is None
    assert funnel.steps(db, filters)["sessions"].tolist() == [0] * 5
    assert funnel.steps(db, filters)["lost_minor"].isna().all()
    changes = funnel.changes(db, filters)
    assert changes["verdict"].unique().tolist() == ["nothing to compare"]
    assert changes["rate_pct"].isna().all()
    assert funnel.rates(db, filters)["value"].isna().all()


def test_one_event_is_one_visit(db: Database) -> None:
    journey(db, NOW - timedelta(days=3))
    fold(db)
    assert funnel.steps(db, asked())["sessions"].tolist() == [1, 0, 0, 0, 0]
    assert funnel.conversion(db, asked()).value == 0
    assert funnel.visits(db, asked()).spark[-4] == 1
    assert funnel_counts.totals(db, asked("2026-01-01..2026-01-31")).sessions == 0


def test_counts_are_held_against_no_period_that_begins_before_the_data(db: Database) -> None:
    journey(db, NOW - timedelta(days=10))
    fold(db)
    for figure in (funnel.visits, funnel.booked, funnel.still_converting):
        assert figure(db, asked("7d")).previous is None
    journey(db, NOW - timedelta(days=20), visitor=2)
    fold(db)
    assert funnel.visits(db, asked("7d")).previous == 1


def test_what_is_lost_is_priced_at_the_average_ticket(db: Database) -> None:
    start = NOW - timedelta(days=3)
    for visitor in range(5):
        journey(db, start, *([start + MINUTE] if visitor else []), visitor=visitor)
    for amount, currency in ((100_00, "ARS"), (300_00, "ARS"), (999_00, "USD")):
        paid = {"amount_minor": amount, "currency": currency}
        factories.payment(db, created_at=start, approved_at=start, **paid)
    fold(db)
    lost = funnel.steps(db, asked())["lost_minor"].tolist()
    assert math.isnan(lost[0])
    assert lost[1:] == [200_00, 4 * 200_00, 0, 0]
    assert funnel.ticket(db, asked()).value == 200_00


def test_rates_compare_closed_entrants_only(db: Database) -> None:
    old, young = NOW - timedelta(days=3), NOW - timedelta(hours=1)
    for visitor in range(40):
        journey(db, old, *([old + MINUTE] if visitor % 4 == 0 else []), visitor=visitor)
        journey(db, old - timedelta(days=30), old - timedelta(days=30), visitor=100 + visitor)
        journey(db, young, visitor=200 + visitor)
    fold(db)
    first = funnel.changes(db, asked()).iloc[0]
    assert (first["step"], first["cases"], first["before_cases"]) == ("search", 40, 40)
    assert (first["rate_pct"], first["before_pct"], first["change_pp"]) == (25.0, 100.0, -75.0)
    assert first["verdict"] == "lower than before"
    assert first["p_value"] < 0.001


def test_a_trend_has_two_weeks_and_no_value_on_days_that_are_open(busy: Database) -> None:
    found = funnel.rates(busy, asked("today"))
    search = found[found["series"] == "search"]
    assert len(search) == 14
    assert search["at"].iloc[-1] == Timestamp(MIDNIGHT)
    assert math.isnan(search["value"].iloc[-1])
    assert search["value"].notna().sum() >= 10
    rates = 100 * search["reached"] / search["cases"].where(search["cases"] > 0)
    assert (rates - search["value"]).abs().max() < 1e-9


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(("first", "hours"), [(date(2026, 11, 1), 25), (date(2026, 3, 8), 23)])
def test_days_across_a_change_of_the_clocks_are_as_long_as_they_are(
    db: Database, first: date, hours: int
) -> None:
    midnight = local_midnight(first, NEW_YORK)
    for visitor in range(-1, hours + 1):
        journey(db, midnight + timedelta(hours=visitor), visitor=100 + visitor)
    rollups.rebuild(db, NEW_YORK, now=NOW)
    days = f"{first}..{first}"
    found = Selection(days, "yesterday").at(NOW, NEW_YORK)
    assert funnel.visits(db, found).value == hours
    assert funnel.visits(db, found).previous == 1


def test_the_comparison_ends_at_the_same_time_of_the_day(db: Database) -> None:
    for day in (0, 7):
        for visitor, hour in enumerate((1, 11, 13)):  # asked at noon
            at = MIDNIGHT - timedelta(days=day) + timedelta(hours=hour)
            if at < NOW:
                journey(db, at, visitor=10 * day + visitor)
    fold(db)
    found = funnel.visits(db, asked("today", compare="last_week"))
    assert (found.value, found.previous) == (2, 2)


def test_a_window_made_of_sql_is_the_usual_one(busy: Database) -> None:
    evil = replace(asked().selection, options=(("window", "1'); drop table funnel_day; --"),))
    found = funnel.steps(busy, evil.at(NOW, ZONE))
    assert found["window"].unique().tolist() == ["24h"]
    assert busy.scalar(text("select count(*) from funnel_day"))
