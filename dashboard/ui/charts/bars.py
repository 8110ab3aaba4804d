"""Bars: a ranking that is read from top to bottom, and totals over time stacked by series."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from pandas import DataFrame, to_numeric

from dashboard.ui.charts.marks import MARK_AXIS, mark_traces
from dashboard.ui.charts.scene import EMPTY, Draw, Json, Picture, Scene, Sheet, names_of
from dashboard.ui.charts.series import Line, floats, iso, read_lines, scaled
from dashboard.ui.charts.sheets import frame_sheet
from dashboard.ui.charts.ticks import time_axis
from dashboard.ui.charts.units import Scale, scale_for
from dashboard.ui.theme import figure_layout

HEIGHT: Final = 232
_MOST_BARS: Final = 14
_ROW_PX: Final = 26


@dataclass(frozen=True, slots=True)
class BarsSpec:
    """Which columns a ranking reads; see `bars`."""

    x: str
    y: str
    unit: str | None = None

    def picture(self, value: DataFrame, scene: Scene) -> Picture:
        """Draw one horizontal bar for each row, the first row on top, its value at its end."""
        if not isinstance(value, DataFrame) or value.empty:
            return EMPTY
        names_of(value, [self.x, self.y])
        rows = value.head(_MOST_BARS).iloc[::-1]
        numbers = to_numeric(rows[self.y]).to_numpy(dtype=float)
        unit = self.unit if self.unit is not None else scene.unit
        words = [_short(str(each)) for each in rows[self.x]]
        texts = [scene.format.value(float(number), unit) for number in numbers]
        trace = {
            "type": "bar",
            "orientation": "h",
            "x": floats(numbers),
            "y": words,
            "text": texts,
            "textposition": "outside",
            "cliponaxis": False,
            "textfont": {"size": 11, "color": scene.theme.muted},
            "marker": {"color": scene.theme.series(0), "cornerradius": 3},
            "hovertemplate": "%{y}: %{text}<extra></extra>",
        }
        best = f"{words[-1]}: {texts[-1]}"
        alt = f"Ranking of {len(words)}; first is {best}."
        return Picture({"fig": {"data": [trace], "layout": self._layout(scene, words)}}, alt)

    def sheet(self, value: DataFrame, scene: Scene) -> Sheet:
        """Give the rows as they came."""
        return frame_sheet(value, units={self.y: self.unit or scene.unit})

    @staticmethod
    def _layout(scene: Scene, words: list[str]) -> Json:
        layout = figure_layout(scene.theme)
        left = min(150, 14 + round(6.4 * max(map(len, words))))
        return {
            **layout,
            "hovermode": "closest",
            "bargap": 0.34,
            "margin": {"l": left, "r": 74, "t": 4, "b": 6},
            "uirevision": scene.revision,
            "xaxis": {"visible": False, "rangemode": "tozero", "fixedrange": True},
            "yaxis": {
                "tickfont": {"size": 11, "color": scene.theme.text},
                "ticks": "",
                "type": "category",
            },
        }


@dataclass(frozen=True, slots=True)
class StackSpec:
    """Which columns stacked bars read; see `stacked_bars`."""

    x: str
    y: str
    color: str | None
    names: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None

    def picture(self, value: DataFrame, scene: Scene) -> Picture:
        """Draw the totals of each bucket; the last one, still incomplete, is hatched."""
        if not isinstance(value, DataFrame) or value.empty:
            return EMPTY
        zone = scene.format.zone
        found = read_lines(value, x=self.x, y=self.y, color=self.color, zone=zone, names=self.names)
        unit = self.unit if self.unit is not None else scene.unit
        top = max(float(np.nansum(np.abs(line.values))) for line in found)
        scale = scale_for(top / max(1, found[0].at.size), unit)
        lines = [scaled(line, scale.factor) for line in found]
        figure = {"data": _stack(lines, scene, scale), "layout": _stack_layout(lines, scene, scale)}
        legend = [{"t": x.name, "c": scene.theme.series(n)} for n, x in enumerate(lines) if x.name]
        content = {"fig": figure, "legend": legend, "legend_always": True}
        return Picture(content, _totals(lines, scene, scale))

    def sheet(self, value: DataFrame, scene: Scene) -> Sheet:
        """Give the rows as they came."""
        return frame_sheet(value, units={self.y: self.unit or scene.unit})


def bars(*, x: str, y: str, unit: str | None = None) -> Draw:
    """Draw a ranking: one bar for each row, named by `x`, as long as `y`."""
    spec = BarsSpec(x, y, unit)
    return Draw(spec.picture, spec.sheet, height=HEIGHT, unit=unit)


def stacked_bars(
    *,
    x: str = "at",
    y: str = "value",
    color: str | None = "series",
    names: Mapping[str, str] | None = None,
    unit: str | None = None,
) -> Draw:
    """Draw totals over time, stacked by `color`; the last bucket is still incomplete."""
    spec = StackSpec(x, y, color, names or {}, unit)
    return Draw(spec.picture, spec.sheet, height=HEIGHT, unit=unit)


def _stack(lines: list[Line], scene: Scene, scale: Scale) -> list[Json]:
    last = max(int(line.at[-1]) for line in lines)
    first = min(int(line.at[0]) for line in lines)
    drawn: list[Json] = [
        {
            "type": "bar",
            "x": [iso(int(each)) for each in line.at],
            "y": floats(line.values),
            "name": line.name,
            "marker": {
                "color": scene.theme.series(n),
                "pattern": {"shape": ["/" if at == last else "" for at in line.at], "size": 5},
            },
            "hovertemplate": scale.hover(),
        }
        for n, line in enumerate(lines)
    ]
    return [*drawn, *mark_traces(scene, first, last)]


def _stack_layout(lines: list[Line], scene: Scene, scale: Scale) -> Json:
    first = min(int(line.at[0]) for line in lines)
    last = max(int(line.at[-1]) for line in lines)
    layout = figure_layout(scene.theme)
    axes = {name: dict(part) for name, part in layout.items() if isinstance(part, dict)}
    return {
        **layout,
        "barmode": "stack",
        "bargap": 0.15,
        "separators": scene.format.separators(),
        "uirevision": scene.revision,
        "margin": {"l": scale.axis_px, "r": 14, "t": 10, "b": 30},
        "xaxis": {**axes["xaxis"], **time_axis(first, last)},
        "yaxis": {**axes["yaxis"], "rangemode": "tozero", **scale.ticks()},
        "yaxis2": MARK_AXIS,
    }


def _totals(lines: list[Line], scene: Scene, scale: Scale) -> str:
    unit = scale.unit
    said = [
        f"{x.name or 'Total'}: {scene.format.value(float(np.nansum(x.values)), unit)}"
        for x in lines
    ]
    return f"Totals of the period. {'; '.join(said)}."


def _short(words: str) -> str:
    return words if len(words) <= 22 else words[:21] + "…"
