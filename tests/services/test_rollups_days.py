"""The definitions on small streams of any shape, and on days, zones and periods of all kinds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from data.database import Database
from services import rollups
from services.rollups.events import EVENTS
from tests.services.rollup_reference import Event, expected
from tests.services.rollup_replay import HERE, NOW, unlike
from tests.services.rollup_streams import EXACT, STEPS, TABLES, TICK, empty, send, stored

SANTIAGO = ZoneInfo("America/Santiago")
"""Clocks go forward on 2026-09-06 at midnight (24:00 of Saturday is 01:00), back on 2026-04-05."""
KATHMANDU = ZoneInfo("Asia/Kathmandu")
"""Hours of this zone begin at a quarter to."""


def at(
    moment: datetime, name: int = 1, *, visitor: int = 1, session: int = 1, number: int = 0
) -> Event:
    identity = UUID(int=number or int(moment.timestamp() * 10) * 100 + name)
    return Event(visitor, session, identity, moment.astimezone(UTC), name, STEPS.get(name, 0))


def take(db: Database, url: str, *batches: list[Event], zone: ZoneInfo = HERE) -> None:
    """Write each batch in a transaction of its own, and refresh after each."""
    with psycopg.connect(url) as connection:
        for batch in batches:
            send(connection, batch)
            connection.commit()
            rollups.catch_up(db, zone, now=NOW)


def wrong(db: Database, events: list[Event], zone: ZoneInfo = HERE) -> list[str]:
    found = [each.table for each in rollups.audit(db, zone) if each.differing]
    return [*found, *unlike(stored(db), expected(events, zone))]


moments = st.builds(
    lambda day, second: datetime(2026, 9, 28, tzinfo=UTC) + timedelta(days=day, seconds=second),
    st.sampled_from([0, 1, 2, 7, 8, 31, 40]),
    st.sampled_from([0, 1, 59, 60, 1799, 1800, 1801, 3 * 3600 - 1, 3 * 3600, 86_399]),
)
events = st.builds(
    lambda who, moment, name, device, number: Event(
        who[0], who[1], UUID(int=number), moment, name, STEPS.get(name, 0), device=device
    ),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    moments,
    st.integers(1, 6),
    st.integers(1, 2),
    st.integers(1, 2**128 - 1),
)
streams = st.lists(st.lists(events, min_size=1, max_size=8), max_size=5)


@pytest.fixture
def connection(db_url: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(db_url) as opened:
        yield opened


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=streams)
def test_any_small_stream_ends_as_the_definitions_say(
    db: Database, connection: "psycopg.Connection[Any]", batches: list[list[Event]]
) -> None:
    empty(db)
    for batch in batches:
        send(connection, batch)
        connection.commit()
        rollups.refresh(db, HERE, now=NOW, parts=(EVENTS,))
    sent = [each for batch in batches for each in batch]
    assert unlike(stored(db), expected(sent, HERE)) == []


def test_nothing_leaves_every_rollup_empty(db: Database, db_url: str) -> None:
    take(db, db_url, [])
    assert not any(stored(db).values())
    assert wrong(db, []) == []


def test_one_event_is_one_session_of_one_visitor(db: Database, db_url: str) -> None:
    only = at(datetime(2026, 10, 31, 23, 59, 59, tzinfo=HERE))
    take(db, db_url, [only])
    assert wrong(db, [only]) == []
    found = stored(db)
    assert list(found["active_gap"]) == [(date(2026, 10, 31), 32767, 1)]
    assert list(found["cohort_month"]) == [(date(2026, 10, 1), date(2026, 10, 1), 1)]
    assert list(found["session_shape"]) == [(date(2026, 10, 31), 1, 0, 1, 1, 0, 1)]


def test_a_window_ends_inclusively_to_the_microsecond(db: Database, db_url: str) -> None:
    begin = datetime(2026, 10, 1, 12, tzinfo=UTC)
    spans = [window + offset for window in EXACT for offset in (-TICK, timedelta(0), TICK)]
    some = [
        at(
            begin + (span if name > 1 else timedelta(0)),
            name,
            session=number,
            number=99 * number + name,
        )
        for number, span in enumerate(spans, start=1)
        for name in STEPS
    ]
    take(db, db_url, some[::2], some[1::2])
    assert wrong(db, some) == []
    reached = text("select s5_30m, s5_24h, s5_7d, s5_any from funnel_day")
    assert db.frame(reached).to_numpy().tolist() == [[2, 5, 8, 9]]
    fits = text("select w, sum(n)::int as n from ttc_hist group by w order by w")
    assert dict(db.frame(fits).to_numpy()) == {0: 2, 1: 3, 2: 3, 3: 1}


@pytest.mark.parametrize("hours", [0, 1, 2, 3, 4])
def test_a_day_of_23_hours_has_its_own_events(db: Database, db_url: str, hours: int) -> None:
    """Saturday ends at 04:00 UTC; Sunday, one hour shorter, at 03:00 UTC."""
    some = [at(datetime(2026, 9, day, hours, 30, tzinfo=UTC), visitor=day) for day in (5, 6, 7, 8)]
    take(db, db_url, some[:2], some[2:], zone=SANTIAGO)
    assert wrong(db, some, SANTIAGO) == []
    local = [each.at.astimezone(SANTIAGO).date() for each in some]
    assert sorted(day for _, day in stored(db)["visitor_day"]) == sorted(local)


def test_a_day_of_25_hours_is_one_day(db: Database, db_url: str) -> None:
    begin = datetime(2026, 4, 4, tzinfo=SANTIAGO).astimezone(UTC)
    some = [at(begin + timedelta(hours=hour), visitor=1, session=hour + 1) for hour in range(26)]
    take(db, db_url, some[::2], some[1::2], zone=SANTIAGO)
    assert wrong(db, some, SANTIAGO) == []
    days = {row[0]: row[2] for row in stored(db)["funnel_tenant_day"]}
    assert days == {date(2026, 4, 4): 25, date(2026, 4, 5): 1}


def test_hours_are_instants_where_local_hours_begin_at_a_quarter_to(
    db: Database, db_url: str
) -> None:
    some = [
        at(datetime(2026, 10, 9, 18, minute, tzinfo=UTC), session=minute + 1)
        for minute in (0, 14, 15, 16, 59)
    ]
    take(db, db_url, some[:3], some[3:], zone=KATHMANDU)
    assert wrong(db, some, KATHMANDU) == []
    assert len(stored(db)["roll_hour"]) == 1
    assert {row[0] for row in stored(db)["roll_day"]} == {date(2026, 10, 9), date(2026, 10, 10)}


def test_months_and_years_end_where_the_local_calendar_says(db: Database, db_url: str) -> None:
    ends = [
        datetime(2026, 1, 1, tzinfo=HERE),
        datetime(2026, 3, 1, tzinfo=HERE),
        datetime(2027, 1, 1, tzinfo=HERE),
    ]
    some = [
        at(end + timedelta(seconds=offset), visitor=number, session=number)
        for number, end in enumerate(ends, start=1)
        for offset in (-1, 0)
    ]
    take(db, db_url, some[::-1][:3], some[::-1][3:])
    assert wrong(db, some) == []
    assert (date(2026, 12, 1), date(2027, 1, 1), 1) in stored(db)["cohort_month"]


def test_any_range_of_days_counts_each_visitor_once(db: Database, db_url: str) -> None:
    days = {1: (0, 1, 9), 2: (3,), 3: (0, 29, 30), 4: (9, 10)}
    begin = datetime(2026, 10, 1, 12, tzinfo=UTC)
    some = [
        at(begin + timedelta(days=day), visitor=visitor, session=day + 1, number=visitor * 99 + day)
        for visitor, active in days.items()
        for day in active
    ]
    take(db, db_url, some[1::2], some[::2])
    distinct = text("""
        select coalesce(sum(n), 0)::int from active_gap
        where day >= :since and day <= :until and gap > day - cast(:since as date)
    """)
    for first in range(31):
        for last in range(first, 31, 3):
            since = begin.date() + timedelta(days=first)
            until = begin.date() + timedelta(days=last)
            wanted = sum(any(first <= day <= last for day in active) for active in days.values())
            assert db.scalar(distinct, since=since, until=until) == wanted


def test_the_tables_of_the_reference_are_all_there_are() -> None:
    assert set(TABLES) == set(EVENTS.tables)
