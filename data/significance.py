"""Whether two rates differ by more than chance explains."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, fisher_exact

FEW: Final = 30
"""Rates of fewer cases are not compared."""
_LEAST_EXPECTED: Final = 5.0
ALPHA: Final = 0.05

Verdict = Literal["higher", "lower", "unclear", "few", "none"]

WORDS: Final[dict[Verdict, str]] = {
    "higher": "higher than before",
    "lower": "lower than before",
    "unclear": "no clear difference",
    "few": "too few to say",
    "none": "nothing to compare",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """How a rate stands against an earlier one: the verdict and, where a test was made, its p."""

    verdict: Verdict
    p_value: float

    @property
    def words(self) -> str:
        """The verdict as people say it."""
        return WORDS[self.verdict]


def two_proportions(hits: int, cases: int, hits_before: int, cases_before: int) -> Difference:
    """Test whether hits / cases differs from hits_before / cases_before, two-sided.

    The z-test of two proportions with a pooled variance, which is the chi-squared test of the 2 x 2
    table without continuity correction (scipy.stats.chi2_contingency); Fisher's exact test where
    fewer than 5 are expected in a cell. No test is made, and p is NaN, below 30 cases on a side;
    "none" says that a side has no case at all.
    """
    if not cases or not cases_before:
        return Difference("none", math.nan)
    if min(cases, cases_before) < FEW:
        return Difference("few", math.nan)
    table = np.array([[hits, cases - hits], [hits_before, cases_before - hits_before]])
    p_value = _p_value(table)
    if p_value >= ALPHA:
        return Difference("unclear", p_value)
    is_higher = hits * cases_before > hits_before * cases
    return Difference("higher" if is_higher else "lower", p_value)


def _p_value(table: NDArray[np.int64]) -> float:
    if not table.sum(axis=0).all():
        return 1.0  # all or none on both sides
    found = chi2_contingency(table, correction=False)
    if found.expected_freq.min() < _LEAST_EXPECTED:
        return float(fisher_exact(table).pvalue)
    return float(found.pvalue)
