"""The refresher: asks what somebody is looking at, and keeps the newest picture of each as bytes.

Viewers never query. They say what they look at (`watch`) and get the latest bytes; one thread asks,
through a small pool for each source so that one that hangs holds up nothing but its own panels,
and one thread builds, spread over the interval rather than all at once.
"""

from collections.abc import Callable, Collection, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, Thread
from time import monotonic
from typing import Final, Protocol

import structlog

from dashboard.logs import reference

EVERY_S: Final = 5.0
IDLE_S: Final = 60.0
LATE_S: Final = 10.0
ASKING_AT_ONCE: Final = 4
_GOLDEN: Final = 0.618034
_LONGEST_NAP_S: Final = 1.0

log: Final = structlog.get_logger(__name__)

Look = Hashable
"""What makes one picture differ from another of the same answer: theme and locale."""


class Job(Protocol):
    """One thing to ask again and again, and how to draw what comes back."""

    @property
    def key(self) -> str:
        """Identify the job; two with the same key are the same."""

    @property
    def source(self) -> str:
        """Name the source, whose pool it is asked in."""

    def ask(self) -> object:
        """Get the material. May take long; a SourceDown never comes out, a bug may."""

    def build(self, material: object, look: Look) -> bytes:
        """Draw the material."""

    def failed(self, reference: str, look: Look) -> bytes:
        """Draw a bug: say that it happened and under which reference it is logged."""

    def late(self, material: object | None, since: datetime, look: Look) -> bytes:
        """Draw what is known while the source has not answered for long."""


@dataclass(slots=True)
class _Watch:
    job: Job
    phase: float
    seen: float
    due: float
    asked: float | None = None
    asked_at: datetime | None = None
    is_late: bool = False
    material: object | None = None
    reference: str = ""
    looks: dict[Look, float] = field(default_factory=dict)
    drawn: dict[Look, bytes] = field(default_factory=dict)


