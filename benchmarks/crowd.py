"""Many viewers at once, in a thread of their own: websocket and event stream each."""

import asyncio
import json
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Self

import httpx

from benchmarks.viewer import Journal, Viewer

OPEN_WITHIN_S: Final = 120
RETRY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of the stream, as one viewer got it."""

    viewer: int
    at: float
    has_news: bool
    """Whether it brought what the browser draws, and not only a topic."""


@dataclass(slots=True)
class Crowd:
    """`size` viewers who come one after another, `per_s` a second, and then stay.

    Coming one by one spreads their timers over the refresh interval, as people do. The rate also
    stays below the limit on requests that one address may send to our own routes.
    """

    address: str
    page: str
    size: int
    per_s: float = 8.0
    hears_events: bool = True
    journal: Journal = field(default_factory=Journal)
    heard: list[Heard] = field(default_factory=list)
    viewers: list[Viewer] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _http: httpx.AsyncClient | None = None

    def __enter__(self) -> Self:
        """Open all pages; returns when the last one stands."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="crowd", daemon=True)
        self._thread.start()
        try:
            self._call(self._arrive(), within_s=OPEN_WITHIN_S + self.size / self.per_s)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all pages."""
        self._leave()

    def _call(self, work: Coroutine[Any, Any, None], *, within_s: float) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    async def _arrive(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(base_url=self.address, limits=limits, trust_env=False)
        for number in range(self.size):
            viewer = Viewer(number, self.page, self.journal)
            self.viewers.append(viewer)
            self._tasks.append(asyncio.create_task(viewer.watch(self.address)))
            if self.hears_events:
                self._tasks.append(asyncio.create_task(self._listen(viewer, number)))
            await asyncio.sleep(1 / self.per_s)
        async with asyncio.timeout(OPEN_WITHIN_S):
            for viewer in self.viewers:
                await viewer.is_open.wait()

    async def _listen(self, viewer: Viewer, number: int) -> None:
        """Follow the event stream, opened again when it ends, as EventSource does."""
        if self._http is None:
            return
        await viewer.is_open.wait()
        while True:
            try:
                address = f"/api/events?ticket={viewer.ticket}"
                async with self._http.stream("GET", address, timeout=None) as response:
                    if response.status_code == httpx.codes.OK:
                        await self._follow(response, number)
            except httpx.TransportError as error:
                self.journal.failures.append(f"events: {type(error).__name__}")
            await asyncio.sleep(RETRY_S)

    async def _follow(self, response: httpx.Response, number: int) -> None:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                self.heard.append(Heard(number, perf_counter(), "news" in event))

    def _leave(self) -> None:
        self._call(self._end(), within_s=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()
