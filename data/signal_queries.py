"""How signals are put to Prometheus, and how its lines are read back as theirs."""

import math
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas import DataFrame, DatetimeIndex

from data.errors import TooManyRows
from data.prometheus import Series
from data.quantiles import Quantile, read
from data.signal_definitions import Signal

MOST_VALUES: Final = 50_000
# Prometheus ticks in milliseconds; frames hold the microseconds that Postgres has.
_MICRO: Final = 1_000_000
_TAG: Final = "signal"
_EVENTS: Final = " events"
_AND: Final = ", "

Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


class Moment(NamedTuple):
    """One line of one signal at a moment; `events` NaN when nobody counts its cases."""

    signal: str
    series: str
    value: float
    events: float = math.nan


def tagged(signals: Iterable[Signal], *, window_s: int | None, step_s: int) -> list[str]:
    """Give the signals' queries, each marked with a label, so that many make one request.

    A query that several share is there once, marked with all their names; values come before the
    counts of cases.
    """
    marks: dict[str, list[str]] = {}
    asked = [(one, one.promql, one.name) for one in signals]
    asked += [(one, one.events, one.name + _EVENTS) for one, *_ in asked]
    for signal, template, mark in asked:
        if template:
            query = signal.query(template, window_s=window_s or signal.window_s, step_s=step_s)
            marks.setdefault(query, []).append(mark)
    return [
        f'label_replace({query}, "{_TAG}", "{_AND.join(names)}", "", "")'
        for query, names in marks.items()
    ]


def untagged(found: Iterable[Series], signals: Mapping[str, Signal]) -> list[Moment]:
    """Read the answer to tagged queries: each line belongs to all the signals in its mark."""
    values: dict[tuple[str, str], float] = {}
    events: dict[tuple[str, str], float] = {}
    for line in found:
        for mark in line.labels.get(_TAG, "").split(_AND):
            name = mark.removesuffix(_EVENTS)
            if name in signals:
                side = events if mark.endswith(_EVENTS) else values
                side[name, series_of(line, signals[name].series_label)] = line.points[-1][1]
    return [Moment(*key, value, events.get(key, math.nan)) for key, value in values.items()]


def alike(signals: Iterable[Signal]) -> list[list[Signal]]:
    """Put signals together that are quantiles of the same buckets; every other stays alone."""
    groups: dict[object, list[Signal]] = {}
    for signal in signals:
        quantile = read(signal.promql)
        key = (quantile.buckets, signal.window_s) if quantile else signal.name
        groups.setdefault(key, []).append(signal)
    return list(groups.values())


def quantiles(signals: Iterable[Signal]) -> list[Quantile]:
    """Give what each of the signals that `alike` put together asks of their buckets."""
    return [found for one in signals if (found := read(one.promql))]


def series_of(line: Series, label: str | None) -> str:
    """Name a line by the signal's label; without one, by what tells it apart if anything does."""
    if label:
        return line.labels.get(label, "")
    told = (value for key, value in sorted(line.labels.items()) if key not in {"__name__", _TAG})
    return ", ".join(told)


def framed(lines: Iterable[tuple[str, Series]]) -> DataFrame:
    """Give all points of named lines as a frame: at datetime UTC, series str, value float.

    In the order of `at` and `series`. Raises TooManyRows.
    """
    named = sorted(lines, key=lambda line: line[0])
    points = [point for _, line in named for point in line.points]
    if len(points) > MOST_VALUES:
        raise TooManyRows(MOST_VALUES)
    at, value = np.array(points, dtype="float64").reshape(-1, 2).T
    sizes = {name: 0 for name, _ in named}
    for name, line in named:
        sizes[name] += len(line.points)
    return _frame(np.rint(at * _MICRO).astype("int64"), sizes, value)


def merged(frames: Mapping[str, DataFrame]) -> DataFrame:
    """Put frames of one line each into one frame like that of `framed`, under the given names."""
    named = sorted(frames.items())
    at = [DatetimeIndex(frame["at"]).asi8 for _, frame in named]
    value = [frame["value"].to_numpy() for _, frame in named]
    sizes = {name: len(frame) for name, frame in named}
    return _frame(np.concatenate(at), sizes, np.concatenate(value))


def _frame(micro: Whole, sizes: Mapping[str, int], value: Real) -> DataFrame:
    """Frame the points of lines that follow one another; `sizes` tells how many each line has."""
    order = np.argsort(micro, kind="stable")
    names = np.repeat(np.array(list(sizes), dtype="object"), list(sizes.values()))
    at = DatetimeIndex(micro[order].view("datetime64[us]")).tz_localize("UTC")
    series = pd.array(names[order], dtype="str")
    return DataFrame({"at": at, "series": series, "value": value[order]})
