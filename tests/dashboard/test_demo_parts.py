"""The demo's own Postgres, Redis and Prometheus: reachable by us only, kept, and never orphaned."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry

from dashboard.demo.clean import clean
from dashboard.demo.parts.account import far_folder
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.guard import Watched, birth, end, lives
from dashboard.demo.parts.ports import LOOPBACK, free_port
from dashboard.demo.parts.postgres import Postgres
from dashboard.demo.parts.process import Child, Command, Guard
from dashboard.demo.parts.prometheus import Prometheus, Target
from dashboard.demo.parts.redis import Redis
from dashboard.demo.refusal import DemoRefused
from tests.eventually import eventually
from tests.real import need
from tests.scratch import scratch

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home() -> Iterator[Folder]:
    """Not in pytest's own folder, which only root may enter."""
    root = scratch("atalaya-test-demo-")
    folder = Folder(root)
    folder.prepare(events=1000)
    yield folder
    folder.release()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def guard() -> Iterator[Guard]:
    made = Guard()
    yield made
    made.dismiss()


@pytest.fixture
def postgres(home: Folder, guard: Guard) -> Iterator[Postgres]:
    need("postgres")
    server = Postgres(home, guard)
    server.start()
    server.make_database()
    yield server
    server.stop()


@pytest.fixture
def redis_server(home: Folder, guard: Guard) -> Iterator[Redis]:
    need("redis")
    server = Redis(home, guard)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def exporter() -> Iterator[Target]:
    """What Prometheus scrapes: one gauge that is always 5."""

    class Five(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"demo_five 5\n")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((LOOPBACK, 0), Five)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"{LOOPBACK}:{server.server_address[1]}"
    yield Target(job="platform", address=address, path="/metrics", instance="demo")
    server.shutdown()


def command_lines() -> str:
    found = (each.info["cmdline"] for each in psutil.process_iter(["cmdline"]))
    return "\n".join(" ".join(words or []) for words in found)


def test_postgres_listens_on_loopback_only_and_has_no_socket(postgres: Postgres) -> None:
    listening = {
        each.laddr.ip
        for each in psutil.Process(postgres.pid).net_connections(kind="inet")
        if each.status == psutil.CONN_LISTEN
    }
    assert listening == {LOOPBACK}
    with postgres.connect() as connection:
        assert connection.execute("show unix_socket_directories").fetchone() == ("",)


