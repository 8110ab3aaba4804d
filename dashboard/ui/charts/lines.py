"""Lines over time: labels at their ends, thresholds, marks, the comparison period."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from pandas import DataFrame

from dashboard.ui.charts.buckets import last_is_open
from dashboard.ui.charts.labels import Label, Room, margin, pushed_apart
from dashboard.ui.charts.marks import EDGE_AXIS, MARK_AXIS, mark_traces
from dashboard.ui.charts.scene import EMPTY, Draw, Json, Picture, Scene, Sheet
from dashboard.ui.charts.series import Line, floats, moved, read_lines, scaled, trace_points
from dashboard.ui.charts.sheets import frame_sheet
from dashboard.ui.charts.ticks import time_axis
from dashboard.ui.charts.units import Scale, scale_for
from dashboard.ui.theme import figure_layout

HEIGHT: Final = 232
_PLOT_PX: Final = HEIGHT - 44
_COMPARED_SERIES: Final = 3
"""With more series than this the comparison would be a tangle, so it is left to the hover."""
_FAR: Final = 3.0
"""A threshold this many times above all that was measured would flatten the lines: left out."""


@dataclass(frozen=True, slots=True)
class LinesSpec:
    """Which columns are drawn and how; see `lines`."""

    x: str = "at"
    y: str = "value"
    color: str | None = "series"
    names: Mapping[str, str] = field(default_factory=dict)
    zero: bool = True
    sums: bool = False
    unit: str | None = None

    def picture(self, value: DataFrame, scene: Scene) -> Picture:
        """Draw the frame as a figure; empty when it holds no number."""
        found = self._read(value, scene)
        if not any(line.last is not None for line in found):
            return EMPTY
        unit = self.unit if self.unit is not None else scene.unit
        scale = scale_for(max(_top(line) for line in found), unit)
        lines = [scaled(line, scale.factor) for line in found]
        chart = _Chart(self, scene, scale, lines, self._compared(scene, scale, len(lines)))
        content = {"fig": chart.figure(), "legend": chart.legend(), "compared": bool(chart.before)}
        return Picture(content, chart.summary())

    def sheet(self, value: DataFrame, scene: Scene) -> Sheet:
        """Give the rows as they came."""
        unit = self.unit if self.unit is not None else scene.unit
        return frame_sheet(value, units={self.y: unit})

    def _read(self, value: object, scene: Scene) -> list[Line]:
        if not isinstance(value, DataFrame):
            return []
        zone = scene.format.zone
        return read_lines(value, x=self.x, y=self.y, color=self.color, zone=zone, names=self.names)

    def _compared(self, scene: Scene, scale: Scale, series: int) -> dict[str, Line]:
        if series > _COMPARED_SERIES:
            return {}
        before = self._read(scene.previous, scene)
        return {line.name: moved(scaled(line, scale.factor), scene.shift) for line in before}


@dataclass(frozen=True, slots=True)
class _Chart:
    spec: LinesSpec
    scene: Scene
    scale: Scale
    lines: list[Line]
    before: dict[str, Line]

    def figure(self) -> Json:
        labels = self._labels()
        theme = self.scene.theme
        layout = figure_layout(theme)
        layout["margin"] = {"l": self.scale.axis_px, "r": margin(labels), "t": 10, "b": 30}
        layout["separators"] = self.scene.format.separators()
        layout["uirevision"] = self.scene.revision
        layout["xaxis"] = {**_dict(layout["xaxis"]), **time_axis(*self._ends())}
        mode = {"rangemode": "tozero"} if self.spec.zero else {}
        layout["yaxis"] = {**_dict(layout["yaxis"]), **mode, **self.scale.ticks()}
        layout["xaxis2"], layout["yaxis2"] = EDGE_AXIS, MARK_AXIS
        traces = [
            *self._threshold_traces(),
            *(t for n, line in enumerate(self.lines) for t in self._traces(n, line)),
            *mark_traces(self.scene, *self._ends()),
            self._label_trace(labels),
        ]
        return {"data": traces, "layout": layout}

    def legend(self) -> list[Json]:
        """Name the lines for a screen too narrow for labels at their ends."""
        series = self.scene.theme.series
        lines = [{"t": x.name, "c": series(n)} for n, x in enumerate(self.lines) if x.name]
        drawn = [{"t": t.label, "c": self.scene.theme.tone(t.tone)} for t in self._thresholds()]
        return [*lines, *drawn]

    def summary(self) -> str:
        """Say in words what the chart shows: for each line its last, lowest and highest value."""
        number, said = self.scene.format, []
        for line in self.lines:
            if line.last is None:
                continue
            low, high = float(np.nanmin(line.values)), float(np.nanmax(line.values))
            values = [number.value(v, self.scale.unit) for v in (line.last, low, high)]
            name = f"{line.name}: " if line.name else ""
            said.append(f"{name}last {values[0]}, lowest {values[1]}, highest {values[2]}.")
        return " ".join(said)

    def _ends(self) -> tuple[int, int]:
        return min(int(x.at[0]) for x in self.lines), max(int(x.at[-1]) for x in self.lines)

    def _traces(self, index: int, line: Line) -> list[Json]:
        colour = self.scene.theme.series(index)
        before = self.before.get(line.name)
        hover = self.scale.hover()
        style = {"color": colour, "width": 1.8, "shape": "linear"}
        drawn: list[Json] = self._own(line, style, hover)
        if before is not None and before.at.size:
            name = f"{line.name}, {self.scene.compared}" if line.name else self.scene.compared
            dashed = {**style, "width": 1.3, "dash": "4px,3px"}
            drawn.append(_line_trace(before, dashed, name, hover) | {"opacity": 0.5, "zorder": 0})
        return drawn

    def _own(self, line: Line, style: Json, hover: str) -> list[Json]:
        """Draw a line itself; its last stretch dotted while the bucket is still incomplete."""
        if self.spec.sums and line.at.size > 1 and last_is_open(line.at, self.scene):
            whole = Line(line.name, line.at[:-1], line.values[:-1])
            rest = Line(line.name, line.at[-2:], line.values[-2:])
            unfinished = f"{line.name} so far".strip()
            return [
                _line_trace(whole, style, line.name, hover),
                _line_trace(rest, {**style, "dash": "dot"}, unfinished, hover),
            ]
        return [_line_trace(line, style, line.name, hover)]

    def _thresholds(self) -> list[Any]:
        top = max(_top(line) for line in self.lines) / self.scale.factor
        return [t for t in self.scene.thresholds if t.value <= _FAR * top or not self.spec.zero]

    def _threshold_traces(self) -> list[Json]:
        return [
            {
                "type": "scatter",
                "mode": "lines",
                "xaxis": "x2",
                "x": [0, 1],
                "y": [threshold.value * self.scale.factor] * 2,
                "line": {"color": self.scene.theme.tone(threshold.tone), "width": 1, "dash": "dot"},
                "hoverinfo": "skip",
            }
            for threshold in self._thresholds()
        ]

    def _labels(self) -> list[Label]:
        theme = self.scene.theme
        named = [
            Label(line.name, line.last, theme.label(theme.series(n)))
            for n, line in enumerate(self.lines)
            if line.name and line.last is not None
        ]
        drawn = [
            Label(t.label, t.value * self.scale.factor, theme.tone(t.tone))
            for t in self._thresholds()
        ]
        return [*named, *drawn]

    def _label_trace(self, labels: list[Label]) -> Json:
        low, high = self._range()
        room = Room(low, high, 14.0 * (high - low) / _PLOT_PX)
        placed = pushed_apart([label.value for label in labels], room)
        return {
            "type": "scatter",
            "mode": "text",
            "meta": "labels",
            "xaxis": "x2",
            "x": [1] * len(labels),
            "y": floats(np.array(placed)),
            "text": [f" {label.text}" for label in labels],
            "textposition": "middle right",
            "textfont": {"size": 11, "color": [label.colour for label in labels]},
            "cliponaxis": False,
            "hoverinfo": "skip",
        }

    def _range(self) -> tuple[float, float]:
        """Say about where the chart library will end the axis; labels stay within."""
        drawn = [*self.lines, *self.before.values()]
        known = [x.values[np.isfinite(x.values)] for x in drawn]
        limits = np.array([t.value * self.scale.factor for t in self._thresholds()])
        values = np.concatenate([*known, limits])
        low, high = float(values.min()), float(values.max())
        low = min(low, 0.0) if self.spec.zero else low
        return (low, high) if high > low else (low, low + 1.0)


def lines(  # noqa: PLR0913 - each is one word of a page
    *,
    x: str = "at",
    y: str = "value",
    color: str | None = "series",
    names: Mapping[str, str] | None = None,
    zero: bool = True,
    sums: bool = False,
    unit: str | None = None,
) -> Draw:
    """Draw lines over time, one for each value of `color`.

    `names` gives series their words and their order. `zero` starts the axis at zero. `sums` says
    that values are totals of a bucket: the last one is drawn dotted while it is not over yet.
    `unit` overrules the unit of the panel's signal.
    """
    spec = LinesSpec(x, y, color, names or {}, zero, sums, unit)
    return Draw(spec.picture, spec.sheet, height=HEIGHT, unit=unit, is_compared=True)


def _line_trace(line: Line, style: Json, name: str, hover: str) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        **trace_points(line),
        "line": style,
        "name": name,
        "hovertemplate": hover,
        "zorder": 1,
    }


def _top(line: Line) -> float:
    known = np.abs(line.values[np.isfinite(line.values)])
    return float(known.max()) if known.size else 0.0


def _dict(part: object) -> Json:
    return dict(part) if isinstance(part, dict) else {}
