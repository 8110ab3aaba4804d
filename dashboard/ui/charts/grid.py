"""From the rows of an answer to a grid of cells: words of columns and rows, numbers in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Timestamp

from dashboard.ui.charts.cases import FEW, numbers
from dashboard.ui.charts.provinces import known_as
from dashboard.ui.charts.scene import names_of
from dashboard.ui.charts.sheets import name_in_words
from dashboard.ui.numbers import Format

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class GridColumns:
    """The names of the columns that are read; "" is one that the answer does not have.

    `cases` and `part` are denominator and numerator of a rate, `complete` says whether the time
    that a cell stands for is over.
    """

    x: str
    y: str
    value: str
    cases: str = ""
    part: str = ""
    complete: str = ""

    def present(self) -> list[str]:
        """Give the names of those that the answer must have."""
        return [n for n in (self.x, self.y, self.value, self.cases, self.part, self.complete) if n]


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells by row and column. NaN is unknown; `is_there` says whether the answer had the cell."""

    columns: list[Any]
    rows: list[Any]
    values: Floats
    cases: Floats
    parts: Floats
    is_open: Flags
    is_there: Flags

    @property
    def is_few(self) -> Flags:
        """Where the value is a rate of too few cases."""
        return np.asarray((self.cases < FEW) & np.isfinite(self.values))

    def head(self, most: int) -> "Grid":
        """Give the first so many rows."""
        return Grid(
            columns=self.columns,
            rows=self.rows[:most],
            values=self.values[:most],
            cases=self.cases[:most],
            parts=self.parts[:most],
            is_open=self.is_open[:most],
            is_there=self.is_there[:most],
        )

    def filled(self) -> "Grid":
        """Give zero where the answer has nothing: what was not counted did not happen."""
        whole = np.ones_like(self.is_there)
        return replace(self, values=np.nan_to_num(self.values), is_there=whole)

    def judged(self) -> "Grid":
        """Give the whole of a row as the cases of its cells where that is few."""
        whole = np.nansum(self.values, axis=1, keepdims=True)
        cases = np.where(whole < FEW, whole, np.nan)
        return replace(self, cases=np.broadcast_to(cases, self.values.shape))


def read_grid(
    frame: DataFrame, columns: GridColumns, *, across: Sequence[Any] | None = None
) -> Grid:
    """Lay rows out as cells. `across` gives the columns that must be there, whatever the answer."""
    names_of(frame, columns.present())
    xs = list(across) if across is not None else _ordered(list(frame[columns.x]))
    ys = list(dict.fromkeys(frame[columns.y]))
    at_x, at_y = ({each: n for n, each in enumerate(known)} for known in (xs, ys))
    inside = frame[frame[columns.x].isin(xs)]
    place = ([at_y[y] for y in inside[columns.y]], [at_x[x] for x in inside[columns.x]])
    shape = (len(ys), len(xs))
    found = {"values": columns.value, "cases": columns.cases, "parts": columns.part}
    cells = {part: np.full(shape, np.nan) for part in found}
    for part, name in found.items():
        if name:
            cells[part][place] = numbers(inside, name)
    is_open, is_there = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    is_there[place] = True
    if columns.complete:
        is_open[place] = ~inside[columns.complete].fillna(value=True).to_numpy(dtype=bool)
    return Grid(xs, ys, **cells, is_open=is_open, is_there=is_there)


def word_of(value: object, form: Format, names: Mapping[str, str]) -> str:
    """Write the name of a row or column: a day as the locale does, a code in its words."""
    if isinstance(value, Timestamp | date):
        return form.day(value.date() if isinstance(value, Timestamp) else value)
    words = str(value)
    return names.get(words) or known_as(words) or name_in_words(words)


def _ordered(found: list[Any]) -> list[Any]:
    """Give each value once: numbers and days ascending, words as they come."""
    once = list(dict.fromkeys(found))
    return once if any(isinstance(each, str) for each in once) else sorted(once)