class Refresher:
    """Latest pictures of everything that is looked at; see the module."""

    def __init__(
        self,
        *,
        every_s: float = EVERY_S,
        idle_s: float = IDLE_S,
        late_s: float = LATE_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._every_s, self._idle_s, self._late_s = every_s, idle_s, late_s
        self._clock = clock
        self._changed = Condition()
        self._watches: dict[str, _Watch] = {}
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="atalaya-builder")
        self._thread: Thread | None = None
        self._stopping = False
        self._made = 0

    def watch(self, job: Job, look: Look) -> bytes | None:
        """Say that somebody looks at this, and get its latest picture; None until there is one."""
        now = self._clock()
        with self._changed:
            watch = self._watches.get(job.key)
            if watch is None:
                watch = self._watches[job.key] = _Watch(job, self._next_phase(), now, now)
                self._start()
                self._changed.notify_all()
            watch.job, watch.seen = job, now
            if look not in watch.looks and (watch.material is not None or watch.reference):
                self._draw(watch, look)
            watch.looks[look] = now
            return watch.drawn.get(look)

    def wait(self, wanted: Collection[tuple[str, Look]], timeout_s: float) -> set[str]:
        """Wait until at least one of these pictures is there; give the keys of those that are."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._there(wanted)), timeout_s)
            return self._there(wanted)

    def wait_all(self, wanted: Collection[tuple[str, Look]], timeout_s: float) -> None:
        """Wait until all of these pictures are there, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._there(wanted)) == len(wanted), timeout_s)

    def material(self, key: str) -> object | None:
        """Give the newest material of a job that is being watched."""
        with self._changed:
            watch = self._watches.get(key)
            return watch.material if watch else None

    def lag_s(self) -> float:
        """Give how late the picture that is most overdue is; 0 when all are on time."""
        now = self._clock()
        with self._changed:
            since = [w.due if w.asked is None else w.asked for w in self._watches.values()]
        return max(0.0, *(now - each for each in since), 0.0)

    def __len__(self) -> int:
        return len(self._watches)

    def stop(self) -> None:
        """End the thread and the pools; asks in flight are left to end by themselves."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for pool in (*self._pools.values(), self._builder):
            pool.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="atalaya-refresher", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        with self._changed:
            while not self._stopping:
                self._drop_unwatched()
                for watch in self._due():
                    self._ask(watch)
                self._mark_late()
                self._changed.wait(self._nap_s())

    def _drop_unwatched(self) -> None:
        oldest = self._clock() - self._idle_s
        self._watches = {key: w for key, w in self._watches.items() if w.seen > oldest}
        for watch in self._watches.values():
            for look in [look for look, seen in watch.looks.items() if seen <= oldest]:
                watch.looks.pop(look)
                watch.drawn.pop(look, None)

    def _due(self) -> list[_Watch]:
        now = self._clock()
        return [w for w in self._watches.values() if w.asked is None and w.due <= now]

    def _nap_s(self) -> float:
        now = self._clock()
        next_s = (w.due - now for w in self._watches.values() if w.asked is None)
        return max(0.005, min(_LONGEST_NAP_S, *next_s, _LONGEST_NAP_S))

    def _ask(self, watch: _Watch) -> None:
        source = watch.job.source
        pool = self._pools.get(source)
        if pool is None:
            name = f"atalaya-ask-{source.lower()}"
            pool = self._pools[source] = ThreadPoolExecutor(ASKING_AT_ONCE, thread_name_prefix=name)
        watch.asked, watch.asked_at = self._clock(), datetime.now(UTC)
        pool.submit(watch.job.ask).add_done_callback(lambda done: self._answered(watch, done))

    def _answered(self, watch: _Watch, done: "Future[object]") -> None:
        """Note an answer or a bug, plan the next ask, and have it drawn if it says anything new."""
        if done.cancelled():
            return
        error = done.exception()
        with self._changed:
            watch.asked, was_late, watch.is_late = None, watch.is_late, False
            watch.due = self._next_due(watch)
            if error is not None:
                watch.reference = _logged(error, watch.job.key, watch.reference)
            same = error is None and done.result() == watch.material and not watch.reference
            if error is None:
                watch.material, watch.reference = done.result(), ""
            if not same or was_late:
                for look in watch.looks:
                    self._draw(watch, look)
            self._changed.notify_all()

    def _draw(self, watch: _Watch, look: Look) -> None:
        if self._stopping:
            return
        job, material, failed = watch.job, watch.material, watch.reference
        task: Future[bytes] = (
            self._builder.submit(job.failed, failed, look)
            if failed
            else self._builder.submit(job.build, material, look)
        )
        task.add_done_callback(lambda done: self._built(watch, look, done))

    def _built(self, watch: _Watch, look: Look, done: "Future[bytes]") -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            found = _logged(error, watch.job.key, "")
            picture = watch.job.failed(found, look)
        else:
            picture = done.result()
        with self._changed:
            watch.drawn[look] = picture
            self._changed.notify_all()

    def _mark_late(self) -> None:
        """Say so once when a source has not answered for long; the picture stays."""
        before = self._clock() - self._late_s
        for watch in self._watches.values():
            if watch.asked is None or watch.is_late or watch.asked > before:
                continue
            watch.is_late = True
            since = watch.asked_at or datetime.now(UTC)
            for look in watch.looks:
                late = self._builder.submit(watch.job.late, watch.material, since, look)
                late.add_done_callback(
                    lambda done, watch=watch, look=look: (  # type: ignore[misc]  # defaults bind the loop's values
                        self._built(watch, look, done) if watch.is_late else None
                    )
                )

    def _next_phase(self) -> float:
        self._made += 1
        return (self._made * _GOLDEN) % 1.0 * self._every_s

    def _next_due(self, watch: _Watch) -> float:
        """Give the next moment of the watch's own phase that is at least half an interval away."""
        earliest = self._clock() + self._every_s / 2
        return earliest + (watch.phase - earliest) % self._every_s

    def _there(self, wanted: Collection[tuple[str, Look]]) -> set[str]:
        found = ((key, self._watches.get(key), look) for key, look in wanted)
        return {key for key, watch, look in found if watch is not None and look in watch.drawn}


def _logged(error: BaseException, key: str, known: str) -> str:
    """Log a bug under a reference; one that repeats every few seconds keeps its first one."""
    if known:
        return known
    found = reference()
    name = key.partition("?")[0]
    log.error("panel.failed", panel=name, reference=found, exc_info=error)
    return found


_refresher: Final[list[Refresher]] = []


def refresher() -> Refresher:
    """The one refresher of this process."""
    if not _refresher:
        _refresher.append(Refresher())
    return _refresher[0]
