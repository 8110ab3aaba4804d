"""Rollups are made anew beside those that are read, while the platform goes on writing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import text

from data import rollups as reads
from data.database import Database, Tx
from data.errors import SourceDown
from services import rollups
from services.errors import Unavailable
from services.rollups.adopt import adopt
from services.rollups.part import Rollup
from services.rollups.parts import PARTS
from tests import factories
from tests.postgres_server import PostgresServer
from tests.services.rollup_reference import expected
from tests.services.rollup_replay import HERE, NOW, unlike
from tests.services.rollup_streams import TABLES, Stream, send, stored, stream, visit

SHAPE = text("""
    select relname, reloptions::text, relacl::text, obj_description(oid, 'pg_class') as said,
        (select string_agg(attname || format_type(atttypid, atttypmod) || attnotnull
            || coalesce(col_description(attrelid, attnum), 'nothing')
            || coalesce(pg_get_expr(adbin, adrelid), ''), ', ' order by attnum)
            from pg_attribute
            left join pg_attrdef on adrelid = attrelid and adnum = attnum
            where attrelid = pg_class.oid and attnum > 0) as columns,
        (select string_agg(pg_get_indexdef(indexrelid), '; ' order by indexrelid::regclass::text)
            from pg_index where indrelid = pg_class.oid) as indexes,
        (select string_agg(conname || pg_get_constraintdef(oid), '; ' order by conname)
            from pg_constraint where conrelid = pg_class.oid and contype <> 'n') as rules
    from pg_class
    where relname = any(atalaya_rollup_names()) or relname like '%\\_next'
    order by relname
