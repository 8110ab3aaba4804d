"""Totals over time stacked by series, with the comparison period's total as a dashed line."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from pandas import DataFrame

from dashboard.ui.charts.buckets import DAY_MS, MONTH_MS, last_is_open, snapped, step_of
from dashboard.ui.charts.marks import MARK_AXIS, dashed_over_bars, mark_traces
from dashboard.ui.charts.scene import EMPTY, Draw, Json, Picture, Scene, Sheet
from dashboard.ui.charts.series import Line, floats, iso, moved, read_lines, scaled
from dashboard.ui.charts.sheets import frame_sheet
from dashboard.ui.charts.ticks import time_axis
from dashboard.ui.charts.units import Scale, scale_for
from dashboard.ui.theme import figure_layout

HEIGHT: Final = 232
_FEW_BARS: Final = 13
"""Up to so many buckets of a day or longer have their dates exactly below them."""
_MOST_DATES: Final = 7


@dataclass(frozen=True, slots=True)
class StackSpec:
    """Which columns stacked bars read; see `stacked_bars`."""

    x: str
    y: str
    color: str | None
    names: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None

    def picture(self, value: object, scene: Scene) -> Picture:
        """Draw the totals of each bucket; one that is not over yet is hatched."""
        found = self._read(value, scene)
        if not any(line.last is not None for line in found):
            return EMPTY
        unit = self.unit if self.unit is not None else scene.unit
        total = total_of(found)
        scale = scale_for(float(np.nanmax(np.abs(total.values))), unit)
        lines = [scaled(line, scale.factor) for line in found]
        before = self._before(scene, scale, total)
        figure = {
            "data": [*_stack(lines, scene, scale), *_dashed(before, scene, scale)],
            "layout": _stack_layout(lines, scene, scale),
        }
        legend = [{"t": x.name, "c": scene.theme.series(n)} for n, x in enumerate(lines) if x.name]
        content = {"fig": figure, "legend": legend, "legend_always": True}
        compared = before is not None
        return Picture({**content, "compared": compared}, _totals(lines, scene, scale))

    def sheet(self, value: DataFrame, scene: Scene) -> Sheet:
        """Give the rows as they came."""
        return frame_sheet(value, units={self.y: self.unit or scene.unit})

    def _read(self, value: object, scene: Scene) -> list[Line]:
        if not isinstance(value, DataFrame) or value.empty:
            return []
        zone = scene.format.zone
        return read_lines(value, x=self.x, y=self.y, color=self.color, zone=zone, names=self.names)

    def _before(self, scene: Scene, scale: Scale, total: Line) -> Line | None:
        """Give the total of the comparison period, laid over the buckets of the period itself."""
        found = self._read(scene.previous, scene)
        if not found:
            return None
        line = moved(scaled(total_of(found), scale.factor), scene.shift)
        return replace(line, at=snapped(line.at, total.at))


def stacked_bars(
    *,
    x: str = "at",
    y: str = "value",
    color: str | None = "series",
    names: Mapping[str, str] | None = None,
    unit: str | None = None,
) -> Draw:
    """Draw totals over time, stacked by `color`; a last bucket that is not over is hatched.

    `x` is the instant at which a bucket begins: hours, days, weeks or months.
    """
    spec = StackSpec(x, y, color, names or {}, unit)
    return Draw(spec.picture, spec.sheet, height=HEIGHT, unit=unit, is_compared=True)


def total_of(lines: list[Line]) -> Line:
    """Add up all series, bucket by bucket; unknown values are left out."""
    at = np.unique(np.concatenate([line.at for line in lines]))
    values = np.zeros(at.size)
    for line in lines:
        np.add.at(values, np.searchsorted(at, line.at), np.nan_to_num(line.values))
    return Line("", at, values)


def _ends(lines: list[Line]) -> tuple[int, int]:
    return min(int(line.at[0]) for line in lines), max(int(line.at[-1]) for line in lines)


def _stack(lines: list[Line], scene: Scene, scale: Scale) -> list[Json]:
    first, last = _ends(lines)
    is_open = last_is_open(total_of(lines).at, scene)
    drawn: list[Json] = [
        {
            "type": "bar",
            "x": [iso(int(each)) for each in line.at],
            "y": floats(line.values),
            "name": line.name,
            "marker": {
                "color": scene.theme.series(n),
                "pattern": {
                    "shape": ["/" if is_open and at == last else "" for at in line.at],
                    "size": 5,
                },
            },
            "hovertemplate": scale.hover(),
        }
        for n, line in enumerate(lines)
    ]
    return [*drawn, *mark_traces(scene, first, last)]


def _dashed(before: Line | None, scene: Scene, scale: Scale) -> list[Json]:
    if before is None:
        return []
    at = [iso(int(each)) for each in before.at]
    said = {"name": scene.compared, "hovertemplate": scale.hover()}
    return dashed_over_bars(scene, {"x": at, "y": floats(before.values)}, said)


def _stack_layout(lines: list[Line], scene: Scene, scale: Scale) -> Json:
    first, last = _ends(lines)
    layout = figure_layout(scene.theme)
    axes = {name: dict(part) for name, part in layout.items() if isinstance(part, dict)}
    dates = _dates(total_of(lines))
    return {
        **layout,
        "barmode": "stack",
        "bargap": 0.15,
        "separators": scene.format.separators(),
        "uirevision": scene.revision,
        "margin": {"l": scale.axis_px, "r": 14, "t": 10, "b": 30},
        "xaxis": {**axes["xaxis"], **time_axis(first, last), **dates},
        "yaxis": {**axes["yaxis"], "rangemode": "tozero", **scale.ticks()},
        "yaxis2": MARK_AXIS,
    }


def _dates(total: Line) -> Json:
    """Put a date under each bar when bars are few and stand for days or more."""
    step = step_of(total.at)
    if step < DAY_MS or total.at.size > _FEW_BARS:
        return {}
    pattern = "%m/%Y" if step >= MONTH_MS else "%d/%m"
    every = -(-total.at.size // _MOST_DATES)
    shown = total.at[::-1][::every][::-1]
    return {
        "tickmode": "array",
        "tickvals": [iso(int(each)) for each in shown],
        "tickformat": pattern,
        "tickformatstops": [],
        "tickangle": 0,
        "hoverformat": pattern if step >= MONTH_MS else "%d/%m/%Y",
    }


def _totals(lines: list[Line], scene: Scene, scale: Scale) -> str:
    unit = scale.unit
    said = [
        f"{x.name or 'Total'}: {scene.format.value(float(np.nansum(x.values)), unit)}"
        for x in lines
    ]
    return f"Totals of the period. {'; '.join(said)}."
