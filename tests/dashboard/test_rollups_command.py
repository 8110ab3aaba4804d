"""`python -m dashboard rollups …`: what it prints and how it ends."""

from collections.abc import Callable
from datetime import timedelta

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from dashboard import runtime
from dashboard.commands.rollups import command
from data.database import Database
from services.errors import Unavailable
from tests import factories

Call = Callable[..., Result]


@pytest.fixture
def call(db_url: str, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command of the group on the test's database, in this process."""
    monkeypatch.setenv("ATALAYA_ENV_FILE", "")
    monkeypatch.setenv("ATALAYA_DATABASE_URL", db_url)
    runtime.close()
    return lambda *words: CliRunner().invoke(command, words)


def test_a_rebuild_and_an_audit_after_it(db: Database, call: Call) -> None:
    for minutes in (5, 9):
        factories.event(db, at=factories.NOW - timedelta(days=1, minutes=minutes))
    assert call("rebuild").exit_code == 0
    found = call("audit")
    assert found.exit_code == 0
    assert "No row differs." in found.output
    assert {"funnel_day", "money_day"} <= set(found.output.split())


def test_an_audit_that_finds_something_says_where_and_ends_with_1(db: Database, call: Call) -> None:
    factories.event(db, at=factories.NOW - timedelta(days=1))
    call("rebuild")
    with db.write() as tx:
        tx.execute(text("update funnel_day set sessions = 9"))
    found = call("audit")
    assert found.exit_code == 1
    row = next(line.split() for line in found.output.splitlines() if line.startswith("funnel_day"))
    assert row == ["funnel_day", "1", "1", "1"]
    assert "2 rows differ." in found.output
    assert "Rows that differed 2" in call("status").output


def test_the_status_before_the_first_refresh(call: Call) -> None:
    found = call("status")
    assert found.exit_code == 0
    assert "Last refresh       never" in found.output


def test_a_database_at_home_has_nothing_to_adopt(db: Database, call: Call) -> None:
    factories.event(db)
    assert "nothing to do" in call("adopt").output


def test_rows_of_another_cluster_are_adopted_and_taken(db: Database, call: Call) -> None:
    factories.event(db, at=factories.NOW - timedelta(days=1))
    with db.write() as tx:
        tx.execute(text("update analytics_events set tx = '99999999'"))
    refused = call("rebuild")
    assert isinstance(refused.exception, Unavailable)
    assert "rollups adopt" in refused.exception.remedy
    assert call("adopt").exit_code == 0
    assert db.scalar(text("select events from session_funnel")) == 1


def test_the_commands_of_the_group_say_what_they_are_for() -> None:
    assert isinstance(command, click.Group)
    assert all(each.help for each in command.commands.values())
