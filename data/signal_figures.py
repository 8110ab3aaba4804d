"""A signal as a key figure: its value now, before, and the way between."""

import math
from functools import partial
from typing import Final

from pandas import DataFrame, DatetimeIndex

from data.answers import KeyFigure
from data.period import Filters
from data.signals import Signals
from data.together import together

SPARK_POINTS: Final = 60

Spark = tuple[float | None, ...]


def key_figure(signals: Signals, filters: Filters, name: str) -> KeyFigure:
    """Give a signal of one line as a key figure; unknown when it has none, or several unnamed."""
    signal = signals.definition(name)
    step_s = filters.period.step_s(SPARK_POINTS)
    before = filters.now_before
    line, *instants = together(
        partial(signals.range, name, filters.period, step_s=step_s),
        *(partial(signals.moment, [name], at) for at in (filters.now, before) if at),
    )
    value, cases = _only(instants[0])
    previous = _only(instants[1])[0] if before else None
    spark = sparks(line, signals.grid(name, filters.period, step_s=step_s)).get("", ())
    if signal.unit != "%" or value is None or cases is None:
        return KeyFigure(value, previous, spark, signal.unit)
    return KeyFigure(value, previous, spark, signal.unit, value * cases / 100, cases)


def sparks(found: DataFrame, grid: DatetimeIndex) -> dict[str, Spark]:
    """Give each series of a signal at each moment of the grid, None where nothing was measured."""
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
