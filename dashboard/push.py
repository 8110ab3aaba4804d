"""From a committed change to open pages: LISTEN in a thread, fan-out on the loop, SSE to browsers.

What travels is the name of a topic, never data: the route is outside the sign-in.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from threading import Event, Thread
from typing import Final

import orjson
import psycopg
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboard.meters import EVENTS, STREAMS
from data.connection import PATIENCE_S, libpq_url
from services.outbox import CHANNEL

MAX_STREAMS: Final = 1_000
COALESCE_S: Final = 0.5
PING_S: Final = 15.0
POLL_S: Final = 0.5
BACKOFF_S: Final = 2.0
# Said after a lost connection: notifications may have been missed, so every page asks again.
MISSED: Final = "missed"
TOPIC: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")

log: Final = structlog.get_logger(__name__)


class Stream:
    """One browser's share of the news: the topics it has not been told of yet."""

    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._wake = asyncio.Event()
        self._ended = False

    def put(self, topic: str) -> None:
        """Keep a topic until it is sent; the same one twice is sent once."""
        self._topics.add(topic)
        self._wake.set()

    def end(self) -> None:
        """Make `chunks` return at once."""
        self._ended = True
        self._wake.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Server-sent events, at most one per COALESCE_S, and a ping when nothing happens."""
        yield b"retry: 2000\n\n"
        while not self._ended:
            if not await self._woken(PING_S):
                yield b": ping\n\n"
            elif self._topics:
                topics, self._topics = sorted(self._topics), set()
                self._wake.clear()
                yield b"data: " + orjson.dumps({"topics": topics}) + b"\n\n"
                await self._pause()

    async def _woken(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _pause(self) -> None:
        """Let further topics gather, but do not sleep through the end."""
        for _ in range(5):
            if self._ended:
                return
            await asyncio.sleep(COALESCE_S / 5)


class Hub:
    """All open streams. Lives on the event loop; other threads use `publish` and `close`."""

    def __init__(self, *, max_streams: int = MAX_STREAMS) -> None:
        self._streams: set[Stream] = set()
        self._max_streams = max_streams
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def open(self) -> None:
        """Take the running loop as the one that streams live on."""
        self._loop = asyncio.get_running_loop()

    def publish(self, topic: str) -> None:
        """Tell all streams, from any thread."""
        self._soon(lambda: self._each(lambda stream: stream.put(topic)))

    def close(self) -> None:
        """End all streams, from any thread or a signal handler; new ones are refused."""
        self._closed = True
        self._soon(lambda: self._each(Stream.end))

    def __len__(self) -> int:
        return len(self._streams)

    async def events(self, _request: Request) -> Response:
        """Answer `GET /api/events`."""
        if self._closed or len(self._streams) >= self._max_streams:
            return JSONResponse(
                {"error": "too many streams"}, status_code=503, headers={"Retry-After": "10"}
            )
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._run(), media_type="text/event-stream", headers=headers)

    async def _run(self) -> AsyncIterator[bytes]:
        stream = Stream()
        self._streams.add(stream)
        STREAMS.set(len(self._streams))
        try:
            async for chunk in stream.chunks():
                yield chunk
        finally:
            self._streams.discard(stream)
            STREAMS.set(len(self._streams))

    def _each(self, tell: Callable[[Stream], None]) -> None:
        for stream in self._streams:
            tell(stream)

    def _soon(self, call: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def route(self) -> Route:
        """The route of the stream."""
        return Route("/api/events", self.events)


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
