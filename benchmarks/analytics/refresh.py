"""Ticks of 10,000 events on millions of them: how many a second, and what late ones cost."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

import psycopg

from benchmarks.analytics._batches import SIZE, Batches
from benchmarks.results import Result
from benchmarks.stage import FOLDER, SEED
from dashboard.demo import filling
from dashboard.demo.care import Care
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.postgres import DATABASE, Postgres
from dashboard.demo.steps import Steps
from data import migrations
from data.database import Database
from data.migrations.partitions import ensure_event_partitions
from services import rollups
from services.rollups.retention import drop_old

EVENTS: Final = 5_000_000
QUICK_EVENTS: Final = 50_000
ROUNDS: Final = 15
QUICK_ROUNDS: Final = 3
ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
KINDS: Final = {"in order": (0.0, 0), "5 % late": (0.05, 7), "20 % late": (0.2, 30)}
"""Share of late events, and by how many days at most."""
CLONE: Final = "refresh"


def measure_alone(*, quick: bool) -> list[Result]:
    """Events a second of a tick, the price of late ones, and whether the cells are right after."""
    events = QUICK_EVENTS if quick else EVENTS
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with _clone(events) as url:
        db = Database(url, pool_size=2)
        try:
            took = _ticks(db, url, rounds)
            began = time.monotonic()
            differing = sum(each.differing for each in rollups.audit(db, ZONE))
            audit_s = time.monotonic() - began
            began = time.monotonic()
            rollups.rebuild(db, ZONE)
            rebuild_s = time.monotonic() - began
        finally:
            db.dispose()
    context: dict[str, object] = {
        "events_seeded": events,
        "events_per_tick": SIZE,
        "rounds": rounds,
        "cpus": os.cpu_count(),
        "median_ms": {kind: round(median(each) * 1000, 1) for kind, each in took.items()},
    }
    rate = SIZE / median(took["in order"])
    return [
        Result("events a second of a refresh", rate, "/s", 30_000, "higher", context),
        Result("5 % late, ratio to in order", _ratio(took, "5 % late"), "x", 1.5, context=context),
        Result(
            "20 % late, ratio to in order", _ratio(took, "20 % late"), "x", 2.5, context=context
        ),
        Result("rows that differ afterwards", differing, "rows", 0, context=context),
        Result("audit of all rollups", audit_s, "s", context=context),
        Result("rebuild of all rollups", rebuild_s, "s", context=context),
    ]


def _ticks(db: Database, url: str, rounds: int) -> dict[str, list[float]]:
    """Seconds of each tick; the kinds take turns, and the first round warms up."""
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with psycopg.connect(url) as connection:
        batches = Batches(connection, seed=SEED)
        with db.write() as tx:
            today = batches.clock.astimezone(ZONE).date()
            ensure_event_partitions(tx, today, today + timedelta(days=60), ZONE)
        drop_old(db, ZONE, now=batches.clock)  # as the worker does every hour
        rollups.catch_up(db, ZONE)
        for number in range(rounds + 1):
            for kind, (share, days) in KINDS.items():
                batches.write(late_share=share, late_days=days)
                seconds = _tick(db, batches)
                if number:
                    took[kind].append(seconds)
    return took


def _tick(db: Database, batches: Batches) -> float:
    began = time.perf_counter()
    done = rollups.refresh(db, ZONE, now=batches.clock + timedelta(days=1))
    seconds = time.perf_counter() - began
    if done is None or done.events != SIZE:
        raise RuntimeError(f"A tick took {done} instead of {SIZE} events.")
    return seconds


def _ratio(took: dict[str, list[float]], kind: str) -> float:
    """Median of the ratios within each round: what slows a round slows all of it."""
    return median(a / b for a, b in zip(took[kind], took["in order"], strict=True))


@contextmanager
def _clone(events: int) -> Iterator[str]:
    """A database with that history and its rollups, for this run alone; the original is kept."""
    home = Folder(FOLDER / f"rollups-{events}")
    if home.is_filled and home.number("events") != events:
        shutil.rmtree(home.root)
    home.prepare(events=events)
    home.hold()
    try:
        with ExitStack() as stack:
            care = Care(home, Steps(), stack)
            postgres = Postgres(home, care.guard)
            care.take("postgres", postgres, postgres.start)
            _fill(home, postgres, events)
            with postgres.connect("postgres") as connection:
                connection.execute(f"drop database if exists {CLONE}")
                connection.execute(f"create database {CLONE} template {DATABASE}")
            yield postgres.url(database=CLONE)
            with postgres.connect("postgres") as connection:
                connection.execute(f"drop database {CLONE} with (force)")
    finally:
        home.release()


def _fill(home: Folder, postgres: Postgres, events: int) -> None:
    if not home.is_filled:
        postgres.drop_database()
    postgres.make_database()
    migrations.upgrade(postgres.url())
    if not home.is_filled:
        filling.history(postgres.url(), events=events, seed=SEED, tell=lambda _: None)
        home.remember(filled=True, events=events, seed=SEED)
    if filling.rollups_are_due(postgres.url(), ZONE):
        filling.make_rollups(postgres.url(), ZONE, tell=lambda _: None)
