"""A part that is missing is skipped on a laptop, with its reason, and fails in CI."""

import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real import PARTS, need


def test_a_missing_part_skips_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install prometheus"):
        need("prometheus")


def test_a_missing_part_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="prometheus is not on this machine"):
        need("prometheus")


def test_every_missing_part_says_how_to_get_it() -> None:
    assert all(remedy for _, remedy in PARTS.values())


RUNNER = """
import sys, time
from tests.postgres_server import PostgresServer
server = PostgresServer()
server.start()
print(server.data, flush=True)
time.sleep(60)
"""


def test_postgres_ends_when_its_tests_are_killed() -> None:
    root = Path(__file__).parents[1]
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER], stdout=subprocess.PIPE, env=environment, text=True, cwd=root
    ) as runner:
        assert runner.stdout is not None
        data = Path(runner.stdout.readline().strip())
        lock = data / "postmaster.pid"
        pid = int(lock.read_text().splitlines()[0])
        handle = os.pidfd_open(pid)
        runner.kill()
    assert select.select([handle], [], [], 15)[0], "Postgres is still there"
    os.close(handle)
    assert not lock.exists()  # a clean shutdown takes its lock away
    shutil.rmtree(data.parent)
