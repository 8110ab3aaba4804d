"""Classes of a map: few round limits, further apart when a few values tower over the rest."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from dashboard.ui.charts.shades import shade
from dashboard.ui.numbers import Format
from dashboard.ui.theme import Theme
from dashboard.ui.words import say

MOST: Final = 5
_SKEWED: Final = 5.0
"""When the largest value is so many times the middle one, limits grow by factors, not by steps."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Ascending limits; a value at a limit belongs to the class above it."""

    limits: tuple[float, ...]

    def colour(self, value: float, theme: Theme) -> str:
        """Give the colour of a value."""
        return self._shade(bisect_right(self.limits, value), theme)

    def key(self, theme: Theme, form: Format, unit: str) -> list[tuple[str, str]]:
        """Give each class as its colour and its words, the largest first."""
        said = [form.limit(limit, unit) for limit in self.limits]
        if not said:
            return []
        middle = [say("scale.between", low=low, high=high) for low, high in pairwise(said)]
        words = [say("scale.upto", high=said[0]), *middle, say("scale.over", low=said[-1])]
        return [(self._shade(n, theme), word) for n, word in enumerate(words)][::-1]

    def _shade(self, place: int, theme: Theme) -> str:
        return shade(theme, place / len(self.limits) if self.limits else 0.6)


def classes_of(values: Sequence[float]) -> Classes:
    """Choose the limits for some values: none when all are the same."""
    known = np.array([value for value in values if np.isfinite(value)])
    if not known.size or known.min() == known.max():
        return Classes(())
    low, high = float(known.min()), float(known.max())
    positive = known[known > 0]
    if low >= 0 and high > _SKEWED * float(np.median(positive)):
        wanted = np.geomspace(float(positive.min()), high, MOST + 1)[1:-1]
        digits = 1
    else:
        wanted = np.linspace(low, high, MOST + 1)[1:-1]
        digits = 2
    rounded = sorted({_rounded(float(each), digits) for each in wanted})
    return Classes(tuple(each for each in rounded if low < each <= high))


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")