@pytest.mark.parametrize("password", ["", ":wrong"])
def test_postgres_asks_everybody_for_a_password(postgres: Postgres, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres{password}@{LOOPBACK}:{postgres.port}/atalaya")


def test_postgres_data_is_for_its_user_only(postgres: Postgres) -> None:
    found = postgres.data.stat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == psutil.Process(postgres.pid).uids().effective != 0


def test_statements_are_counted_from_the_start(postgres: Postgres) -> None:
    with postgres.connect() as connection:
        assert connection.execute("select count(*) from pg_stat_statements").fetchone()


def test_logins_have_the_rights_of_their_groups_and_no_more(postgres: Postgres) -> None:
    with postgres.connect() as connection:
        connection.execute("create table kept (n int)")
        connection.execute("create role readers; grant select on kept to readers")
    for _ in range(2):  # safe to repeat
        postgres.make_login("questions", member_of=["readers"])
    with psycopg.connect(postgres.url("questions")) as reader:
        assert reader.execute("select count(*) from kept").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("insert into kept values (1)")


def test_passwords_are_in_no_process_list_and_in_no_log(
    home: Folder, postgres: Postgres, redis_server: Redis
) -> None:
    postgres.make_login("questions", member_of=[])
    secrets = [home.secret(name) for name in ("postgres.postgres", "postgres.questions", "redis")]
    postgres.stop()
    logs = "".join(each.read_text() for each in (home.root / "log").iterdir())
    assert "ready to accept connections" in logs
    shown = logs + command_lines() + str(home.recall())
    assert not [each for each in secrets if each in shown]


def test_data_and_port_are_kept_between_starts(home: Folder, guard: Guard) -> None:
    need("postgres")
    ports = []
    for start in range(2):
        server = Postgres(home, guard)
        server.start()
        server.make_database()
        with server.connect() as connection:
            connection.execute("create table if not exists kept (n int)")
            connection.execute("insert into kept values (1)")
            assert connection.execute("select count(*) from kept").fetchone() == (start + 1,)
        ports.append(server.port)
        server.stop()
        assert not server.is_alive
    assert ports[0] == ports[1]


def test_a_lock_left_by_a_crash_whose_process_id_is_in_use_again_does_not_matter(
    home: Folder, guard: Guard, postgres: Postgres
) -> None:
    postgres.stop()
    (postgres.data / "postmaster.pid").write_text(f"{os.getppid()}\n{postgres.data}\n")
    again = Postgres(home, guard)
    again.start()
    again.connect().close()
    again.stop()


def test_data_of_another_major_version_is_one_sentence(
    home: Folder, guard: Guard, postgres: Postgres
) -> None:
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(DemoRefused, match=r"made by Postgres 14, .*clean-demo"):
        Postgres(home, guard).start()


def test_a_lost_password_is_one_sentence(home: Folder, guard: Guard, postgres: Postgres) -> None:
    postgres.stop()
    (home.root / "secrets.json").unlink()
    again = Postgres(home, guard)
    with pytest.raises(DemoRefused, match=r"password .*clean-demo"):
        again.start()
    again.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts Postgres as another user")
def test_under_a_private_home_data_is_kept_where_its_user_reaches_it(
    tmp_path: Path, guard: Guard
) -> None:
    need("postgres")
    tmp_path.chmod(0o700)
    home = Folder(tmp_path / "checkout" / ".demo")
    home.prepare(events=1000)
    server = Postgres(home, guard)
    try:
        server.start()
        assert server.is_elsewhere
        assert server.place == far_folder(home.root)
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    finally:
        server.stop()
        removed = clean(home)
    assert removed == [home.root, server.place]


def test_redis_asks_for_a_password_and_listens_on_loopback_only(redis_server: Redis) -> None:
    stranger = redis.Redis(LOOPBACK, redis_server.port, retry=Retry(NoBackoff(), 0))
    with closing(stranger), pytest.raises(redis.AuthenticationError):
        stranger.ping()
    listening = psutil.Process(redis_server.pid).net_connections(kind="inet")
    assert {each.laddr.ip for each in listening if each.status == "LISTEN"} == {LOOPBACK}


def test_redis_keeps_queues_between_starts(home: Folder, guard: Guard, redis_server: Redis) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.lpush("bull:contact-import:wait", "1")
    redis_server.stop()
    again = Redis(home, guard)
    again.start()
    with redis.Redis.from_url(again.url) as client:
        assert client.lrange("bull:contact-import:wait", 0, -1) == [b"1"]
    again.stop()


@pytest.mark.slow
def test_prometheus_keeps_history_and_what_it_scraped_also_after_more_is_back_filled(
    home: Folder, guard: Guard, exporter: Target, tmp_path: Path
) -> None:
    need("prometheus")
    began = datetime.now(UTC)
    scraped, past = 0.0, 0.0
    for _ in range(2):
        server = Prometheus(home, guard)
        backfill(server, tmp_path, server.covered_until() or began - timedelta(hours=5))
        server.start([exporter])
        scraped = more_than(scraped, server, "count_over_time(demo_five{job='platform'}[1h])")
        past = more_than(past, server, "count_over_time(demo_past[6h])")
        assert past >= 299
        server.stop()
        covered = server.covered_until()
        assert covered
        assert covered > began


def more_than(before: float, server: Prometheus, query: str) -> float:
    return eventually(lambda: found if (found := value(server, query)) > before else None)


def backfill(server: Prometheus, folder: Path, since: datetime) -> None:
    lines = ["# TYPE demo_past gauge"]
    second = since.timestamp()
    while second < datetime.now(UTC).timestamp():
        lines.append(f"demo_past 1 {second}")
        second += 60
    (folder / "past.om").write_text("\n".join([*lines, "# EOF", ""]))
    server.data.mkdir(parents=True, exist_ok=True)
    blocks = ["tsdb", "create-blocks-from", "openmetrics", f"{folder}/past.om", f"{server.data}"]
    subprocess.run([need("promtool"), *blocks], check=True, capture_output=True)


def value(server: Prometheus, query: str) -> float:
    answer = requests.get(f"{server.url}/api/v1/query", {"query": query}, timeout=5).json()
    return sum(float(each["value"][1]) for each in answer["data"]["result"])


HOUSE = """
import sys, time
from pathlib import Path
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.postgres import Postgres
from dashboard.demo.parts.process import Guard
from dashboard.demo.parts.prometheus import Prometheus, Target
from dashboard.demo.parts.redis import Redis
home, guard = Folder(Path(sys.argv[1])), Guard()
parts = [Postgres(home, guard), Redis(home, guard)]
for each in parts: each.start()
if (server := Prometheus(home, guard)).is_present:
    server.start([])
    parts.append(server)
print(guard.pid, *(each.pid for each in parts), flush=True)
sys.stdin.read()
"""


def test_a_killed_demo_leaves_no_process_behind_and_starts_again(
    home: Folder, guard: Guard
) -> None:
    need("postgres"), need("redis")
    parent = subprocess.Popen(
        [sys.executable, "-c", HOUSE, home.root],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) >= 3
    births = {pid: birth(pid) for pid in pids}
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    eventually(lambda: not [pid for pid in pids if lives(pid, births[pid])], within_s=30)
    again = Postgres(home, guard)
    again.start()
    again.stop()


def test_a_process_that_does_not_stop_when_asked_is_killed() -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
    script = f"{stubborn}; signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    end([Watched(child.pid, birth(child.pid), int(signal.SIGTERM))], patience_s=0.2)
    assert child.wait(5) == -signal.SIGKILL


def test_another_process_with_a_used_again_id_is_left_alone() -> None:
    child = subprocess.Popen(["sleep", "60"])
    end([Watched(child.pid, "1", int(signal.SIGKILL))], patience_s=0.1)
    assert child.poll() is None
    child.kill()
    child.wait()


def test_a_leftover_of_a_crash_is_ended_before_its_successor_starts(
    home: Folder, guard: Guard
) -> None:
    leftover = subprocess.Popen(["sleep", "60"])
    record = home.root / "run" / "part.pid"
    record.write_text(str(Watched(leftover.pid, birth(leftover.pid), int(signal.SIGTERM))))
    child = part(home, guard, "sleep 60")
    child.start()
    assert leftover.wait(5) == -signal.SIGTERM
    child.stop()
    assert not record.exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo no such disk; exit 3", "ended while starting: no such disk"),
        ("echo thinking; sleep 60", "was not ready after 0 s: thinking"),
    ],
)
def test_a_part_that_does_not_come_up_is_one_sentence_with_its_last_words(
    home: Folder, guard: Guard, script: str, words: str
) -> None:
    child = part(home, guard, script)
    child.start()
    eventually(lambda: home.log("part").read_text())
    with pytest.raises(DemoRefused, match=words):
        child.wait_until(lambda: False, within_s=0.2)
    child.stop()


def part(home: Folder, guard: Guard, script: str) -> Child:
    command = Command(name="part", argv=["/bin/sh", "-c", script], environment=dict(os.environ))
    return Child(command, home, guard)


def test_a_remembered_port_is_taken_again_unless_somebody_has_it() -> None:
    port = free_port()
    assert free_port(port) == port
    with ThreadingHTTPServer((LOOPBACK, port), BaseHTTPRequestHandler):
        assert free_port(port) != port
