"""Migrations on an empty database, twice, at once, and on one that has some of the tables."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import text

from data import migrations, schema
from data.connection import one_off
from data.database import Database
from data.errors import SourceDown
from data.readiness import findings
from tests import factories
from tests.postgres_server import PostgresServer

THEIRS = """
    create table users (id uuid primary key, email text not null);
    create table production_alerts (id bigint primary key, title text, resolved_at timestamptz);
    create table analytics_events (id bigint primary key, occurred_at timestamptz);
    create view providers as select 1 as id, 'x' as name;
"""

TABLES = text("select relname from pg_class where relkind in ('r', 'p')")

SHAPE = text("""
    select table_name, column_name, data_type, col_description(
        format('%I', table_name)::regclass, ordinal_position) as said
    from information_schema.columns
    where table_name in ('users', 'production_alerts', 'analytics_events', 'providers')
    order by 1, ordinal_position
""")
ON_THEIRS = text("""
    select
        (select count(*) from pg_constraint where confrelid = 'users'::regclass)
        + (select count(*) from pg_trigger where tgrelid = 'production_alerts'::regclass)
""")


def test_an_empty_database_gets_every_table(empty_url: str) -> None:
    assert migrations.current(empty_url) is None
    migrations.upgrade(empty_url)
    with one_off(empty_url) as connection:
        found = set(connection.scalars(TABLES))
    assert found >= set(schema.metadata.tables)
    assert migrations.current(empty_url) == migrations.head()


def test_each_step_is_said_once(empty_url: str) -> None:
    said: list[str] = []
    migrations.upgrade(empty_url, said.append)
    assert len(said) == len(set(said)) > 10
    migrations.upgrade(empty_url, said.append)
    assert len(said) == len(set(said))


def test_two_at_once_do_the_work_of_one(empty_url: str) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(migrations.upgrade, empty_url, said.append) for _ in range(2)]:
            done.result()
    assert len(said) == len(set(said))
    assert migrations.current(empty_url) == migrations.head()


def test_tables_that_were_there_stay_as_they_were(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute(THEIRS)
    with one_off(empty_url) as connection:
        before = connection.execute(SHAPE).all()
    migrations.upgrade(empty_url)
    with one_off(empty_url) as connection:
        assert connection.execute(SHAPE).all() == before
        assert connection.scalar(ON_THEIRS) == 0
        names = connection.scalars(text("select name from atalaya_created_tables")).all()
        assert connection.scalar(text("select count(*) from beta_user_access")) == 0
    assert set(names).isdisjoint({"users", "production_alerts", "analytics_events", "providers"})
    assert set(names) >= {"payments", "bookings", "team_members"}


def test_codes_of_theirs_are_not_written_over(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute("create table devices (id smallint, code text, name text)")
        connection.execute("insert into devices values (1, 'phone', 'Phone')")
    migrations.upgrade(empty_url)
    with one_off(empty_url) as connection:
        assert connection.execute(text("select * from devices")).all() == [(1, "phone", "Phone")]


def test_alembic_versions_of_the_platform_are_left_alone(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values ('platform')")
    migrations.upgrade(empty_url)
    with one_off(empty_url) as connection:
        assert connection.scalar(text("select version_num from alembic_version")) == "platform"


@pytest.mark.parametrize(
    "statement",
    [
        (
            "insert into production_alerts (fingerprint, rule, title, severity, source)"
            " select 'other', rule, title, severity, source from production_alerts"
        ),
        "update production_alerts set status = 'acknowledged'",
        "update production_alerts set note = 'seen'",
        "delete from production_alerts",
    ],
)
def test_a_change_of_alerts_is_told(db: Database, db_url: str, statement: str) -> None:
    factories.alert(db)
    assert words_after(statement, db, db_url) == ["alerts", "done"]


@pytest.mark.parametrize(
    "statement",
    [
        "update production_alerts set last_seen_at = now(), count = count + 1, value = 250",
        "update production_alerts set status = 'resolved' where fingerprint = 'none'",
        "update production_alerts set status = status, note = note",
        "delete from production_alerts where fingerprint = 'none'",
    ],
)
def test_an_alert_that_only_fires_on_is_not_told(db: Database, db_url: str, statement: str) -> None:
    factories.alert(db)
    assert words_after(statement, db, db_url) == ["done"]


def words_after(statement: str, db: Database, db_url: str) -> list[str]:
    """What a listener hears of a statement, and of the word that follows it."""
    with psycopg.connect(db_url, autocommit=True) as listener:
        listener.execute("listen atalaya")
        with db.write() as tx:
            tx.execute(text(statement))
        listener.execute("notify atalaya, 'done'")
        heard: list[str] = []
        for notice in listener.notifies(timeout=10):
            heard.append(notice.payload)
            if notice.payload == "done":
                break
    return heard


def test_a_login_without_createrole_migrates_without_the_roles(
    disposable_postgres: PostgresServer,
) -> None:
    with disposable_postgres.connect() as connection:
        connection.execute("create role plain login")
    with disposable_postgres.connect("atalaya") as connection:
        connection.execute("drop owned by atalaya_reader, atalaya_writer")
        connection.execute("drop role atalaya_reader, atalaya_writer")
        connection.execute("create database plain owner plain")
    url = disposable_postgres.url("plain", user="plain")
    migrations.upgrade(url)
    db = Database(url)
    assert db.scalar(text("select count(*) from provinces")) == 25
    with pytest.raises(SourceDown):
        db.scalar(text("insert into devices values (9, 'a', 'b') returning id"))
    db.dispose()


def test_a_login_with_createrole_reads_as_the_reader_it_made(
    disposable_postgres: PostgresServer,
) -> None:
    with disposable_postgres.connect("atalaya") as connection:
        connection.execute("drop owned by atalaya_reader, atalaya_writer")
        connection.execute("drop role atalaya_reader, atalaya_writer")
        connection.execute("create role maker login createrole")
        connection.execute("create database made owner maker")
    url = disposable_postgres.url("made", user="maker")
    migrations.upgrade(url)
    db = Database(url)
    assert db.scalar(text("select current_user || count(*) from provinces")) == "atalaya_reader25"
    assert all(found.ok for found in findings(url))
    db.dispose()


def test_an_administrator_may_make_the_roles_later(disposable_postgres: PostgresServer) -> None:
    with disposable_postgres.connect("atalaya") as connection:
        connection.execute("drop owned by atalaya_reader, atalaya_writer")
        connection.execute("drop role atalaya_reader, atalaya_writer")
        connection.execute("create role atalaya_reader; create role atalaya_writer")
    url = disposable_postgres.url("atalaya")
    migrations.upgrade(url)
    db = Database(url)
    assert db.scalar(text("select current_user || count(*) from provinces")) == "atalaya_reader25"
    db.dispose()


def test_a_database_that_is_away_is_said_in_words() -> None:
    with pytest.raises(SourceDown, match="Postgres does not answer"):
        migrations.upgrade("postgresql://nobody:s3cret@127.0.0.1:1/none")