""")


@pytest.fixture
def sent(db: Database, db_url: str) -> Stream:
    """A stream that was written and not yet taken."""
    written = stream(7, size=80)
    visit(db, written.cities)
    with psycopg.connect(db_url) as connection:
        send(connection, written.events)
    return written


@pytest.fixture
def writer(db_url: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(db_url, autocommit=True) as connection:
        yield connection


def wrong(db: Database, sent: Stream) -> list[str]:
    found = [each.table for each in rollups.audit(db, HERE) if each.differing]
    return [*found, *unlike(stored(db), expected(sent.events, HERE, sent.cities))]


def test_a_rebuild_ends_as_the_reference(db: Database, sent: Stream) -> None:
    rollups.rebuild(db, HERE, now=NOW)
    assert wrong(db, sent) == []
    assert rollups.catch_up(db, HERE, now=NOW) == 0


def test_a_rebuild_after_refreshes_changes_nothing(db: Database, sent: Stream) -> None:
    rollups.catch_up(db, HERE, now=NOW, most=9)
    before = stored(db)
    rollups.rebuild(db, HERE, now=NOW)
    assert stored(db) == before


def test_a_rebuild_mends_what_was_spoilt(db: Database, sent: Stream) -> None:
    rollups.catch_up(db, HERE, now=NOW)
    with db.write() as tx:
        tx.execute(text("update funnel_day set s1 = s1 + 1"))
        tx.execute(text("delete from active_gap"))
        tx.execute(text("insert into visitor_day values (99, '2026-10-01')"))
    found = {each.table: each for each in rollups.audit(db, HERE) if each.differing}
    assert {"funnel_day", "active_gap", "visitor_day"} <= set(found)
    assert "session_funnel" not in found
    assert (found["visitor_day"].extra, found["visitor_day"].missing) == (1, 0)
    assert found["active_gap"].extra == 0
    rollups.rebuild(db, HERE, now=NOW)
    assert wrong(db, sent) == []


def test_the_audit_is_remembered(db: Database, sent: Stream) -> None:
    rollups.catch_up(db, HERE, now=NOW)
    with db.write() as tx:
        tx.execute(text("delete from cohort_week"))
    differing = sum(each.differing for each in rollups.audit(db, HERE))
    assert reads.kept(db).audit_differing == differing > 0
    assert reads.kept(db).audited_at is not None


def test_an_audit_holds_up_no_refresh_and_sees_one_moment(
    db: Database, sent: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollups.catch_up(db, HERE, now=NOW)
    module = import_module("services.rollups.audit")
    compare = module._compare
    taken: list[int] = []

    def meanwhile(tx: Tx, rollup: Rollup, values: dict[str, object]) -> rollups.Difference:
        found: rollups.Difference = compare(tx, rollup, values)
        factories.event(db, at=factories.NOW)
        taken.append(rollups.catch_up(db, HERE, now=NOW))
        return found

    monkeypatch.setattr(module, "_compare", meanwhile)
    assert [each.table for each in rollups.audit(db, HERE) if each.differing] == []
    assert taken == [1] * len([table for part in PARTS for table in part.tables])


def test_the_platform_writes_and_pages_read_while_a_rebuild_runs(
    db: Database, sent: Stream, writer: "psycopg.Connection[Any]"
) -> None:
    rollups.catch_up(db, HERE, now=NOW)
    before = stored(db)["funnel_day"]
    late = stream(8, size=40).events
    read: list[object] = []
    refreshed: list[object] = []

    def meanwhile(table: str) -> None:
        if table == "visitor_day":
            send(writer, late)
        if table == "indexes":
            read.append(db.scalar(text("select count(*) from funnel_day")))
            refreshed.append(rollups.refresh(db, HERE, now=NOW))

    rollups.rebuild(db, HERE, now=NOW, tell=meanwhile)
    assert read == [len(before)]
    assert refreshed == [None]
    assert stored(db)["funnel_day"] == before
    assert rollups.catch_up(db, HERE, now=NOW) == len(late)
    assert wrong(db, Stream([*sent.events, *late], [], sent.cities)) == []


def test_the_new_tables_are_as_the_old_ones_were(db: Database, sent: Stream) -> None:
    with db.write() as tx:
        tx.execute(text("grant select on funnel_day to pg_monitor, public"))
    before = db.frame(SHAPE)
    rollups.rebuild(db, HERE, now=NOW)
    rollups.rebuild(db, HERE, now=NOW)
    assert db.frame(SHAPE).equals(before)
    assert set(before["relname"]) == {table for part in PARTS for table in part.tables}


def test_who_may_only_write_rows_can_rebuild(db: Database, db_url: str, sent: Stream) -> None:
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute(
            "do $$ begin create role plain_writer login; exception when duplicate_object then null;"
            "end $$; grant atalaya_writer to plain_writer"
        )
    plain = Database(db_url.replace("postgres@", "plain_writer@"), pool_size=3)
    try:
        rollups.refresh(plain, HERE, now=NOW, most=10)
        rollups.rebuild(plain, HERE, now=NOW)
        assert wrong(plain, sent) == []
        with pytest.raises(SourceDown, match="does not permit"), plain.write() as tx:
            tx.execute(text("select atalaya_rollup_beside(array['activity_logs'])"))
    finally:
        plain.dispose()


def test_two_refreshes_at_once_do_the_work_of_one(db: Database, sent: Stream) -> None:
    with db.write() as tx:
        tx.execute(text("select pg_advisory_xact_lock(hashtextextended('atalaya.rollups', 0))"))
        assert rollups.refresh(db, HERE, now=NOW) is None
    assert rollups.refresh(db, HERE, now=NOW) is not None


def test_a_transaction_larger_than_a_slice_is_taken_whole(db: Database, sent: Stream) -> None:
    ticks = [rollups.refresh(db, HERE, now=NOW, most=10) for _ in range(2)]
    assert [tick and tick.events for tick in ticks] == [0, len(sent.events)]


def test_another_zone_or_other_steps_are_refused_until_a_rebuild(
    db: Database, sent: Stream
) -> None:
    rollups.catch_up(db, HERE, now=NOW)
    tokyo = ZoneInfo("Asia/Tokyo")
    assert rollups.is_due(db, tokyo)
    with pytest.raises(Unavailable, match="rollups rebuild"):
        rollups.refresh(db, tokyo)
    rollups.rebuild(db, tokyo, now=NOW)
    assert not rollups.is_due(db, tokyo)
    assert unlike(stored(db), expected(sent.events, tokyo, sent.cities)) == []
    with db.write() as tx:
        tx.execute(text("update event_names set step = null where step = 5"))
    with pytest.raises(Unavailable, match="rollups rebuild"):
        rollups.refresh(db, tokyo)


def test_another_cluster_is_refused_until_its_rows_are_adopted(
    db: Database, db_url: str, sent: Stream, writer: "psycopg.Connection[Any]"
) -> None:
    rollups.catch_up(db, HERE, now=NOW)
    with db.write() as tx:
        tx.execute(text("update rollup_state set system_identifier = '1', tx_done = '77777777'"))
        tx.execute(text("update analytics_events set tx = '66666666'"))
    for act in (rollups.refresh, rollups.rebuild, rollups.audit):
        with pytest.raises(Unavailable, match="rollups adopt"):
            act(db, HERE)
    assert adopt(db_url)
    late = stream(9, size=20).events
    send(writer, late)
    rollups.rebuild(db, HERE, now=NOW)
    assert wrong(db, Stream([*sent.events, *late], [], sent.cities)) == []
    assert not adopt(db_url)


def test_a_database_copied_into_another_cluster_goes_on_there(
    db: Database, db_url: str, sent: Stream, disposable_postgres: PostgresServer
) -> None:
    rollups.catch_up(db, HERE, now=NOW)
    moved_url = disposable_postgres.url("atalaya")
    with psycopg.connect(db_url) as here, psycopg.connect(moved_url) as there:
        there.execute("truncate rollup_state")
        for table in ("analytics_events", "sessions", "rollup_state", *TABLES):
            with (
                here.cursor().copy(f"copy (select * from {table}) to stdout") as out,  # noqa: S608 - our names
                there.cursor().copy(f"copy {table} from stdin") as into,
            ):
                for data in out:
                    into.write(data)
    moved = Database(moved_url, pool_size=3)
    try:
        with pytest.raises(Unavailable, match="rollups adopt"):
            rollups.refresh(moved, HERE, now=NOW)
        assert adopt(moved_url)
        rollups.rebuild(moved, HERE, now=NOW)
        late = stream(9, size=20).events
        with psycopg.connect(moved_url) as connection:
            send(connection, late)
        assert rollups.catch_up(moved, HERE, now=NOW) == len(late)
        assert wrong(moved, Stream([*sent.events, *late], [], sent.cities)) == []
    finally:
        moved.dispose()


def test_rows_with_ids_that_this_cluster_never_gave_are_noticed_at_the_first_refresh(
    db: Database, db_url: str, sent: Stream
) -> None:
    with db.write() as tx:
        tx.execute(text("update analytics_events set tx = '99999999'"))
    with pytest.raises(Unavailable, match="rollups adopt"):
        rollups.refresh(db, HERE)
    assert adopt(db_url)
    rollups.rebuild(db, HERE, now=NOW)
    assert wrong(db, sent) == []


def test_an_open_writer_anywhere_keeps_its_rows_for_a_later_tick(db: Database, db_url: str) -> None:
    with psycopg.connect(db_url) as slow:
        send(slow, stream(1, size=5).events)
        factories.event(db, at=datetime(2026, 11, 1, tzinfo=UTC))
        assert rollups.catch_up(db, HERE, now=NOW) == 0
        slow.commit()
    assert rollups.catch_up(db, HERE, now=NOW) == 6


def test_the_data_as_of_is_the_newest_event(db: Database) -> None:
    assert reads.kept(db).data_until is None
    newest = factories.NOW - timedelta(minutes=3)
    for at in (newest, newest - timedelta(hours=1)):
        factories.event(db, at=at)
    rollups.refresh(db, HERE, now=NOW)
    found = reads.kept(db)
    assert found.data_until == newest
    assert found.age_s is not None
    assert 0 <= found.age_s < 60
    rollups.rebuild(db, HERE, now=NOW)
    assert reads.kept(db).data_until == newest
