"""What a database lacks is named, with what to do about it."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from data import migrations
from data.readiness import Finding, findings
from tests.postgres_server import PostgresServer


def faults(found: list[Finding]) -> dict[str, str]:
    """What is not right, by check."""
    return {each.check: each.message for each in found if not each.ok}


def execute(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)


def test_a_migrated_database_has_no_faults(db_url: str) -> None:
    found = findings(db_url)
    assert faults(found) == {}
    assert {each.check for each in found} >= {
        "database", "version", "clock", "tables", "migrations", "writer", "reader",
    }  # fmt: skip


def test_a_database_without_tables_is_told_to_migrate(empty_url: str) -> None:
    found = findings(empty_url)
    assert faults(found)["tables"] == "Missing tables: all of them."
    assert faults(found)["migrations"].startswith("The schema is at no step")
    assert all("dashboard migrate" in each.remedy for each in found if not each.ok)


def test_missing_tables_and_columns_are_named(db_url: str) -> None:
    execute(db_url, "drop table outbox; alter table users drop column dni, drop column phone")
    found = faults(findings(db_url))
    assert found["tables"] == "Missing tables: outbox."
    assert found["columns"] == "users lacks phone, dni."


def test_a_column_of_another_kind_is_named(db_url: str) -> None:
    execute(db_url, "alter table deploys alter column version type int using 1")
    assert faults(findings(db_url))["columns"] == "deploys: version is integer instead of text."


def test_a_column_of_a_wider_kind_will_do(db_url: str) -> None:
    execute(
        db_url, "alter table providers alter weekly_minutes type bigint, alter name type varchar"
    )
    assert faults(findings(db_url)) == {}


def test_tables_of_theirs_that_work_less_well_are_no_fault(empty_url: str) -> None:
    execute(empty_url, "create table analytics_events (occurred_at timestamptz)")
    execute(empty_url, "create table production_alerts (id bigint)")
    migrations.upgrade(empty_url)
    found = findings(empty_url)
    notes = {each.check for each in found if not each.required}
    assert notes == {"partitions", "push"}


def test_an_older_schema_is_told_to_migrate(db_url: str) -> None:
    execute(db_url, "update atalaya_migrations set version_num = '0003'")
    assert faults(findings(db_url))["migrations"].startswith("The schema is at 0003")


@pytest.mark.parametrize("minutes", [-1, 1])
def test_clocks_that_differ_are_told(db_url: str, minutes: int) -> None:
    found = findings(db_url, now=lambda: datetime.now(UTC) + timedelta(minutes=minutes))
    assert faults(found)["clock"] == "The clocks differ by 60.0 s."


def test_a_database_that_is_away_is_one_finding() -> None:
    found = findings("postgresql://a:s3cret@127.0.0.1:1/x")
    assert [each.message for each in found] == ["Postgres does not answer."]
    assert "s3cret" not in str(found)


def test_a_reader_that_may_write_is_a_fault(db_url: str) -> None:
    execute(db_url, "grant update on payments to atalaya_reader")
    assert faults(findings(db_url))["reader"] == "atalaya_reader may write payments."


def test_a_reader_that_may_not_read_is_a_fault(db_url: str) -> None:
    execute(db_url, "revoke select on payments from atalaya_reader")
    assert faults(findings(db_url))["reader"] == "atalaya_reader may not read payments."


def test_a_reading_login_that_may_write_is_a_fault(db_url: str) -> None:
    found = faults(findings(db_url, read_url=db_url))
    assert found["reader"].startswith("postgres may write active_day, ")


def test_logins_with_only_their_roles_are_fine(disposable_postgres: PostgresServer) -> None:
    with disposable_postgres.connect("atalaya") as connection:
        connection.execute("create role reads login in role atalaya_reader")
        connection.execute("create role writes login in role atalaya_writer")
    read_url = disposable_postgres.url("atalaya", user="reads")
    write_url = disposable_postgres.url("atalaya", user="writes")
    found = findings(write_url, read_url=read_url)
    assert faults(found) == {}
    assert faults(findings(read_url))["writer"].startswith("reads may not read and write")


def test_a_missing_reader_is_said_and_no_fault(disposable_postgres: PostgresServer) -> None:
    with disposable_postgres.connect("atalaya") as connection:
        connection.execute("drop owned by atalaya_reader; drop role atalaya_reader")
    found = findings(disposable_postgres.url("atalaya"))
    reader = next(each for each in found if each.check == "reader")
    assert not reader.required
    assert reader.message.startswith("The role atalaya_reader is missing")
    assert "create role atalaya_reader nologin" in reader.remedy
