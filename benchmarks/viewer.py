"""One viewer without a browser: speaks Streamlit's protocol as its front end does.

Like the front end it keeps a timer per fragment that asked for one (`auto_rerun`), drops the timers
when the whole script runs anew, sends back the hashes of large messages it still holds, and reruns
the fragment of the push component when the event stream says so. It decodes every message and
draws nothing.
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Final

from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

FULL: Final = ""
"""The "fragment" of a run of the whole script."""
LIVE_EVERY_S: Final = 5
"""The live fragment's interval; other fragments look at other things and at longer intervals."""
CACHED_FOR_RUNS: Final = 2
INTERRUPTED: Final = ForwardMsg.FINISHED_EARLY_FOR_RERUN


@dataclass(slots=True)
class Received:
    """What came since the run before."""

    bytes: int = 0
    messages: int = 0
    changed: int = 0
    """Components that came with other content than in the run before."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run as its viewer saw it: from the request sent to "script finished"."""

    viewer: int
    fragment: str
    began: float
    ended: float
    received: Received
    is_pushed: bool
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
            run
            for run in self.runs
            if run.every_s == LIVE_EVERY_S and not run.is_pushed and since <= run.began < until
        ]

    def pushed(self, since: float) -> list[Run]:
        """Fragment runs that an event caused."""
        return [run for run in self.runs if run.is_pushed and run.began >= since]


@dataclass(slots=True)
class Asked:
    """A run that was asked for and is not finished."""

    at: float
    is_pushed: bool


class Viewer:
    """One open page."""

    def __init__(self, number: int, page: str, journal: Journal, *, push_component: str) -> None:
        self._number = number
        self._page = page
        self._journal = journal
        self._push_component = push_component
        self._socket: ClientConnection | None = None
        self._page_hash = ""
        self._asked: dict[str, Asked] = {}
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._large: dict[str, tuple[int, str]] = {}  # hash -> (run when last used, fragment)
        self._finished_runs = 0
        self._seen: dict[tuple[int, ...], str] = {}  # where -> hash of the component's message
        self._received = Received()
        self._push: tuple[str, str] | None = None  # widget, fragment
        self.is_open = asyncio.Event()
        """Set once the whole page came."""

    @property
    def can_be_pushed(self) -> bool:
        """Whether the page has a push component."""
        return self._push is not None

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

    async def push(self, value: str) -> None:
        """Do what the push component does on an event: trigger, and rerun its fragment."""
        if self._push is None:
            return
        widget, fragment = self._push
        state = ClientState()
        trigger = state.widget_states.widgets.add()
        trigger.id = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{widget}{EVENT_DELIM}events"
        trigger.json_trigger_value = json.dumps([{"event": "news", "value": value}])
        await self._rerun(fragment, state, is_pushed=True)

    async def _rerun(
        self, fragment: str, state: ClientState | None = None, *, is_pushed: bool = False
    ) -> None:
        """Send what the front end sends to run a fragment, or everything."""
        state = state or ClientState()
        state.fragment_id = fragment
        state.is_auto_rerun = bool(fragment) and not is_pushed
        state.page_script_hash = self._page_hash
        state.page_name = "" if self._page_hash else self._page
        state.cached_message_hashes.extend(self._large)
        state.context_info.timezone = "America/Argentina/Buenos_Aires"
        state.context_info.timezone_offset = 180
        state.context_info.locale = "es-AR"
        state.context_info.color_scheme = "light"
        if fragment in self._asked:
            self._journal.ticks_in_flight += 1
        self._asked.setdefault(fragment, Asked(perf_counter(), is_pushed))
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
            where = tuple(message.metadata.delta_path)
            self._received.changed += self._seen.get(where) != digest
            self._seen[where] = digest
            if self._push_component in element.bidi_component.component_name:
                self._push = (element.bidi_component.id, message.delta.fragment_id)

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

    def _run(self, fragment: str, asked: Asked, ended: float) -> Run:
        timer = self._timers.get(fragment)
        return Run(
            viewer=self._number,
            fragment=fragment,
            began=asked.at,
            ended=ended,
            received=self._received,
            is_pushed=asked.is_pushed,
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
