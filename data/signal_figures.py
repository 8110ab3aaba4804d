"""A signal as a key figure: its value now, before, and the way between."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Final

from pandas import DataFrame, DatetimeIndex

from data.answers import KeyFigure
from data.period import Filters
from data.signal_queries import Moment
from data.signals import Signals
from data.together import together

SPARK_POINTS: Final = 60

Spark = tuple[float | None, ...]


def key_figure(signals: Signals, filters: Filters, name: str) -> KeyFigure:
    """Give a signal of one line as a key figure; unknown when it has none, or several unnamed."""
    signal = signals.definition(name)
    step_s = filters.period.step_s(SPARK_POINTS)
    moments = [at for at in (filters.now, filters.now_before) if at]
    line, instants = together(
        lambda: signals.range(name, filters.period, step_s=step_s),
        lambda: together(*(partial(signals.readings, [name], at) for at in moments)),
    )
    value, cases = _only(instants[0])
    previous = _only(instants[1])[0] if len(instants) > 1 else None
    spark = sparks(line, signals.grid(name, filters.period, step_s=step_s)).get("", ())
    if signal.unit != "%" or value is None or cases is None:
        return KeyFigure(value, previous, spark, signal.unit)
    return KeyFigure(value, previous, spark, signal.unit, value * cases / 100, cases)


def sparks(found: DataFrame, grid: DatetimeIndex) -> dict[str, Spark]:
    """Give each series of a signal at each moment of the grid, None where nothing was measured."""
    lines: dict[str, list[float | None]] = {}
    places = grid.get_indexer(DatetimeIndex(found["at"])).tolist()
    columns = (found[name].tolist() for name in ("series", "value"))
    for place, series, value in zip(places, *columns, strict=True):
        line = lines.setdefault(series, [None] * len(grid))
        if place >= 0:
            line[place] = value
    return {series: tuple(line) for series, line in lines.items()}


def _only(found: Sequence[Moment]) -> tuple[float | None, float | None]:
    """Give the value and the cases of a single line."""
    if len(found) != 1:
        return None, None
    only = found[0]
    return only.value, None if math.isnan(only.events) else only.events
