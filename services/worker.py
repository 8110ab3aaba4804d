"""The worker: one process leads and does the duties in the list below, others stand by."""

import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import Final
from zoneinfo import ZoneInfo

import orjson
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import text

from data import worker
from data.database import Database
from data.errors import SourceDown
from data.migrations import partitions
from services.leadership import Leadership
from services.meters import DUTY_SECONDS
from services.rollups import keeping, provider_scores

BEAT_S: Final = 5
DAYS_AHEAD: Final = 14
PARTITIONS_MS: Final = 60_000  # events that wait in the default partition are moved
STANDBY_S: Final = 2
WATCH_S: Final = 1
OWN_THREAD: Final = frozenset({"heartbeat", "rollups"})

log: Final = structlog.get_logger(__name__)

_BEAT: Final = text("""
    -- services.worker.beat
    insert into worker_heartbeats (name, beat_at, started_at, details)
    values (:name, clock_timestamp(), :started_at, cast(:details as jsonb))
    on conflict (name) do update
        set beat_at = excluded.beat_at, started_at = excluded.started_at,
            details = excluded.details
""")


@dataclass(frozen=True, slots=True)
class Bench:
    """What a duty works with."""

    db: Database
    zone: ZoneInfo
    leads_since: datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """Work that the leader does again and again. Must be safe to do twice and to be cut off."""

    name: str
    every_s: float
    run: Callable[[Bench], None]


def beat(bench: Bench) -> None:
    """Leave a sign of life, which readiness looks at."""
    details = {"host": socket.gethostname(), "pid": os.getpid()}
    with bench.db.write() as tx:
        tx.execute(
            _BEAT,
            name=worker.LEADER,
            started_at=bench.leads_since,
            details=orjson.dumps(details).decode(),
        )


def make_partitions(bench: Bench) -> None:
    """Have a place for the events of the days to come, and for those that come a day late."""
    today = datetime.now(bench.zone).date()
    with bench.db.write(timeout_ms=PARTITIONS_MS) as tx:
        made = partitions.ensure_event_partitions(
            tx, today - timedelta(days=1), today + timedelta(days=DAYS_AHEAD), bench.zone
        )
    if made:
        log.info("worker.partitions", made=made)


def score_providers(bench: Bench) -> None:
    """Keep the scores of providers no older than five minutes."""
    provider_scores.score_if_due(bench.db, bench.zone)


def keep_rollups(bench: Bench) -> None:
    """Fold what the platform wrote into the rollups."""
    keeping.tick(bench.db, bench.zone)


def drop_old(bench: Bench) -> None:
    """Drop raw events and minutes that are older than their retention."""
    keeping.drop(bench.db, bench.zone)


def compare_rollups(bench: Bench) -> None:
    """Compare the rollups with the raw events, at night."""
    keeping.compare(bench.db, bench.zone)


# A new duty is one line here.
DUTIES: Final[tuple[Duty, ...]] = (
    Duty("heartbeat", BEAT_S, beat),
    Duty("partitions", 3_600, make_partitions),
    Duty("rollups", keeping.TICK_S, keep_rollups),
    Duty("provider scores", 60, score_providers),
    Duty("retention", 3_600, drop_old),
    Duty("rollup audit", 1_200, compare_rollups),
)


class Worker:
    """Waits until it may lead, then does its duties until it is stopped or loses the lead."""

    def __init__(
        self, db: Database, *, url: str, zone: ZoneInfo, duties: Sequence[Duty] = DUTIES
    ) -> None:
        self._db = db
        self._zone = zone
        self._duties = duties
        self._leadership = Leadership(url)
        self._stopping = Event()

    def stop(self) -> None:
        """Ask it to end; duties under way are finished."""
        self._stopping.set()

    def run(self) -> None:
        """Block until stopped. Postgres may come and go meanwhile."""
        waits_for = ""
        while not self._stopping.is_set():
            reason = self._try_to_lead()
            if reason != waits_for:
                log.info("worker.standby", reason=reason)
            waits_for = reason
            self._stopping.wait(STANDBY_S)
        log.info("worker.stopped")

    def _try_to_lead(self) -> str:
        """Lead for as long as possible; gives why that ended or was not possible."""
        try:
            if not self._leadership.acquire():
                return "another worker leads"
        except SourceDown as down:
            return str(down)
        try:
            self._lead()
        finally:
            self._leadership.release()
        return "leadership ended"

    def _lead(self) -> None:
        bench = Bench(self._db, self._zone, datetime.now(UTC))
        scheduler = self._scheduler(bench)
        scheduler.start()
        log.info("worker.leads", duties=[duty.name for duty in self._duties])
        try:
            while not self._stopping.wait(WATCH_S) and self._leadership.holds():
                pass
        finally:
            scheduler.shutdown(wait=True)

    def _scheduler(self, bench: Bench) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone=UTC,
            # Some have a thread of their own: long duties must not make us look dead, or be stale.
            executors={
                "default": ThreadPoolExecutor(3),
                **{name: ThreadPoolExecutor(1) for name in OWN_THREAD},
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for duty in self._duties:
            scheduler.add_job(
                _perform,
                "interval",
                args=(duty, bench),
                id=duty.name,
                seconds=duty.every_s,
                next_run_time=bench.leads_since,
                executor=duty.name if duty.name in OWN_THREAD else "default",
            )
        return scheduler


def run(db: Database, *, url: str, zone: ZoneInfo) -> None:
    """Be a worker until SIGTERM or SIGINT. `url` is for the connection that holds the lead."""
    process = Worker(db, url=url, zone=zone)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: process.stop())
    process.run()


def _perform(duty: Duty, bench: Bench) -> None:
    began = monotonic()
    result = "failed"
    structlog.contextvars.bind_contextvars(source="worker", duty=duty.name)
    try:
        duty.run(bench)
        result = "done"
    except SourceDown as down:
        log.warning("worker.duty_waits", reason=str(down))
    except Exception:  # the worker loop: one duty's bug must not end the others
        log.exception("worker.duty_failed")
    finally:
        DUTY_SECONDS.labels(duty=duty.name, result=result).observe(monotonic() - began)
