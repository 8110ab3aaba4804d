"""One viewer without a browser: speaks Streamlit's protocol as its front end does.

Like the front end it keeps a timer per fragment that asked for one (`auto_rerun`), drops the timers
when the whole script runs anew, and sends back the hashes of large messages it still holds. It
decodes every message and draws nothing.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Final

import orjson
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

FULL: Final = ""
"""The "fragment" of a run of the whole script."""
LIVE_EVERY_S: Final = 5
"""The live fragment's interval; other fragments look at other things and at longer intervals."""
CACHED_FOR_RUNS: Final = 2
PUSH: Final = "atalaya_push"
FEED: Final = "atalaya_feed"
INTERRUPTED: Final = ForwardMsg.FINISHED_EARLY_FOR_RERUN


@dataclass(slots=True)
class Received:
    """What came since the run before."""

    bytes: int = 0
    messages: int = 0
    changed: int = 0
    """Places (panels, first row) that came with other content than before."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run as its viewer saw it: from the request sent to "script finished"."""

    viewer: int
    fragment: str
    began: float
    ended: float
    received: Received
    every_s: float
    """Interval of the fragment's timer; 0 without one."""

    @property
    def ms(self) -> float:
        """How long it took."""
        return (self.ended - self.began) * 1000


@dataclass(slots=True)
class Journal:
    """What all viewers saw."""

    runs: list[Run] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ticks_in_flight: int = 0
    """Timer ticks that found the run before still unfinished."""

    def refreshes(self, since: float, until: float = float("inf")) -> list[Run]:
        """Refreshes of the live fragment that began in this span."""
        return [
            run for run in self.runs if run.every_s == LIVE_EVERY_S and since <= run.began < until
        ]


class Viewer:
    """One open page."""

    def __init__(self, number: int, page: str, journal: Journal) -> None:
        self._number = number
        self._page = page
        self._journal = journal
        self._socket: ClientConnection | None = None
        self._page_hash = ""
        self._asked: dict[str, float] = {}
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._large: dict[str, tuple[int, str]] = {}  # hash -> (run when last used, fragment)
        self._finished_runs = 0
        self._seen: dict[str, int] = {}  # place -> hash of the line that it got
        self._received = Received()
        self.ticket = ""
        """What the page lets its browser follow the event stream with."""
        self.is_open = asyncio.Event()
        """Set once the whole page came."""

    async def watch(self, address: str) -> None:
        """Open the page and stay until cancelled. Notes a closed connection as a failure."""
        url = address.replace("http", "ws", 1) + "/_stcore/stream"
        try:
            async with connect(
                url, max_size=None, compression=None, subprotocols=[Subprotocol("streamlit")]
            ) as self._socket:
                await self._rerun(FULL)
                async for payload in self._socket:
                    await self._receive(payload if isinstance(payload, bytes) else b"")
        except (ConnectionClosed, OSError) as error:
            self._journal.failures.append(f"connection: {type(error).__name__}")
        finally:
            self._stop_timers()

    async def _rerun(self, fragment: str) -> None:
        """Send what the front end sends to run a fragment, or everything."""
        state = ClientState()
        state.fragment_id = fragment
        state.is_auto_rerun = bool(fragment)
        state.page_script_hash = self._page_hash
        state.page_name = "" if self._page_hash else self._page
        state.cached_message_hashes.extend(self._large)
        state.context_info.timezone = "America/Argentina/Buenos_Aires"
        state.context_info.timezone_offset = 180
        state.context_info.locale = "es-AR"
        state.context_info.color_scheme = "light"
        if fragment in self._asked:
            self._journal.ticks_in_flight += 1
        self._asked.setdefault(fragment, perf_counter())
        if self._socket is not None:
            await self._socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def _receive(self, payload: bytes) -> None:
        message = ForwardMsg.FromString(payload)
        self._received.bytes += len(payload)
        self._received.messages += 1
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._begin(message)
        elif kind in {"delta", "ref_hash"}:
            self._note(message)
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._stop_timers(message.stop_auto_rerun.fragment_ids)
        elif kind == "script_finished":
            self._finish(message)
        elif kind == "page_not_found":
            self._journal.failures.append("page not found")

    def _begin(self, message: ForwardMsg) -> None:
        self._page_hash = message.new_session.page_script_hash
        if not message.metadata.run.fragment_ids:
            self._stop_timers()

    def _note(self, message: ForwardMsg) -> None:
        """Keep what later requests depend on: large messages, the push component, changes."""
        digest = message.ref_hash or message.hash
        if message.metadata.cacheable:
            self._large[digest] = (self._finished_runs, message.delta.fragment_id)
        elif digest in self._large:
            self._large[digest] = (self._finished_runs, self._large[digest][1])
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self._journal.failures.append(f"exception: {element.exception.type}")
        if kind == "bidi_component":
            self._component(element.bidi_component.component_name, element.bidi_component.bytes)

    def _component(self, name: str, sent: bytes) -> None:
        """Read what our own components get: the page's news, and the lines of its places."""
        if name == PUSH:
            self.ticket = orjson.loads(sent)["ticket"]
        elif name == FEED:
            head, *lines = sent.split(b"\n")
            for (place, _), line in zip(orjson.loads(head)["parts"], lines, strict=True):
                self._received.changed += self._seen.get(place) != hash(line)
                self._seen[place] = hash(line)

    def _finish(self, message: ForwardMsg) -> None:
        if message.script_finished == INTERRUPTED:
            return
        ended = perf_counter()
        fragments = list(message.metadata.run.fragment_ids) or [FULL]
        for fragment in fragments:
            asked = self._asked.pop(fragment, None)
            if asked is not None:
                self._journal.runs.append(self._run(fragment, asked, ended))
        self._received = Received()
        self._finished_runs += 1
        self._forget(fragments)
        self.is_open.set()

    def _run(self, fragment: str, began: float, ended: float) -> Run:
        timer = self._timers.get(fragment)
        return Run(
            viewer=self._number,
            fragment=fragment,
            began=began,
            ended=ended,
            received=self._received,
            every_s=timer[0] if timer else 0,
        )

    def _forget(self, fragments: list[str]) -> None:
        """Drop large messages as the front end does: when unused and their fragment has run."""
        oldest = self._finished_runs - CACHED_FOR_RUNS
        self._large = {
            digest: (used, fragment)
            for digest, (used, fragment) in self._large.items()
            if used >= oldest or (fragments != [FULL] and fragment not in fragments)
        }

    def _start_timer(self, fragment: str, interval_s: float) -> None:
        known = self._timers.get(fragment)
        if known is not None and known[0] == interval_s:
            return
        self._stop_timers([fragment])
        self._timers[fragment] = (interval_s, asyncio.create_task(self._tick(fragment, interval_s)))

    async def _tick(self, fragment: str, interval_s: float) -> None:
        """Like setInterval: later ticks do not shift when one is late."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in count(1):
            await asyncio.sleep(began + number * interval_s - loop.time())
            await self._rerun(fragment)

    def _stop_timers(self, fragments: Iterable[str] | None = None) -> None:
        for fragment in list(self._timers if fragments is None else fragments):
            if fragment in self._timers:
                self._timers.pop(fragment)[1].cancel()
