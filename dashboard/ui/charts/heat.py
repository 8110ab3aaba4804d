"""The words for grids of cells: any two dimensions, cohorts by period, hours of the day."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
from pandas import DataFrame

from dashboard.ui.charts.grid import Grid, GridColumns, read_grid, word_of
from dashboard.ui.charts.heat_figure import HeatFigure
from dashboard.ui.charts.heat_shades import Style
from dashboard.ui.charts.scene import EMPTY, Draw, Picture, Scene, Sheet
from dashboard.ui.charts.sheets import frame_sheet
from dashboard.ui.words import say

_HEIGHT: Final = 232
_MOST_ROWS: Final = 60


@dataclass(frozen=True, slots=True)
class HeatSpec:
    """Which columns a grid reads and how it is drawn; see `heatmap`, `cohorts` and `hours`."""

    columns: GridColumns
    unit: str | None
    style: Style = field(default_factory=Style)
    names: Mapping[str, str] = field(default_factory=dict)
    across: tuple[Any, ...] | None = None

    def picture(self, value: object, scene: Scene) -> Picture:
        """Draw the cells; empty when no cell has a value."""
        if not isinstance(value, DataFrame) or value.empty:
            return EMPTY
        grid = self._grid(value)
        if not np.isfinite(grid.values).any():
            return EMPTY
        rows, columns = self._words(grid.rows, scene), self._words(grid.columns, scene)
        chart = HeatFigure(scene, grid, self._unit(scene), self.style, rows, columns)
        return Picture({"fig": chart.figure(), "height": chart.height}, chart.summary())

    def sheet(self, value: object, scene: Scene) -> Sheet:
        """Give the rows as they came, one for each cell."""
        sheet = frame_sheet(value, units={self.columns.value: self._unit(scene)})
        rate = self.columns
        heads = (replace(c, cases=rate.cases) if c.name == rate.value else c for c in sheet.columns)
        return Sheet(tuple(heads), sheet.frame)

    def _unit(self, scene: Scene) -> str:
        return self.unit if self.unit is not None else scene.unit

    def _grid(self, value: DataFrame) -> Grid:
        grid = read_grid(value, self.columns, across=self.across).head(_MOST_ROWS)
        if self.style.kind != "hours":
            return grid
        whole = grid.filled()
        return whole.judged() if self.unit == "count" else whole

    def _words(self, found: list[Any], scene: Scene) -> list[str]:
        return [word_of(each, scene.format, self.names) for each in found]


def heatmap(  # noqa: PLR0913 - each is one word of a page
    *,
    x: str = "x",
    y: str = "y",
    value: str = "value",
    unit: str | None = None,
    cases: str = "",
    part: str = "",
    complete: str = "",
    names: Mapping[str, str] | None = None,
    x_title: str = "",
) -> Draw:
    """Draw one cell for each pair of `x` and `y`, coloured by `value`.

    `cases` and `part` are denominator and numerator of a rate; where `complete` is false the cell
    is hatched. `names` gives codes of both dimensions their words.
    """
    columns = GridColumns(x, y, value, cases, part, complete)
    return _drawn(HeatSpec(columns, unit, Style(x_title=x_title), names or {}))


def cohorts(  # noqa: PLR0913 - each is one word of a page
    *,
    value: str = "returned_pct",
    cohort: str = "cohort",
    offset: str = "offset",
    size: str = "size",
    part: str = "returned",
    complete: str = "complete",
    unit: str = "%",
    step: Literal["week", "month"] = "week",
    x_title: str | None = None,
) -> Draw:
    """Draw who came back: a row for each cohort, a column for each period after its first.

    Period 0 shows how many began and has no colour. Where `complete` is false the period is not
    over and the cell is hatched.
    """
    columns = GridColumns(offset, cohort, value, size, part, complete)
    title = say(f"heat.{step}s") if x_title is None else x_title
    return _drawn(HeatSpec(columns, unit, Style(step, has_base=True, x_title=title)))


def hours(
    *,
    y: str = "province",
    value: str = "sessions",
    hour: str = "hour",
    unit: str = "count",
    peaks: int = 3,
) -> Draw:
    """Draw the hours of the day of each `y`, coloured by its own busiest hour; those are marked.

    Hours that the answer does not have are zero. Codes of provinces are written as their names. A
    row of under 30 cases in all is grey.
    """
    style = Style("hours", is_relative=True, peaks=peaks, x_title=say("heat.local"))
    spec = HeatSpec(GridColumns(hour, y, value), unit, style, across=tuple(range(24)))
    return _drawn(spec)


def _drawn(spec: HeatSpec) -> Draw:
    return Draw(spec.picture, spec.sheet, height=_HEIGHT, unit=spec.unit)
