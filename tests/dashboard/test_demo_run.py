"""The whole demo as a person starts it: it serves, stops, keeps its data, leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
import requests
from dotenv import dotenv_values

from dashboard.demo.parts.guard import birth, lives
from dashboard.demo.parts.ports import LOOPBACK, free_port
from tests.eventually import eventually
from tests.real import need
from tests.scratch import scratch

ROOT = Path(__file__).resolve().parents[2]
START_S = 300
_numbers = count()

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("demo")]


@dataclass
class Running:
    """A demo in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    said: Path

    def __post_init__(self) -> None:
        eventually(self._is_up_or_over, within_s=START_S)
        assert self.process.poll() is None, self.said.read_text()

    def _is_up_or_over(self) -> bool:
        return "Atalaya is at" in self.said.read_text() or self.process.poll() is not None

    def seconds_to_start(self) -> int:
        found = re.search(r"after (\d+) s\.", self.said.read_text())
        assert found
        return int(found[1])

    def family(self) -> dict[int, str]:
        """Every process that it started, with its birth."""
        records = (self.folder / "run").glob("*.pid")
        pids = [int(each.read_text().split()[0]) for each in records]
        pids += [each.pid for each in psutil.Process(self.process.pid).children(recursive=True)]
        return {pid: birth(pid) for pid in pids}

    def settings(self) -> dict[str, str]:
        return {k: v for k, v in dotenv_values(self.folder / "settings.env").items() if v}

    def count(self, table: str) -> int:
        with psycopg.connect(self.settings()["ATALAYA_DATABASE_URL"]) as connection:
            row = connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608
            return int(row[0]) if row else 0

    def stop(self, request: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(request)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Empty for the first test; the others start from what it left, which takes half as long."""
    need("postgres"), need("redis")
    made = scratch("atalaya-test-demo-")
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def demos(folder: Path) -> Iterator[list[Running]]:
    made: list[Running] = []
    yield made
    for each in made:
        if each.process.poll() is None:
            each.stop(signal.SIGTERM)


def start(folder: Path, demos: list[Running]) -> Running:
    port, said = free_port(), folder / f"said-{next(_numbers)}"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", "demo", "--port", str(port), "--events", "2000"],
            cwd=ROOT,
            env={**os.environ, "ATALAYA_DEMO_FOLDER": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    running = Running(process, folder, port, said)
    demos.append(running)
    return running


def test_the_demo_serves_keeps_its_data_and_leaves_nothing_running(
    folder: Path, demos: list[Running]
) -> None:
    first = start(folder, demos)
    assert "90 days of history" in first.said.read_text()
    address = f"http://{LOOPBACK}:{first.port}"
    eventually(lambda: requests.get(f"{address}/health/ready", timeout=5).ok, within_s=60)
    assert doctor(first) == 0
    sessions = first.count("sessions")
    assert sessions > 100
    shows_no_secret(first)
    family = first.family()
    assert first.stop() == 0
    assert gone(family)

    second = start(folder, demos)
    assert second.count("sessions") >= sessions
    assert second.seconds_to_start() < first.seconds_to_start()
    assert "90 days of history" not in second.said.read_text()
    family = second.family()
    second.process.kill()
    second.process.wait()
    eventually(lambda: gone(family), within_s=60)

    third = start(folder, demos)
    assert third.count("sessions") >= sessions
    assert third.stop(signal.SIGTERM) == 0


def test_a_process_of_the_demo_that_ends_is_started_again(
    folder: Path, demos: list[Running]
) -> None:
    demo = start(folder, demos)
    redis_pid = int((folder / "run" / "redis.pid").read_text().split()[0])
    os.kill(redis_pid, signal.SIGKILL)
    record = folder / "run" / "redis.pid"
    eventually(lambda: record.exists() and not record.read_text().startswith(f"{redis_pid} "))
    eventually(lambda: "redis ended by itself" in demo.said.read_text())
    assert demo.stop() == 0


def doctor(demo: Running) -> int:
    return subprocess.run(
        [sys.executable, "-m", "dashboard", "doctor"],
        cwd=ROOT,
        env={**os.environ, "ATALAYA_ENV_FILE": str(demo.folder / "settings.env")},
        check=False,
    ).returncode


def shows_no_secret(demo: Running) -> None:
    kept = (demo.folder / "secrets.json").read_text()
    secrets = re.findall(r': "([^"]{20,})"', kept)
    assert len(secrets) >= 5
    logs = "".join(each.read_text() for each in (demo.folder / "log").iterdir())
    commands = "".join(
        " ".join(each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"])
    )
    shown = logs + commands + demo.said.read_text()
    assert [each for each in secrets if each in shown] == []
    for name in ("secrets.json", "settings.env"):
        assert (demo.folder / name).stat().st_mode & 0o077 == 0


def gone(family: dict[int, str]) -> bool:
    return len(family) > 5 and not [pid for pid, born in family.items() if lives(pid, born)]
