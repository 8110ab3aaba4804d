"""A signal as a key figure: its value now, before, and the way between."""

import math
from typing import Final

from pandas import DataFrame

from data.answers import KeyFigure
from data.period import Filters, Period
from data.signals import Signals

SPARK_POINTS: Final = 60

Spark = tuple[float | None, ...]


def key_figure(signals: Signals, filters: Filters, name: str) -> KeyFigure:
    """Give a signal of one line as a key figure; unknown when it has none, or several unnamed."""
    signal = signals.definition(name)
    value, cases = _only(signals.moment([name], filters.now))
    before = filters.now_before
    previous = _only(signals.moment([name], before))[0] if before else None
    spark = sparks(signals, filters.period, name).get("", ())
    if signal.unit != "%" or value is None or cases is None:
        return KeyFigure(value, previous, spark, signal.unit)
    return KeyFigure(value, previous, spark, signal.unit, value * cases / 100, cases)


def sparks(
    signals: Signals, period: Period, name: str, *, points: int = SPARK_POINTS
) -> dict[str, Spark]:
    """Give each series evenly over the period, oldest first, None where nothing was measured."""
    grid = signals.grid(name, period, step_s=period.step_s(points))
    found = signals.range(name, period, step_s=period.step_s(points))
    lines: dict[str, Spark] = {}
    for series, rows in found.groupby("series"):
        known = dict(zip(rows["at"], rows["value"].tolist(), strict=True))
        lines[str(series)] = tuple(known.get(at) for at in grid)
    return lines


def _only(found: DataFrame) -> tuple[float | None, float | None]:
    """Give the value and the cases of a single line."""
    if len(found) != 1:
        return None, None
    value, cases = found["value"].tolist()[0], found["events"].tolist()[0]
    return value, None if math.isnan(cases) else cases
