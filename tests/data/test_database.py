"""Reads are bounded and cannot write, writes happen whole, a lost Postgres is said and found."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from data.answers import recording
from data.database import Database, readable
from data.errors import SourceDown, TooManyRows
from tests import factories
from tests.postgres_server import PostgresServer

ONE = text("select 1")
INSERT = text("insert into plans (code, name, price_minor) values (:code, 'x', 0)")
COUNT = text("select count(*) from plans")


@dataclass(frozen=True)
class Device:
    """A row of devices."""

    id: int
    code: str
    name: str


DEVICES = text("select id, code, name from devices where id > :above order by id")


def test_records_come_as_dataclasses(db: Database) -> None:
    assert db.rows(DEVICES, Device, above=1)[0] == Device(2, "desktop", "Desktop")
    assert db.one(DEVICES, Device, above=2) == Device(3, "tablet", "Tablet")
    assert db.one(DEVICES, Device, above=3) is None
    assert db.rows(DEVICES, Device, above=3) == []


KINDS = text("""
    select timestamptz '2026-11-20 12:00-03' as at, date '2026-11-20' as day, 1 as whole,
        null::int as nothing, 1.5::numeric as part, 'a'::text as word, true as yes,
        interval '90 s' as took, '{"a": 1}'::jsonb as facts
    where :wanted
