"""One worker leads, others stand by, and none needs help when Postgres was away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

from sqlalchemy import text

from data import worker as signs
from data.database import Database
from data.errors import SourceDown
from services.leadership import Leadership
from services.worker import DUTIES, Bench, Duty, Worker
from tests.eventually import eventually
from tests.postgres_server import PostgresServer
from tests.program import running

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
LEADER_PID = text("select cast(details ->> 'pid' as int) from worker_heartbeats")
PARTITIONS = text("""
    select count(*) from pg_inherits where inhparent = 'analytics_events'::regclass
""")


@contextmanager
def _at_work(db: Database, url: str, duties: Sequence[Duty] = DUTIES) -> Iterator[Worker]:
    worker = Worker(db, url=url, zone=ZONE, duties=duties)
    thread = Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(10)
        assert not thread.is_alive()


def _leader(db: Database) -> object:
    return db.scalar(LEADER_PID)


def test_the_leader_leaves_a_sign_of_life_that_readiness_can_read(
    db: Database, db_url: str
) -> None:
    assert signs.heartbeat(db) is None
    with _at_work(db, db_url):
        found = eventually(lambda: signs.heartbeat(db))
    assert 0 <= found.age_s < 5
    assert found.started_at <= found.beat_at


def test_the_leader_makes_places_for_the_events_of_the_days_to_come(
    db: Database, db_url: str
) -> None:
    before = db.scalar(PARTITIONS)
    with _at_work(db, db_url):
        eventually(lambda: db.scalar(PARTITIONS) == int(str(before)) + 15)


def test_another_worker_takes_over_from_one_that_was_killed(
    db: Database, db_url: str, tmp_path: Path
) -> None:
    with (
        running("worker", tmp_path / "one", database_url=db_url) as one,
        running("worker", tmp_path / "two", database_url=db_url) as two,
    ):
        first = eventually(lambda: _leader(db))
        leader, other = (one, two) if first == one.process.pid else (two, one)
        eventually(lambda: other.says("worker.standby"))
        assert not other.says("worker.leads")
        leader.kill()
        eventually(lambda: _leader(db) == other.process.pid)


def test_sigterm_ends_a_worker_cleanly_and_frees_the_lead(
    db: Database, db_url: str, tmp_path: Path
) -> None:
    with running("worker", tmp_path / "log", database_url=db_url) as worker:
        eventually(lambda: _leader(db))
        assert worker.stop() == 0
        assert worker.says("worker.stopped")
    successor = Leadership(db_url)
    assert eventually(successor.acquire)
    successor.release()


def test_a_restart_of_postgres_is_survived(disposable_postgres: PostgresServer) -> None:
    url = disposable_postgres.url("atalaya")
    db = Database(url, pool_size=3)
    with _at_work(db, url):
        before = eventually(lambda: signs.heartbeat(db))
        disposable_postgres.stop()
        disposable_postgres.start()
        eventually(lambda: _beats_after(db, before))
    db.dispose()


def _beats_after(db: Database, before: signs.Heartbeat) -> bool:
    try:
        found = signs.heartbeat(db)
    except SourceDown:
        return False
    return found is not None and found.started_at > before.started_at


def test_a_bug_in_one_duty_does_not_end_the_others(db: Database, db_url: str) -> None:
    done = Event()
    failed = Event()

    def fail(_bench: Bench) -> None:
        failed.set()
        raise ZeroDivisionError

    duties = (Duty("fails", 0.05, fail), Duty("works", 0.05, lambda _: done.set()))
    with _at_work(db, db_url, duties):
        assert failed.wait(10)
        done.clear()
        failed.clear()
        assert failed.wait(10)
        assert done.wait(10)


def test_a_long_duty_does_not_hold_up_the_heartbeat(db: Database, db_url: str) -> None:
    release = Event()

    def wait(_bench: Bench) -> None:
        release.wait(20)

    long = tuple(Duty(f"a long one {n}", 60, wait) for n in range(4))
    with _at_work(db, db_url, (*long, *DUTIES)):
        assert eventually(lambda: signs.heartbeat(db))
        release.set()
