"""What the doctor finds, what it says to do, and when its exit status is 0."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from dashboard import doctor
from dashboard.commands.doctor import command
from dashboard.demo.parts.ports import free_port
from dashboard.doctor.clocks import skew
from dashboard.settings import Settings
from data.database import Database
from data.readiness import Finding
from services import rollups, worker
from tests.postgres_server import PostgresServer

READER = "doctor_reader"


@pytest.fixture
def settings(db_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(database_url=db_url)  # type: ignore[arg-type]  # pydantic makes it a SecretStr


@pytest.fixture
def reader_url(db_url: str) -> Iterator[str]:
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute(f"create role {READER} login in role atalaya_reader")
        yield db_url.replace("postgres@", f"{READER}@")
        connection.execute(f"drop owned by {READER}; drop role {READER}")


def examined(settings: Settings, **changes: object) -> list[Finding]:
    return doctor.examine(Settings.model_validate({**settings.model_dump(), **changes}))


def faults(findings: list[Finding]) -> dict[str, str]:
    return {each.check: each.message for each in findings if each.required and not each.ok}


def beat(db: Database, settings: Settings) -> None:
    worker.beat(worker.Bench(db, settings.zone, datetime.now(UTC)))


def test_all_that_is_required_holds_on_a_migrated_database_with_a_worker(
    settings: Settings, db: Database
) -> None:
    beat(db, settings)
    findings = examined(settings)
    assert faults(findings) == {}
    assert doctor.holds(findings)
    assert doctor.verdict(findings).startswith("Everything required holds; ")


def test_every_finding_that_is_not_well_says_what_to_do(settings: Settings) -> None:
    findings = examined(settings)
    assert [each for each in findings if not each.ok and not each.remedy] == []


def test_a_database_without_worker_does_not_hold_and_says_how_to_start_one(
    settings: Settings,
) -> None:
    findings = examined(settings)
    assert faults(findings) == {"worker": "No worker has ever led."}
    assert not doctor.holds(findings)


def rollups_of(settings: Settings) -> str:
    return next(each.message for each in examined(settings) if each.check == "rollups")


def test_rollups_are_worth_a_note_until_they_are_kept_and_when_they_differ(
    settings: Settings, db: Database
) -> None:
    beat(db, settings)
    assert "never made" in rollups_of(settings)
    rollups.refresh(db, settings.zone)
    assert rollups_of(settings) == "The rollups are kept."
    with db.write() as tx:
        tx.execute(text("update rollup_state set audit_differing = 7"))
    assert "7 rows" in rollups_of(settings)
    with db.write() as tx:
        tx.execute(text("update rollup_state set refreshed_at = now() - interval '5 minutes'"))
    assert "300 s ago" in rollups_of(settings)
    assert faults(examined(settings)) == {}


def test_a_worker_that_fell_silent_is_a_fault(settings: Settings, db: Database) -> None:
    beat(db, settings)
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        connection.execute("update worker_heartbeats set beat_at = now() - interval '90 seconds'")
    assert faults(examined(settings))["worker"].startswith("The worker is silent for 9")


def test_a_database_that_does_not_answer_is_a_fault_and_the_rest_is_still_looked_at(
    settings: Settings,
) -> None:
    nowhere = f"postgresql://ana:hunter2@127.0.0.1:{free_port()}/atalaya"
    findings = examined(settings, database_url=nowhere)
    assert faults(findings)["database"] == "Postgres does not answer."
    assert {"redis", "prometheus", "signal"} <= {each.check for each in findings}
    assert "hunter2" not in str(findings)


def test_a_missing_table_and_a_missing_column_are_named(settings: Settings) -> None:
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        connection.execute("drop table deploys cascade; alter table reviews drop column comment")
    found = faults(examined(settings))
    assert found["tables"] == "Missing tables: deploys."
    assert found["columns"] == "reviews lacks comment."


def test_an_old_schema_is_a_fault_that_migrate_mends(settings: Settings) -> None:
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        connection.execute("update atalaya_migrations set version_num = '0001'")
    findings = examined(settings)
    assert "0001" in faults(findings)["migrations"]
    assert "dashboard migrate" in next(
        each.remedy for each in findings if each.check == "migrations"
    )


def test_a_reader_that_only_reads_is_well_and_one_that_can_write_is_a_fault(
    settings: Settings, reader_url: str
) -> None:
    assert "reader" not in faults(examined(settings, database_read_url=reader_url))
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        connection.execute(f"grant insert on payments to {READER}")
    found = faults(examined(settings, database_read_url=reader_url))
    assert found["reader"] == f"{READER} may write payments."


def test_a_prometheus_that_does_not_answer_is_a_fault_and_its_signals_are_counted_once(
    settings: Settings,
) -> None:
    findings = examined(settings, prometheus_url=f"http://127.0.0.1:{free_port()}")
    assert faults(findings)["prometheus"] == "Prometheus does not answer."
    silent = [each.message for each in findings if "Prometheus gives none of its" in each.message]
    assert len(silent) == 1


def test_a_redis_that_does_not_answer_is_a_fault(settings: Settings) -> None:
    findings = examined(settings, redis_url=f"redis://:hunter2@127.0.0.1:{free_port()}/0")
    assert faults(findings)["redis"] == "Redis does not answer."
    assert "hunter2" not in str(findings)


def test_every_signal_without_a_value_is_named(settings: Settings) -> None:
    named = [each.message for each in examined(settings) if each.check == "signal"]
    assert "The signal api_latency_p95 has no value now." in named
    assert "The signal webhook_success_pct has no value now." in named


def test_demo_sign_in_on_a_public_address_is_a_fault(settings: Settings) -> None:
    findings = examined(settings, host="0.0.0.0")  # noqa: S104 - the point of the test
    assert faults(findings)["sign-in"] == "Anybody could get in."


def test_clocks_are_judged_by_how_far_they_lie_outside_of_the_asking() -> None:
    before = datetime(2025, 11, 20, tzinfo=UTC)
    after = before + timedelta(seconds=3)
    judged = {
        off: skew("Redis", before + timedelta(seconds=off), before=before, after=after).ok
        for off in (-5, -1, 1, 4, 6)
    }
    assert judged == {-5: False, -1: True, 1: True, 4: True, 6: False}


def test_the_exit_status_is_0_only_when_all_required_holds(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATALAYA_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("ATALAYA_ENV_FILE", "")
    ailing = CliRunner().invoke(command, [])
    assert ailing.exit_code == 1
    assert "FAIL worker " in ailing.output
    beat(db, settings)
    assert CliRunner().invoke(command, []).exit_code == 0


def test_a_database_that_stops_while_it_is_examined_is_no_traceback(
    disposable_postgres: PostgresServer, settings: Settings
) -> None:
    url = disposable_postgres.url("atalaya")
    assert "database" not in faults(examined(settings, database_url=url))
    disposable_postgres.stop()
    assert faults(examined(settings, database_url=url))["database"] == "Postgres does not answer."
