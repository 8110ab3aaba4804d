"""The mark `@question`: what every read needs, once.

A question is a function of a source and the viewer's filters. Asked through `ask`, it is answered
from two cache layers, computed once per key however many ask, metered, and, when its source fails,
answered with the last good value marked stale. Unknown is never zero: without a good value the
answer is "down".
"""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, update_wrapper
from typing import Any, Final, Generic, TypeVar, get_type_hints

from dogpile.cache import make_region, register_backend
from dogpile.cache.api import NO_VALUE
from pandas import DataFrame
from pydantic import TypeAdapter
from redis import Redis

from data.answers import Answer, recording
from data.codec import AnswerCodec
from data.errors import SourceDown
from data.meters import QUESTION_FAILURES, QUESTION_SECONDS
from data.period import Filters
from data.sources import Sources

S = TypeVar("S")
T = TypeVar("T")

SOURCE_NAMES: Final[Mapping[str, str]] = {"db": "Postgres", "signals": "Prometheus"}
"""What viewers call the source that a question's first parameter names."""
BACK_OFF_S: Final = 4.0
"""How long a failed source is not asked the same again; below the refresh of live pages (5 s)."""
FRESH_SHARE: Final = 0.8
"""How much of `ttl_s` an answer is used for. Who asks at that interval gets a new one each time;
else an answer that took 10 ms would be 10 ms too young, and pages would change every other time."""
SETTLED_AFTER: Final = timedelta(hours=1)
SETTLED_FRESH_S: Final = 30.0
"""A window that ended this long ago, such as last week's, need not be read every few seconds."""
LARGEST_CACHE: Final = 4_000

QUESTIONS: Final[dict[str, "Question[Any, Any]"]] = {}
"""Every question of the program by name, for /metrics, plans and the shared cache."""

register_backend(  # type: ignore[no-untyped-call]  # dogpile leaves this one untyped
    "atalaya.two_layers", "data.layers", "TwoLayers"
)


class Question(Generic[S, T]):
    """A named, cached, metered read."""

    def __init__(self, function: Callable[[S, Filters], T], ttl_s: float) -> None:
        self._function = function
        self.ttl_s = ttl_s
        self.name = f"{function.__module__}.{function.__name__}"
        self.definition = inspect.cleandoc(function.__doc__ or "")
        self._parameter = next(iter(inspect.signature(function).parameters))
        if self._parameter not in SOURCE_NAMES:
            raise TypeError(f"{self.name}: its first parameter must be one of {set(SOURCE_NAMES)}.")
        update_wrapper(self, function)

    @property
    def source(self) -> str:
        """The source's name as viewers know it."""
        return SOURCE_NAMES[self._parameter]

    @property
    def fresh_s(self) -> float:
        """The age from which an answer is asked again."""
        return self.ttl_s * FRESH_SHARE

    @cached_property
    def adapter(self) -> TypeAdapter[object] | None:
        """How a value that is not a frame travels through the shared cache; None for frames."""
        returned = get_type_hints(self._function)["return"]
        return None if returned is DataFrame else TypeAdapter(returned)

    def __call__(self, source: S, filters: Filters) -> T:
        """Ask the source directly, without cache."""
        return self._function(source, filters)

    def ask(self, sources: Sources, filters: Filters) -> Answer[T]:
        """Answer from the cache or the source. Never raises SourceDown; a bug still raises."""
        return sources.cache.ask(self, sources, filters)

    def compute(self, sources: Sources, filters: Filters) -> Answer[T]:
        """Ask the source and note what was sent. Raises SourceDown."""
        source: S = getattr(sources, self._parameter)
        with recording() as sent, QUESTION_SECONDS.labels(self.name).time():
            value = self._function(source, filters)
        now = datetime.now(UTC)
        return Answer(value, now, sent.source() or self.source, sent.statement())


def question(*, ttl_s: float) -> Callable[[Callable[[S, Filters], T]], Question[S, T]]:
    """Mark a function as a question whose answers stay good for `ttl_s` seconds."""

    def mark(function: Callable[[S, Filters], T]) -> Question[S, T]:
        marked = Question(function, ttl_s)
        QUESTIONS[marked.name] = marked
        return marked

    return mark


class AnswerCache:
    """Memory and, when given, Redis in front of all sources of one process."""

    def __init__(self, redis: Redis | None = None, *, prefix: str = "atalaya:answer:") -> None:
        self._failures: dict[str, tuple[float, SourceDown, datetime]] = {}
        self._region = make_region().configure(
            "atalaya.two_layers",
            arguments={
                "size": LARGEST_CACHE,
                "redis": redis,
                "prefix": prefix,
                "codec": AnswerCodec(_adapter),
                "is_fresh": _is_fresh,
            },
        )

    def ask(self, asked: Question[S, T], sources: Sources, filters: Filters) -> Answer[T]:
        """Answer a question; see `Question.ask`."""
        key = f"{asked.name}?{filters.key()}"
        failed = self._failures.get(key)
        if failed is not None and time.monotonic() - failed[0] < BACK_OFF_S:
            return self._last_good(key, asked, failed[1])
        try:
            answer: Answer[T] = self._region.get_or_create(
                key,
                lambda: asked.compute(sources, filters),
                expiration_time=_fresh_s(asked, filters),
            )
        except SourceDown as error:
            self._note(key, asked, error)
            return self._last_good(key, asked, error)
        self._failures.pop(key, None)
        return answer

    def _note(self, key: str, asked: Question[S, T], error: SourceDown) -> None:
        QUESTION_FAILURES.labels(asked.name).inc()
        before = self._failures.get(key)
        since = before[2] if before else datetime.now(UTC)
        if len(self._failures) >= LARGEST_CACHE:
            self._failures.clear()
        self._failures[key] = (time.monotonic(), error, since)

    def _last_good(self, key: str, asked: Question[S, T], error: SourceDown) -> Answer[T]:
        noted = self._failures.get(key)
        since = noted[2] if noted else datetime.now(UTC)
        last = self._region.get(key, ignore_expiration=True)
        if last is NO_VALUE:
            now = datetime.now(UTC)
            statement = asked.definition
            return Answer(None, now, error.source, statement, "down", str(error), since)
        stale: Answer[T] = replace(last, state="stale", note=str(error), since=since)
        return stale


def _fresh_s(asked: Question[S, T], filters: Filters) -> float:
    is_settled = datetime.now(UTC) - filters.now > SETTLED_AFTER
    return max(asked.fresh_s, SETTLED_FRESH_S) if is_settled else asked.fresh_s


def _adapter(key: str) -> TypeAdapter[object] | None:
    asked = QUESTIONS.get(key.partition("?")[0])
    return asked.adapter if asked else None


def _is_fresh(key: str, created: float) -> bool:
    """Say whether memory alone may answer; an older entry makes us look for a younger in Redis."""
    asked = QUESTIONS.get(key.partition("?")[0])
    return asked is not None and time.time() - created <= asked.fresh_s
