"""The word for a distribution: one column for each class, in order, some of them named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final

import numpy as np
from pandas import DataFrame

from dashboard.ui.charts.cases import numbers
from dashboard.ui.charts.grid import Floats
from dashboard.ui.charts.marks import dashed_over_bars, escaped
from dashboard.ui.charts.scene import EMPTY, POINTS, Draw, Json, Picture, Scene, Sheet, names_of
from dashboard.ui.charts.series import floats
from dashboard.ui.charts.sheets import frame_sheet
from dashboard.ui.charts.units import Scale, scale_for
from dashboard.ui.theme import figure_layout
from dashboard.ui.words import say

HEIGHT: Final = 232
_LEAST_WIDTH_PX, _CHARACTER_PX, _APART_PX = 290, 5.8, 8
"""Words below the columns do not touch even on a phone."""


@dataclass(frozen=True, slots=True)
class ColumnsSpec:
    """Which columns a distribution reads; see `columns`."""

    x: str
    y: str
    mark: str
    unit: str
    x_title: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def picture(self, value: object, scene: Scene) -> Picture:
        """Draw a column for each class; empty when nothing was counted."""
        if not isinstance(value, DataFrame) or value.empty:
            return EMPTY
        names_of(value, [self.x, self.y])
        rows = value.head(POINTS)
        amounts = np.nan_to_num(numbers(rows, self.y))
        if not amounts.sum():
            return EMPTY
        words = [self.names.get(str(each)) or str(each) for each in rows[self.x]]
        marks = self._marks(rows)
        before = self._before(scene, len(rows))
        scale = scale_for(float(amounts.max()), self.unit)
        traces = [
            self._bars(words, amounts, scene, scale),
            *self._dashed(before, scene, scale),
            _named(marks, amounts * scale.factor, scene),
        ]
        figure = {"data": traces, "layout": self._layout(words, scene, scale)}
        content = {"fig": figure, "compared": before is not None}
        return Picture(content, self._summary(words, amounts, marks))

    def sheet(self, value: object, scene: Scene) -> Sheet:
        """Give the rows as they came."""
        return frame_sheet(value, units={self.y: self.unit or scene.unit})

    def _marks(self, rows: DataFrame) -> list[str]:
        if self.mark not in rows.columns:
            return [""] * len(rows)
        return [str(each) for each in rows[self.mark].fillna("")]

    def _before(self, scene: Scene, classes: int) -> Floats | None:
        given = scene.previous
        if not isinstance(given, DataFrame) or len(given) != classes:
            return None
        names_of(given, [self.x, self.y])
        amounts = np.nan_to_num(numbers(given, self.y))
        return amounts if amounts.sum() else None

    def _bars(self, words: list[str], amounts: Floats, scene: Scene, scale: Scale) -> Json:
        form, total = scene.format, float(amounts.sum())
        said = zip(words, amounts.tolist(), strict=True)
        return {
            "type": "bar",
            "x": list(range(len(words))),
            "y": floats(amounts * scale.factor),
            "marker": {"color": scene.theme.series(0), "cornerradius": 2},
            "hovertext": [
                say(
                    "columns.hover",
                    name=escaped(name),
                    value=form.value(amount, self.unit),
                    share=form.value(100 * amount / total, "%"),
                )
                for name, amount in said
            ],
            "hoverinfo": "text",
            "name": "",
        }

    def _dashed(self, before: Floats | None, scene: Scene, scale: Scale) -> list[Json]:
        if before is None:
            return []
        form = scene.format
        hover = [
            say("columns.before", compared=scene.compared, value=form.value(amount, self.unit))
            for amount in before.tolist()
        ]
        points = {"x": list(range(before.size)), "y": floats(before * scale.factor)}
        return dashed_over_bars(scene, points, {"hovertext": hover, "hoverinfo": "text"})

    def _layout(self, words: list[str], scene: Scene, scale: Scale) -> Json:
        layout = figure_layout(scene.theme)
        axes = {name: dict(part) for name, part in layout.items() if isinstance(part, dict)}
        wanted = max(map(len, words)) * _CHARACTER_PX + _APART_PX
        places = list(range(0, len(words), ceil(wanted * len(words) / _LEAST_WIDTH_PX)))
        font = {"size": 11, "color": scene.theme.muted}
        title = {"title": {"text": self.x_title, "font": font, "standoff": 4}}
        fixed = {"fixedrange": True, "showspikes": False}
        return {
            **layout,
            "hovermode": "x unified",
            "dragmode": False,
            "bargap": 0.12,
            "separators": scene.format.separators(),
            "uirevision": scene.revision,
            "margin": {"l": scale.axis_px, "r": 10, "t": 20, "b": 46 if self.x_title else 30},
            "xaxis": {
                **axes["xaxis"],
                **fixed,
                "tickmode": "array",
                "tickvals": places,
                "ticktext": [escaped(words[n]) for n in places],
                "tickangle": 0,
                "hoverformat": "",
                **(title if self.x_title else {}),
            },
            "yaxis": {**axes["yaxis"], "fixedrange": True, "rangemode": "tozero", **scale.ticks()},
        }

    def _summary(self, words: list[str], amounts: Floats, marks: list[str]) -> str:
        most = int(amounts.argmax())
        share = round(100 * float(amounts[most]) / float(amounts.sum()))
        said = say("columns.alt", name=words[most], share=share)
        named = [f"{mark}: {words[n]}." for n, mark in enumerate(marks) if mark]
        return " ".join([said, *named])


def columns(
    *,
    x: str = "bucket",
    y: str = "n",
    mark: str = "mark",
    unit: str = "count",
    x_title: str = "",
    names: Mapping[str, str] | None = None,
) -> Draw:
    """Draw how often each class occurs: a column for each row, in the order of the rows.

    `mark` holds words over some columns, like "median"; it may be absent. The comparison period is
    a dashed line, if it has the same classes.
    """
    spec = ColumnsSpec(x, y, mark, unit, x_title, names or {})
    return Draw(spec.picture, spec.sheet, height=HEIGHT, unit=unit, is_compared=True)


def _named(marks: list[str], amounts: Floats, scene: Scene) -> Json:
    """Write words over the columns that have some."""
    shown = [n for n, mark in enumerate(marks) if mark]
    return {
        "type": "scatter",
        "mode": "text",
        "x": shown,
        "y": [float(amounts[n]) for n in shown],
        "text": [escaped(marks[n]) for n in shown],
        "textposition": "top center",
        "textfont": {"size": 11, "color": scene.theme.text},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
