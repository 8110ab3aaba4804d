"""Every question of the two pages, asked of its source without any cache."""

import importlib
import pkgutil
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

import data
from benchmarks.results import Result
from benchmarks.stage import ROOT, Stage
from data.cache import QUESTIONS, Question
from data.period import Filters, Selection
from data.sources import Sources

# Each page with the selection that it opens with.
PAGES: Final = {
    "pages/overview.py": Selection(span="today", compare="last_week"),
    "pages/launch.py": Selection(span="1h", compare="last_week"),
}
ROUNDS: Final = 15
QUICK_ROUNDS: Final = 3
TARGET_MS: Final = 25
# The widest period that the filters offer, for comparison; nothing is promised for it.
WIDE: Final = "7d"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a page asks it."""

    question: Question[Any, Any]
    selection: Selection

    @property
    def name(self) -> str:
        """The question and the period it is asked about; one may be on both pages."""
        return f"{self.question.name.removeprefix('data.')} ({self.selection.span})"


def measure(stage: Stage) -> list[Result]:
    """The slowest question's median, and how many are within the target."""
    rounds = QUICK_ROUNDS if stage.is_quick else ROUNDS
    usual = [Asked(each, opens) for page, opens in PAGES.items() for each in of_page(page)]
    wide = [Asked(each.question, replace(each.selection, span=WIDE)) for each in usual]
    with stage.sources() as sources:
        medians = _medians(usual, sources, rounds)
        wider = _medians(wide, sources, rounds)
    within = sum(1 for ms in medians.values() if ms <= TARGET_MS)
    found = {**stage.size, "rounds": rounds, "median_ms": _ranked(medians)}
    found_wider = {**stage.size, "rounds": rounds, "median_ms": _ranked(wider)}
    return [
        Result("slowest question", max(medians.values()), "ms", TARGET_MS, context=found),
        Result(
            "questions within 25 ms",
            within,
            f"of {len(medians)}",
            len(medians),
            "higher",
            {**stage.size},
        ),
        Result("slowest question over 7 days", max(wider.values()), "ms", context=found_wider),
    ]


def of_page(file: str) -> list[Question[Any, Any]]:
    """The questions that a page's file names, as `module.question`."""
    for module in pkgutil.iter_modules(data.__path__):
        importlib.import_module(f"data.{module.name}")
    text = (ROOT / file).read_text()
    return [
        asked
        for name, asked in sorted(QUESTIONS.items())
        if re.search(rf"\b{re.escape(name.removeprefix('data.'))}\b", text)
    ]


def _medians(asked: Sequence[Asked], sources: Sources, rounds: int) -> dict[str, float]:
    """Median ms of each; all of them once per round, the first round only warms up."""
    taken: dict[str, list[float]] = {each.name: [] for each in asked}
    for number in range(rounds + 1):
        now = datetime.now(UTC)
        for each in asked:
            ms = _ms(each.question, sources, each.selection.at(now, sources.zone))
            if number:
                taken[each.name].append(ms)
    return {name: median(times) for name, times in taken.items()}


def _ms(asked: Question[Any, Any], sources: Sources, filters: Filters) -> float:
    began = time.perf_counter()
    asked.compute(sources, filters)
    return (time.perf_counter() - began) * 1000


def _ranked(medians: dict[str, float]) -> dict[str, float]:
    """Slowest first."""
    ranked = sorted(medians.items(), key=lambda item: -item[1])
    return {name: round(ms, 2) for name, ms in ranked}
