"""From a committed change to open pages: fan-out on the loop, server-sent events to browsers.

What writers say is the name of a topic. What browsers are told is that name, and the news that
were read because of it: counts and the newest alert's title, never personal data. The route is
outside Streamlit's sign-in; a page that is open vouches for its stream with a ticket.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboard.meters import STREAMS
from dashboard.tickets import Tickets

MAX_STREAMS: Final = 1_000
COALESCE_S: Final = 0.5
PING_S: Final = 15.0


class Stream:
    """One browser's share of the news: the topics it has not been told of yet, the latest news."""

    def __init__(self, *, stands: Callable[[], bool] = lambda: True) -> None:
        self._topics: set[str] = set()
        self._news: object = None
        self._wake = asyncio.Event()
        self._ended = False
        self._stands = stands

    def put(self, topics: Iterable[str], news: object = None) -> None:
        """Keep topics until they are sent; one twice is sent once. New news replace old."""
        self._topics.update(topics)
        self._news = news or self._news
        self._wake.set()

    def end(self) -> None:
        """Make `chunks` return at once."""
        self._ended = True
        self._wake.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Server-sent events, at most one per COALESCE_S, and a ping when nothing happens."""
        yield b"retry: 2000\n\n"
        while not self._ended and self._stands():
            if not await self._woken(PING_S):
                yield b": ping\n\n"
            elif not self._ended:
                yield self._event()
                await self._pause()

    def _event(self) -> bytes:
        """Take what is waiting."""
        event: dict[str, object] = {"topics": sorted(self._topics)}
        if self._news is not None:
            event["news"] = self._news
        self._topics, self._news = set(), None
        self._wake.clear()
        return b"data: " + orjson.dumps(event) + b"\n\n"

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

    def __init__(self, tickets: Tickets, *, max_streams: int = MAX_STREAMS) -> None:
        self._tickets = tickets
        self._streams: set[Stream] = set()
        self._max_streams = max_streams
        self._news: object = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def open(self) -> None:
        """Take the running loop as the one that streams live on."""
        self._loop = asyncio.get_running_loop()

    def publish(self, topics: Iterable[str], news: object = None) -> None:
        """Tell all streams, from any thread. Who comes later begins with the latest news."""
        told = frozenset(topics)
        self._news = news or self._news
        self._soon(lambda: self._each(lambda stream: stream.put(told, news)))

    def close(self) -> None:
        """End all streams, from any thread or a signal handler; new ones are refused."""
        self._closed = True
        self._soon(lambda: self._each(Stream.end))

    def __len__(self) -> int:
        return len(self._streams)

    async def events(self, request: Request) -> Response:
        """Answer `GET /api/events?ticket=…`."""
        ticket = request.query_params.get("ticket", "")
        if not self._tickets.holds(ticket):
            return JSONResponse({"error": "no open page vouches for this"}, status_code=403)
        if self._closed or len(self._streams) >= self._max_streams:
            return JSONResponse(
                {"error": "too many streams"}, status_code=503, headers={"Retry-After": "10"}
            )
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._run(ticket), media_type="text/event-stream", headers=headers)

    async def _run(self, ticket: str) -> AsyncIterator[bytes]:
        stream = Stream(stands=lambda: self._tickets.holds(ticket))
        if self._news is not None:
            stream.put((), self._news)
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