""")


def test_a_frame_has_the_types_of_its_statement(db: Database) -> None:
    row = db.frame(KINDS, wanted=True).iloc[0]
    assert row["at"] == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert str(row["at"].tz) == "UTC"
    assert row["day"] == date(2026, 11, 20)
    assert row["part"] == 1.5
    assert row["took"].total_seconds() == 90
    assert row["facts"] == {"a": 1}


def test_an_empty_frame_has_the_same_types(db: Database) -> None:
    full, empty = (
        db.frame(KINDS, wanted=wanted).dtypes.drop("nothing") for wanted in (True, False)
    )
    assert full.equals(empty)
    assert str(empty["at"]) == "datetime64[us, UTC]"


def test_a_filter_that_is_not_set_needs_no_cast(db: Database) -> None:
    statement = text("select count(*) from provinces where (:region is null or iso = :region)")
    assert db.scalar(statement, region=None) == 25
    assert db.scalar(statement, region="AR-B") == 1


@pytest.mark.parametrize("word", ["'; drop table plans; --", "%s", "\\", "ñ😀", ":code", "$1"])
def test_a_value_is_only_ever_a_value(db: Database, word: str) -> None:
    assert db.scalar(text("select :word"), word=word) == word


def test_a_question_cannot_write(db: Database) -> None:
    with pytest.raises(SourceDown, match="accepts no changes"):
        db.scalar(text("insert into devices values (9, 'a', 'b') returning id"))


def test_the_reader_may_not_write_even_in_a_transaction_that_may(db: Database) -> None:
    assert db.scalar(text("select current_user")) == "atalaya_reader"
    with db._reader.connect() as connection:
        connection.exec_driver_sql("set transaction read write")
        with pytest.raises(ProgrammingError, match="denied"):
            connection.exec_driver_sql("delete from devices")


def test_too_many_rows_are_refused_not_cut(db_url: str) -> None:
    db = Database(db_url, max_rows=10)
    many = text("select n from generate_series(1, :n) as n")
    assert len(db.frame(many, n=10)) == 10
    with pytest.raises(TooManyRows, match="10 rows"):
        db.frame(many, n=11)
    db.dispose()


def test_a_slow_statement_is_ended(db_url: str) -> None:
    db = Database(db_url, statement_timeout_ms=100)
    began = time.monotonic()
    with pytest.raises(SourceDown, match=r"Postgres took longer than 0\.1 s"):
        db.scalar(text("select pg_sleep(5)"))
    assert time.monotonic() - began < 2
    assert db.scalar(ONE) == 1
    db.dispose()


def test_a_missing_table_is_said_in_words(db: Database) -> None:
    with pytest.raises(SourceDown, match="lacks a table"):
        db.scalar(text("select count(*) from nowhere"))


def test_a_wrong_statement_is_a_bug(db: Database) -> None:
    with pytest.raises(ProgrammingError):
        db.scalar(text("selekt 1"))


def test_a_block_that_fails_writes_nothing(db: Database) -> None:
    def write_and_fail() -> None:
        with db.write() as tx:
            tx.execute(INSERT, code="a")
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    assert db.scalar(COUNT) == 0


def test_a_write_says_how_many_rows_it_touched(db: Database) -> None:
    with db.write() as tx:
        assert tx.execute(INSERT, code="a") == 1
        assert tx.execute(text("update plans set name = 'y' where code = 'b'")) == 0
        changed = text("update devices set name = 'Phone' where id = 1 returning id, code, name")
        assert tx.one_or_none(changed, Device) == Device(1, "mobile", "Phone")
        assert tx.rows(DEVICES, Device, above=2) == [Device(3, "tablet", "Tablet")]
    assert db.scalar(COUNT) == 1


def test_facts_are_written_as_json(db: Database) -> None:
    row = factories.metric(db, "x", 1.0, labels={"route": "/api/search"})
    assert row["labels"] == {"route": "/api/search"}


def test_a_broken_rule_stays_an_integrity_error(db: Database) -> None:
    twice = text("insert into plans (code, name, price_minor) values ('a', '', 0), ('a', '', 0)")
    with pytest.raises(IntegrityError), db.write() as tx:
        tx.execute(twice)


def test_what_was_sent_is_recorded_with_its_values(db: Database) -> None:
    with recording() as sent:
        db.rows(DEVICES, Device, above=1)
    assert sent.source() == "Postgres"
    assert sent.statement() == "select id, code, name from devices where id > 1 order by id"


def test_a_recorded_statement_can_be_run_as_it_stands(db: Database) -> None:
    values = {"at": datetime(2026, 11, 20, tzinfo=UTC), "names": ["a'b", "c"], "none": None}
    statement = text("""
        -- data.example.values
        select :at as at, :names as names, :none as none, '10:30'::time as time
    """)
    shown = readable(statement, values)
    assert shown.startswith("-- data.example.values\nselect timestamptz '2026-11-20")
    with db.write() as tx:
        again = tx.one_or_none(text(shown.replace("10:30", r"10\:30")), dict)
    assert again is not None
    assert (again["at"], again["none"]) == (values["at"], None)


def test_errors_hold_no_password(db_url: str) -> None:
    for url in (
        db_url.replace("postgres@", "nobody:s3cret@"),
        "postgresql://postgres:s3cret@127.0.0.1:1/none",
    ):
        with pytest.raises(SourceDown) as caught:
            Database(url).ping()
        chain = [caught.value, caught.value.__cause__]
        assert "s3cret" not in "".join(map(str, chain))


@pytest.mark.parametrize(
    "url", ["postgresql://a:s3cret@h:p@rt/x", "mysql://a:s3cret@h/x", "s3cret"]
)
def test_an_unusable_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="postgresql://") as caught:
        Database(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_values_are_not_in_the_errors_of_a_write(db: Database) -> None:
    with pytest.raises(IntegrityError) as caught, db.write() as tx:
        tx.execute(
            text("insert into users (email, province) values (:email, 99)"), email="ana@x.ar"
        )
    assert "ana@x.ar" not in str(caught.value)


def test_when_all_connections_are_taken_the_next_is_told_soon(db_url: str) -> None:
    db = Database(db_url, pool_size=1)
    holding, done = Barrier(2), Barrier(2)

    def hold() -> None:
        with db.write():
            holding.wait(10)
            done.wait(10)

    holder = Thread(target=hold)
    holder.start()
    holding.wait(10)
    try:
        with pytest.raises(SourceDown, match="no connection free"), db.write():
            pass
    finally:
        done.wait(10)
        holder.join()
        db.dispose()


@pytest.fixture
def warm(disposable_postgres: PostgresServer) -> Iterator[Database]:
    database = Database(disposable_postgres.url("atalaya"), pool_size=2)
    assert database.scalar(ONE) == 1
    with database.write() as tx:
        tx.execute(ONE)
    yield database
    database.dispose()


def test_a_stopped_postgres_is_said_soon_and_found_again(
    warm: Database, disposable_postgres: PostgresServer
) -> None:
    disposable_postgres.stop()
    for _ in range(2):
        assert _seconds_until_down(warm) < 3
    disposable_postgres.start()
    assert warm.scalar(ONE) == 1
    with warm.write() as tx:
        assert tx.execute(INSERT, code="a") == 1


def test_a_restart_between_two_questions_is_not_noticed(
    warm: Database, disposable_postgres: PostgresServer
) -> None:
    disposable_postgres.stop()
    disposable_postgres.start()
    assert warm.scalar(ONE) == 1


def test_a_postgres_that_hangs_is_said_soon_and_found_again(
    warm: Database, disposable_postgres: PostgresServer
) -> None:
    disposable_postgres.hang()
    assert _seconds_until_down(warm) < 5  # two seconds for the old connection, two for a new one
    disposable_postgres.wake()
    assert warm.scalar(ONE) == 1


def test_a_postgres_that_hangs_in_the_middle_of_a_statement_is_given_up(
    disposable_postgres: PostgresServer,
) -> None:
    db = Database(disposable_postgres.url("atalaya"), statement_timeout_ms=2000)
    db.ping()
    outcome: list[float] = []
    asking = Thread(target=lambda: outcome.append(_seconds_until_down(db, "select pg_sleep(60)")))
    asking.start()
    active = "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)'"
    with disposable_postgres.connect() as connection:
        while connection.execute(active).fetchone() == (0,):
            time.sleep(0.005)
    disposable_postgres.hang()
    asking.join(10)
    assert outcome[0] < 5  # while it still hangs
    disposable_postgres.wake()
    db.dispose()


def _seconds_until_down(db: Database, statement: str = "select 1") -> float:
    began = time.monotonic()
    with pytest.raises(SourceDown):
        db.scalar(text(statement))
    return time.monotonic() - began
