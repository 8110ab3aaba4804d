"""Hearing what writers say on commit, and reading the news that pages are told because of it."""

import re
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread
from typing import Final, Protocol

import psycopg
import structlog

from dashboard.meters import EVENTS
from data.connection import PATIENCE_S, libpq_url
from services.outbox import CHANNEL

POLL_S: Final = 0.5
BACKOFF_S: Final = 2.0
# Said after a lost connection: notifications may have been missed, so the news are read again.
MISSED: Final = "missed"
READ_FOR: Final = {"alert", "alerts", MISSED}
"""The topics that the news are about."""
TOPIC: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")

log: Final = structlog.get_logger(__name__)


class Streams(Protocol):
    """What is told: `push.Hub`."""

    def publish(self, topics: Iterable[str], news: object = None) -> None:
        """Tell all streams, from any thread."""


class Teller(Thread):
    """Reads the news once for however many changes came meanwhile, and tells all streams.

    A thread of its own: while Postgres is slow, the listener must go on hearing.
    """

    def __init__(self, streams: Streams, *, read: Callable[[], object]) -> None:
        super().__init__(name="atalaya-teller", daemon=True)
        self._streams = streams
        self._read = read
        self._lock = Lock()
        self._topics: set[str] = set()
        self._wake = Event()
        self._stopping = False

    def tell(self, topic: str) -> None:
        """Note what changed; from any thread."""
        with self._lock:
            self._topics.add(topic)
        self._wake.set()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Tell until stopped."""
        while self._wake.wait() and not self._stopping:
            self._wake.clear()
            with self._lock:
                topics, self._topics = self._topics, set()
            about = {topic.partition(".")[0] for topic in topics}
            self._streams.publish(topics, self._read() if about & READ_FOR else None)


class Listener(Thread):
    """Hears what writers say on commit, and connects again when Postgres comes back."""

    def __init__(self, url: str, heard: Callable[[str], None]) -> None:
        super().__init__(name="atalaya-listener", daemon=True)
        self._url = libpq_url(url)
        self._heard = heard
        self._stopping = Event()
        self.listening = Event()

    def stop(self) -> None:
        """Ask the thread to end; it does within POLL_S."""
        self._stopping.set()

    def run(self) -> None:
        """Listen until stopped."""
        again = False
        while not self._stopping.is_set():
            try:
                self._listen(again=again)
            except psycopg.Error as error:
                if self.listening.is_set() or not again:
                    log.warning("push.not_listening", error=type(error).__name__)
                again = True
                self.listening.clear()
                self._stopping.wait(BACKOFF_S)

    def _listen(self, *, again: bool) -> None:
        with psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=int(PATIENCE_S),
            application_name="atalaya-listener",
            # A vanished server is found within about ten seconds, not the system's two hours.
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=10_000,
        ) as connection:
            connection.execute(f"listen {CHANNEL}")
            log.info("push.listening")
            self.listening.set()
            if again:
                self._heard(MISSED)
            while not self._stopping.is_set():
                for notice in connection.notifies(timeout=POLL_S):
                    self._hear(notice.payload)

    def _hear(self, payload: str) -> None:
        """Pass on topics only: what is not one is a writer's mistake, and may hold data."""
        if TOPIC.fullmatch(payload):
            EVENTS.inc()
            self._heard(payload)
        else:
            log.warning("push.not_a_topic", characters=len(payload))
