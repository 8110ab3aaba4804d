"""Rates and their cases: a rate of few cases is shown, but grey, and says how few."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, to_numeric

from dashboard.ui.numbers import Format
from dashboard.ui.words import say

FEW: Final = 30
"""A rate of fewer cases than this is shown grey and says so."""


def numbers(frame: DataFrame, name: str) -> NDArray[np.float64]:
    """Give a column as numbers; unknown ones are NaN."""
    values = to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def is_few(cases: float) -> bool:
    """Say whether a rate of so many cases says little. Unknown cases are not judged."""
    return cases < FEW


def cases_text(form: Format, part: float, whole: float) -> str:
    """Say of how many a rate is: "12 of 267", "only 12 cases", or nothing when unknown."""
    if not np.isfinite(whole):
        return ""
    if is_few(whole):
        return say("few", denominator=form.number(whole))
    if not np.isfinite(part):
        return say("cases", denominator=form.number(whole))
    return say("ratio", numerator=form.number(part), denominator=form.number(whole))
