"""Every question of the five pages, as they open and with each filter, without any cache."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Final

from benchmarks.analytics import _pages
from benchmarks.asked import Variant
from benchmarks.results import Result, percentile
from benchmarks.stage import Stage
from data.errors import SourceDown
from data.sources import Sources

ROUNDS: Final = 20
QUICK_ROUNDS: Final = 1
TARGET_MS: Final = 50
SLOWEST: Final = 15
REFUSED_MS: Final = 5_000.0
"""What a question counts that the database ended for taking too long."""


def measure(stage: Stage) -> list[Result]:
    """The slowest question's p95, as the pages open and with filters, and how many are within."""
    rounds = QUICK_ROUNDS if stage.is_quick else ROUNDS
    with stage.connection() as connection:
        _pages.await_scores(connection)
        usual, narrowed = _pages.usual(connection), _pages.narrowed(connection)
    with stage.sources() as sources:
        taken = asked(sources, [*usual, *narrowed], rounds)
    p95 = {name: percentile(each, 0.95) for name, each in taken.items()}
    within = sum(1 for ms in p95.values() if ms <= TARGET_MS)
    opened, filtered = ([p95[each.name] for each in some] for some in (usual, narrowed))
    size = {**stage.size, "rounds": rounds}
    few = {**size, "p95_and_median_ms": slowest({each.name: taken[each.name] for each in usual})}
    many = {**size, "p95_and_median_ms": slowest(taken)}
    return [
        Result("slowest question as pages open, p95", max(opened), "ms", TARGET_MS, context=few),
        Result("slowest question with a filter, p95", max(filtered), "ms", TARGET_MS, context=many),
        Result(
            "questions with p95 within 50 ms", within, f"of {len(p95)}", len(p95), "higher", size
        ),
        Result("median of all questions", median(map(median, taken.values())), "ms", context=size),
    ]


def asked(
    sources: Sources, variants: Sequence[Variant], rounds: int, *, now: datetime | None = None
) -> dict[str, list[float]]:
    """Milliseconds of each; all of them once per round, the first round only warms up."""
    taken: dict[str, list[float]] = {each.name: [] for each in variants}
    for number in range(rounds + 1):
        at = now or datetime.now(UTC)
        for each in variants:
            ms = ask(sources, each, at)
            if number:
                taken[each.name].append(ms)
    return taken


def ask(sources: Sources, variant: Variant, at: datetime) -> float:
    """Milliseconds of one question; what was ended counts REFUSED_MS."""
    filters = variant.selection.at(at, sources.zone)
    began = time.perf_counter()
    try:
        variant.question.compute(sources, filters)
    except SourceDown:
        return REFUSED_MS
    return (time.perf_counter() - began) * 1000


def slowest(taken: dict[str, list[float]]) -> dict[str, tuple[float, float]]:
    """p95 and median of the slowest, slowest first."""
    ranked = sorted(taken.items(), key=lambda item: -percentile(item[1], 0.95))
    return {
        name: (round(percentile(each, 0.95), 1), round(median(each), 1))
        for name, each in ranked[:SLOWEST]
    }
