"""Threads that write at once, rival refreshers, backends killed from outside, a rebuild between."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event as Signal

import psycopg
import pytest

from data.database import Database
from data.errors import SourceDown
from services import rollups
from tests.services.rollup_reference import Event, expected
from tests.services.rollup_replay import HERE, NOW, unlike
from tests.services.rollup_streams import send, stored, stream, visit

KILL = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
        and application_name = 'atalaya-write' and state <> 'idle'
"""


def write(url: str, batches: list[list[Event]], seed: int) -> None:
    """A producer: some batches are rolled back first, some are sent twice."""
    rng = Random(seed)  # noqa: S311 - a seeded play is not cryptography
    with psycopg.connect(url) as connection:
        for batch in batches:
            while True:
                try:
                    send(connection, batch)
                except psycopg.errors.DeadlockDetected:
                    connection.rollback()
                    continue
                if rng.random() < 0.1:
                    connection.rollback()
                    continue
                connection.commit()
                if rng.random() < 0.9:
                    break


def refresh(url: str, done: Signal, seed: int) -> int:
    """A worker that is killed now and then; returns how often."""
    rng = Random(seed)  # noqa: S311 - a seeded play is not cryptography
    db = Database(url, pool_size=2)
    killed = 0
    try:
        while not done.is_set():
            try:
                if rng.random() < 0.02:
                    rollups.rebuild(db, HERE, now=NOW)
                rollups.refresh(db, HERE, now=NOW, most=rng.choice((50, 500, 5000)))
            except SourceDown:
                killed += 1
    finally:
        db.dispose()
    return killed


def kill(url: str, done: Signal) -> int:
    """End a refresher's backend wherever it is."""
    count = 0
    with psycopg.connect(url, autocommit=True) as connection:
        while not done.wait(0.35):
            count += len(connection.execute(KILL).fetchall())
    return count


@pytest.mark.slow
def test_a_crowd_of_writers_and_killed_refreshers_ends_as_the_reference(
    db: Database, db_url: str
) -> None:
    sent = stream(5, size=6000, visitors=400)
    visit(db, sent.cities)
    done = Signal()
    with ThreadPoolExecutor(6) as pool:
        killer = pool.submit(kill, db_url, done)
        refreshers = [pool.submit(refresh, db_url, done, seed) for seed in (1, 2)]
        writers = [pool.submit(write, db_url, sent.batches[n::3], n) for n in range(3)]
        for each in writers:
            each.result()
        done.set()
        killed = sum(each.result() for each in refreshers)
        assert killer.result() >= killed
    rollups.catch_up(db, HERE, now=NOW)
    assert killed > 0
    assert [each.table for each in rollups.audit(db, HERE) if each.differing] == []
    assert unlike(stored(db), expected(sent.events, HERE, sent.cities)) == []
