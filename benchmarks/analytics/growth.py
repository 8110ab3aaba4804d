"""How much slower reads become with ten times the data: both databases in the same rounds."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

import psycopg

from benchmarks.analytics import _pages
from benchmarks.analytics._classical import CLASSICS, Classic
from benchmarks.analytics._second import Second, second
from benchmarks.analytics.questions import ask
from benchmarks.asked import Variant
from benchmarks.registry import USUAL, Ground
from benchmarks.results import Result
from benchmarks.stage import Stage
from data.sources import Sources

ROUNDS: Final = 15
QUICK_ROUNDS: Final = 2
QUICK_SMALL: Final = Ground("quick-small", 5_000)
TARGET: Final = 0.2
HISTOGRAM_TARGET: Final = 0.35
HISTOGRAMS: Final = ("time to convert", "funnel_times.")
MOST: Final = 15

Read = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Pair:
    """One read on the small and on the large database; each gives its milliseconds."""

    name: str
    small: Read
    large: Read

    @property
    def is_histogram(self) -> bool:
        """Whether it reads a histogram, which still fills at this size."""
        return self.name.startswith(HISTOGRAMS)


def measure(stage: Stage) -> list[Result]:
    """The largest exponents, log10 of the ratio per ten times the events, and each one's own."""
    quick = stage.is_quick
    with (
        stage.sources() as sources,
        second(QUICK_SMALL if quick else USUAL, sources.zone) as other,
        stage.connection() as large,
        other.postgres.connect() as small,
    ):
        _pages.await_scores(large)
        until = _until(large)
        classics = [_classic(each, small, large, sources.zone) for each in CLASSICS]
        asked = _asked(sources, other, (small, large), until)
        exponents = _exponents(
            [*classics, *asked], QUICK_ROUNDS if quick else ROUNDS, times=_times(stage, other)
        )
    context: dict[str, object] = {**stage.size, "events_small": other.events}
    return [
        _result("classical questions", classics, exponents, context),
        _result("questions of the pages", asked, exponents, context),
        _result("histograms", [*classics, *asked], exponents, context, histograms=True),
    ]


def _times(stage: Stage, other: Second) -> float:
    return (stage.home.number("events") or 0) / other.events


def _classic(
    classic: Classic, small: psycopg.Connection, large: psycopg.Connection, zone: ZoneInfo
) -> Pair:
    reads = []
    for connection in (small, large):
        day = _until(connection).astimezone(zone).date() - timedelta(days=1)
        reads.append(_read(classic, connection, day, zone))
    return Pair(classic.name, *reads)


def _read(classic: Classic, connection: psycopg.Connection, until: date, zone: ZoneInfo) -> Read:
    words = classic.times(until=until, newest=until, zone=zone.key).words
    statement = classic.kept.format(**words).encode()

    def read() -> float:
        began = time.perf_counter()
        connection.execute(statement).fetchall()
        return (time.perf_counter() - began) * 1000

    return read


def _asked(
    sources: Sources,
    other: Second,
    connections: tuple[psycopg.Connection, psycopg.Connection],
    until: datetime,
) -> list[Pair]:
    """The pages' questions as they open, on both; each database has its own best provider."""
    few = replace(sources, db=other.db)
    return [
        Pair(mine.name, _asking(few, mine, other.until), _asking(sources, theirs, until))
        for mine, theirs in zip(*(_pages.usual(each) for each in connections), strict=True)
    ]


def _asking(sources: Sources, variant: Variant, at: datetime) -> Read:
    return lambda: ask(sources, variant, at)


def _exponents(pairs: Sequence[Pair], rounds: int, *, times: float) -> dict[str, float]:
    """All pairs once per round, small and large in turn; the first round only warms up."""
    ratios: dict[str, list[float]] = {each.name: [] for each in pairs}
    for number in range(rounds + 1):
        for each in pairs:
            small, large = each.small(), each.large()
            if number:
                ratios[each.name].append(large / small)
    return {name: math.log(median(each), times) for name, each in ratios.items()}


def _result(
    what: str,
    pairs: Sequence[Pair],
    exponents: dict[str, float],
    context: dict[str, object],
    *,
    histograms: bool = False,
) -> Result:
    own = {
        pair.name: round(exponents[pair.name], 3)
        for pair in pairs
        if pair.is_histogram == histograms
    }
    target = HISTOGRAM_TARGET if histograms else TARGET
    ranked = dict(sorted(own.items(), key=lambda item: -item[1])[:MOST])
    within = sum(1 for each in own.values() if each <= target)
    found = {**context, "within": f"{within} of {len(own)}", "exponents": ranked}
    return Result(f"growth exponent, {what}", max(own.values()), "", target, context=found)


def _until(connection: psycopg.Connection) -> datetime:
    """The moment of the newest event that the rollups hold."""
    found = connection.execute("select source_max_at from rollup_state").fetchone()
    assert found is not None
    moment: datetime = found[0]
    return moment
