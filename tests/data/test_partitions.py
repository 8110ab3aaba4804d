"""Events live in partitions of local days."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import text

from data.database import Database
from data.migrations.partitions import ensure_event_partitions
from tests import factories

HERE = ZoneInfo("America/Argentina/Buenos_Aires")
FRIDAY = date(2026, 11, 20)
SATURDAY = date(2026, 11, 21)
SUNDAY = date(2026, 11, 22)

PLACES = text("""
    select tableoid::regclass::text as place, count(*) as n
    from analytics_events group by tableoid order by place
""")


def ensure(db: Database, since: date, until: date, zone: ZoneInfo = HERE) -> int:
    with db.write() as tx:
        return ensure_event_partitions(tx, since, until, zone)


def places(db: Database) -> dict[str, int]:
    return dict(db.frame(PLACES).itertuples(index=False, name=None))


def test_the_last_minute_of_a_local_day_and_the_next_are_in_two_partitions(db: Database) -> None:
    assert ensure(db, FRIDAY, SUNDAY) == 2
    factories.event(db, at=datetime(2026, 11, 20, 23, 59, 59, 999_999, tzinfo=HERE))
    factories.event(db, at=datetime(2026, 11, 21, 0, 0, tzinfo=HERE))
    assert places(db) == {"analytics_events_20261120": 1, "analytics_events_20261121": 1}


def test_asking_twice_makes_them_once(db: Database) -> None:
    assert ensure(db, FRIDAY, SUNDAY) == 2
    assert ensure(db, FRIDAY, SUNDAY) == 0
    assert ensure(db, FRIDAY, date(2026, 11, 23)) == 1


def test_asking_at_once_makes_them_once(db: Database) -> None:
    with ThreadPoolExecutor(3) as pool:
        made = [pool.submit(ensure, db, FRIDAY, date(2026, 11, 25)) for _ in range(3)]
        assert sum(each.result() for each in made) == 5


def test_events_that_came_before_their_partition_move_into_it_as_they_are(db: Database) -> None:
    factories.event(db, at=datetime(2026, 11, 20, 12, tzinfo=UTC), properties={"a": 1})
    factories.event(db, at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert places(db) == {"analytics_events_default": 2}
    rows = text("select * from analytics_events order by occurred_at")
    before = db.frame(rows)
    assert ensure(db, FRIDAY, SATURDAY) == 1
    assert places(db) == {"analytics_events_20261120": 1, "analytics_events_default": 1}
    assert db.frame(rows).equals(before)  # the transaction ids too: the watermark rests on them


def test_a_partition_has_every_index_of_the_whole(db: Database) -> None:
    ensure(db, FRIDAY, SATURDAY)
    attached = text("""
        select count(*) from pg_inherits
        join pg_index on indexrelid = inhrelid
        where indrelid = to_regclass('analytics_events_20261120')
    """)
    whole = text("select count(*) from pg_index where indrelid = 'analytics_events'::regclass")
    assert db.scalar(attached) == db.scalar(whole)


def test_a_day_that_overlaps_after_a_change_of_zone_stays_in_the_default(db: Database) -> None:
    assert ensure(db, FRIDAY, SATURDAY) == 1
    assert ensure(db, SATURDAY, SUNDAY, ZoneInfo("Asia/Tokyo")) == 0
    factories.event(db, at=datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert places(db) == {"analytics_events_default": 1}


def test_a_period_reads_only_its_days(db: Database) -> None:
    ensure(db, FRIDAY, date(2026, 11, 25))
    count = "select count(*) from analytics_events where occurred_at >= :a and occurred_at < :b"
    since, until = (datetime(2026, 11, day, 3, tzinfo=UTC) for day in (20, 21))
    plan = db.frame(text(f"explain {count}"), a=since, b=until)
    assert "20261120" in plan.to_string()
    assert "20261121" not in plan.to_string()


@pytest.fixture
def writer(db: Database, db_url: str) -> Iterator[Database]:
    """The database as a login that is only a member of atalaya_writer."""
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute(
            "do $$ begin create role plain_writer login; grant atalaya_writer to plain_writer;"
            "exception when duplicate_object then null; end $$"
        )
    database = Database(db_url.replace("postgres@", "plain_writer@"))
    yield database
    database.dispose()


def test_who_may_only_write_rows_can_make_partitions(writer: Database) -> None:
    assert ensure(writer, FRIDAY, SUNDAY) == 2
