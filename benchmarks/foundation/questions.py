"""Every question of the two pages, asked of its source without any cache."""

import importlib
import pkgutil
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

import data
from benchmarks.results import Result
from benchmarks.stage import ROOT, Stage
from data.cache import QUESTIONS, Question
from data.period import Filters, Selection
from data.sources import Sources

PAGES: Final = ("pages/overview.py", "pages/launch.py", "dashboard/ui/notices.py")
ROUNDS: Final = 15
QUICK_ROUNDS: Final = 3
TARGET_MS: Final = 25
USUAL: Final = Selection()
# What the pages' filters allow at most, for comparison; nothing is promised for it.
WIDE: Final = Selection(span="7d")

Asked = Question[Any, Any]


def measure(stage: Stage) -> list[Result]:
    """The slowest question's median, and how many are within the target."""
    asked = of_pages()
    rounds = QUICK_ROUNDS if stage.is_quick else ROUNDS
    with stage.sources() as sources:
        usual = _medians(asked, sources, USUAL, rounds)
        wide = _medians(asked, sources, WIDE, rounds)
    within = sum(1 for ms in usual.values() if ms <= TARGET_MS)
    context = {**stage.size, "rounds": rounds, "filters": str(USUAL), "median_ms": _ranked(usual)}
    wider = {**stage.size, "rounds": rounds, "filters": str(WIDE), "median_ms": _ranked(wide)}
    return [
        Result("slowest question", max(usual.values()), "ms", TARGET_MS, context=context),
        Result("questions within 25 ms", within, f"of {len(usual)}", len(usual), "higher", context),
        Result("slowest question over 7 days", max(wide.values()), "ms", context=wider),
    ]


def of_pages(files: Sequence[str] = PAGES) -> list[Asked]:
    """The questions that some files name, as `module.question`."""
    for module in pkgutil.iter_modules(data.__path__):
        importlib.import_module(f"data.{module.name}")
    text = "\n".join((ROOT / name).read_text() for name in files)
    return [
        asked
        for name, asked in sorted(QUESTIONS.items())
        if re.search(rf"\b{re.escape(name.removeprefix('data.'))}\b", text)
    ]


def _medians(
    asked: Sequence[Asked], sources: Sources, selection: Selection, rounds: int
) -> dict[str, float]:
    """Median ms of each; all of them once per round, the first round only warms up."""
    taken: dict[str, list[float]] = {each.name: [] for each in asked}
    for number in range(rounds + 1):
        filters = selection.at(datetime.now(UTC), sources.zone)
        for each in asked:
            ms = _ms(each, sources, filters)
            if number:
                taken[each.name].append(ms)
    return {name: median(times) for name, times in taken.items()}


def _ms(asked: Asked, sources: Sources, filters: Filters) -> float:
    began = time.perf_counter()
    asked.compute(sources, filters)
    return (time.perf_counter() - began) * 1000


def _ranked(medians: dict[str, float]) -> dict[str, float]:
    """Slowest first."""
    ranked = sorted(medians.items(), key=lambda item: -item[1])
    return {name.removeprefix("data."): round(ms, 2) for name, ms in ranked}
