"""The command line: help, exit statuses, and sentences instead of tracebacks."""

import ast
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.commands import COMMANDS, main
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.ports import LOOPBACK, free_port
from tests.real import need

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "postgresql://ana:hunter2-secret@127.0.0.1:1/atalaya"


Ended = subprocess.CompletedProcess[str]


def run(*words: str, **settings: str) -> Ended:
    """A command as its user starts it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATALAYA_")}
    return subprocess.run(
        [sys.executable, "-m", "dashboard", *words],
        cwd=ROOT,
        env={**kept, "ATALAYA_ENV_FILE": "", **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run a command in this process: most of a second or two is the start of another."""

    def called(*words: str, **settings: str) -> Ended:
        for name in [each for each in os.environ if each.startswith("ATALAYA_")]:
            monkeypatch.delenv(name)
        for name, value in {"ATALAYA_ENV_FILE": "", **settings}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["dashboard", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ended(words, int(ended.value.code or 0), said.out, said.err)

    return called


def refused(found: Ended) -> str:
    """The sentence of a refusal: nothing else on stderr, no traceback, no secret."""
    assert found.returncode == 2, found.stderr
    assert found.stderr.count("\n") == 1
    assert "Traceback" not in found.stderr
    assert "hunter2" not in found.stderr + found.stdout
    return found.stderr.strip()


def test_help_lists_every_command() -> None:
    found = run("--help")
    assert found.returncode == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in found.stdout] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str, call: Callable[..., Ended]) -> None:
    found = call(name, "--help")
    assert found.returncode == 0
    words = " ".join(found.stdout.partition("Options:")[0].split())
    assert len(words.split()) >= 20


def test_the_entry_is_readable_for_a_python_that_is_too_old_to_run_the_rest() -> None:
    source = (ROOT / "dashboard" / "__main__.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    old = source.replace("sys.version_info < (3, 11)", "sys.version_info < (99, 0)")
    found = subprocess.run(
        [sys.executable, "-c", old], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert refused(found).startswith("Atalaya needs Python 3.11 or later, and this is 3.")


@pytest.mark.parametrize("name", ["serve", "worker", "migrate", "seed", "doctor"])
def test_without_a_database_each_command_says_so(name: str, call: Callable[..., Ended]) -> None:
    assert refused(call(name)).startswith("ATALAYA_DATABASE_URL is not set:")


def test_serving_the_demo_on_a_public_address_is_refused() -> None:
    found = run("serve", ATALAYA_DATABASE_URL=NOWHERE, ATALAYA_HOST="0.0.0.0")  # noqa: S104
    assert "set ATALAYA_AUTH=oidc or ATALAYA_AUTH=proxy, or ATALAYA_HOST" in refused(found)


def test_serving_on_a_port_that_is_taken_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = run("serve", ATALAYA_DATABASE_URL=NOWHERE, ATALAYA_PORT=port)
    assert refused(found).startswith(f"Port {port} of 127.0.0.1 cannot be listened on")


def test_migrating_a_database_that_does_not_answer_is_one_sentence() -> None:
    assert refused(run("migrate", ATALAYA_DATABASE_URL=NOWHERE)) == "Postgres does not answer."


def test_seeding_a_database_that_does_not_answer_is_one_sentence() -> None:
    found = run("seed", "--events", "1000", ATALAYA_DATABASE_URL=NOWHERE)
    assert refused(found) == "Postgres does not answer: check ATALAYA_DATABASE_URL."


def test_seeding_needs_tables_and_an_empty_database(empty_url: str) -> None:
    need("postgres")
    found = run("seed", "--events", "1000", ATALAYA_DATABASE_URL=empty_url)
    assert "run `migrate` first" in refused(found)


def test_migrate_makes_all_steps_once(empty_url: str) -> None:
    first = run("migrate", ATALAYA_DATABASE_URL=empty_url)
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("· ") > 10
    again = run("migrate", ATALAYA_DATABASE_URL=empty_url)
    assert again.stdout.strip().endswith("0 steps were made.")


def test_the_demo_refuses_a_port_that_is_taken_before_it_starts_anything(tmp_path: Path) -> None:
    folder = str(tmp_path / "demo")
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = run("demo", "--port", str(port), ATALAYA_DEMO_FOLDER=folder)
    assert refused(found).startswith(f"Port {port} is in use:")
    assert not (tmp_path / "demo" / "secrets.json").exists()


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    home = Folder(tmp_path)
    home.prepare(events=1000)
    home.hold()
    port = str(free_port())
    found = run("demo", "--port", port, ATALAYA_DEMO_FOLDER=str(tmp_path))
    assert refused(found).startswith(f"A demo already runs in {tmp_path}")


def test_the_demo_refuses_a_folder_that_cannot_be_written() -> None:
    found = run("demo", ATALAYA_DEMO_FOLDER="/proc/atalaya-demo")
    assert "cannot write there" in refused(found)


def test_the_demo_says_when_a_part_is_missing(tmp_path: Path) -> None:
    settings = {"ATALAYA_DEMO_FOLDER": str(tmp_path / "demo"), "ATALAYA_PG_BIN": str(tmp_path)}
    found = run("demo", "--port", str(free_port()), **settings)
    assert refused(found).startswith("No Postgres 15 or later was found:")


def test_cleaning_where_there_is_no_demo_says_so(tmp_path: Path) -> None:
    found = run("clean-demo", ATALAYA_DEMO_FOLDER=str(tmp_path / "none"))
    assert (found.returncode, found.stdout) == (0, f"There is no demo in {tmp_path}/none.\n")


def test_exported_rules_are_accepted_by_promtool(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    assert run("export-rules", "--output", str(rules)).returncode == 0
    checked = subprocess.run([need("promtool"), "check", "rules", rules], check=False)
    assert checked.returncode == 0


def test_doctor_json_is_json_also_when_things_are_wrong() -> None:
    found = run("doctor", "--json", ATALAYA_DATABASE_URL=NOWHERE)
    assert found.returncode == 1
    told = json.loads(found.stdout)
    assert told["holds"] is False
    assert "hunter2" not in found.stdout + found.stderr
