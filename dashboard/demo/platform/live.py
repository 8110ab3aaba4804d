"""The live feed: the marketplace goes on in real time where history ends, or where it was stopped.

What happens at a moment does not depend on when the feed was started: rows and metrics are those of
the model at that moment, so a stop of an hour is made up for, row by row.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

import numpy as np
import psycopg
import structlog

from dashboard.demo.platform import state
from dashboard.demo.platform.batches import Source
from dashboard.demo.platform.exporter import Gauges, serving
from dashboard.demo.platform.history import ZONE
from dashboard.demo.platform.operations import write_operations
from dashboard.demo.platform.rhythm import epoch
from dashboard.demo.platform.samples import write_moments
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.tables import read_codes
from dashboard.demo.platform.upkeep import review, settle, sum_days
from dashboard.demo.platform.visits import Playback
from dashboard.demo.platform.world import World

TICK_S: Final = 1.0
RETRY_S: Final = 2.0
GAP: Final = timedelta(hours=24)
AT_ONCE: Final = timedelta(hours=1)  # of a gap, in one transaction
SAMPLE_EVERY_S: Final = 30

log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """One part of the feed with a mark of its own: what it writes and how often."""

    name: str
    every_s: float
    write: Callable[[psycopg.Connection, datetime, datetime], None]


class Feed:
    """The duties of one setting, and which of them are due."""

    def __init__(self, setting: Setting, connection: psycopg.Connection) -> None:
        self.setting = setting
        self._world = World(setting)
        self._playback = Playback(Source.of(self._world, read_codes(connection)))
        self.duties: Final = (
            Duty("visits", 2, self._visits),
            Duty("operations", 5, self._operations),
            Duty("samples", SAMPLE_EVERY_S, self._samples),
            Duty("upkeep", 60, self._upkeep),
        )

    def play(self, connection: psycopg.Connection, *, now: datetime) -> int:
        """Bring every duty up to `now`, oldest part of a gap first; returns spans written."""
        marks = state.marks(connection)
        if marks["visits"] < now - GAP:
            self._skip(connection, since=marks["visits"], until=now - GAP)
        spans = 0
        for duty in self.duties:
            for since, until in _spans(marks[duty.name], now, every_s=duty.every_s):
                with connection.transaction():
                    duty.write(connection, since, until)
                    state.mark(connection, duty.name, until)
                spans += 1
        return spans

    def _skip(self, connection: psycopg.Connection, *, since: datetime, until: datetime) -> None:
        with connection.transaction():
            self._playback.sign_up(connection, since=since, until=until)
            state.mark(connection, "visits", until)

    def _visits(self, connection: psycopg.Connection, since: datetime, until: datetime) -> None:
        self._playback.play(connection, since=since, until=until)

    def _operations(self, connection: psycopg.Connection, since: datetime, until: datetime) -> None:
        write_operations(connection, self._world, since=since, until=until)

    def _samples(self, connection: psycopg.Connection, since: datetime, until: datetime) -> None:
        # A long gap is sampled every minute, as history is.
        step = SAMPLE_EVERY_S if until - since < timedelta(minutes=5) else 60
        first = np.floor(epoch(since) / step) * step + step
        at = np.arange(first, epoch(until) + 1e-6, step)
        if len(at):
            write_moments(connection, self.setting, at)

    def _upkeep(self, connection: psycopg.Connection, since: datetime, until: datetime) -> None:
        settle(connection, now=until)
        review(connection, since=since, until=until)
        sum_days(connection, since=since, until=until)
        connection.execute(
            "select atalaya_ensure_event_partitions(%s, %s, %s)",
            [until.date(), until.date() + timedelta(days=8), ZONE],
        )


def _spans(mark: datetime, now: datetime, *, every_s: float) -> Iterator[tuple[datetime, datetime]]:
    """Spans from a mark to now, none longer than AT_ONCE; a gap beyond GAP stays empty."""
    since = max(mark, now - GAP)
    if (now - since).total_seconds() < every_s:
        return
    while since < now:
        until = min(since + AT_ONCE, now)
        yield since, until
        since = until


def run(database_url: str, *, exporter_port: int, stop: Event) -> None:
    """Play until `stop` is set. Postgres may come and go; scrapes are answered throughout."""
    with ExitStack() as stack:
        gauges: Gauges | None = None
        while not stop.is_set():
            try:
                with psycopg.connect(
                    database_url,
                    autocommit=True,
                    connect_timeout=5,
                    application_name="atalaya-demo-feed",
                ) as connection:
                    if gauges is None:
                        gauges = Gauges(state.recall(connection))
                        stack.enter_context(serving(gauges, port=exporter_port))
                    _play(connection, gauges, stop)
            except psycopg.OperationalError as error:
                log.warning("demo.feed.waiting", reason=type(error).__name__)
                stop.wait(RETRY_S)


def _play(connection: psycopg.Connection, gauges: Gauges, stop: Event) -> None:
    feed: Feed | None = None
    while not stop.is_set():
        setting = state.recall(connection)
        if feed is None or setting != feed.setting:
            gauges.change(setting)
            feed = Feed(setting, connection)
        feed.play(connection, now=datetime.now(UTC))
        stop.wait(TICK_S)
