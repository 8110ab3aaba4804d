"""Bars: a ranking that is read from top to bottom."""

from dataclasses import dataclass
from typing import Final

from pandas import DataFrame, to_numeric

from dashboard.ui.charts.scene import EMPTY, Draw, Json, Picture, Scene, Sheet, names_of
from dashboard.ui.charts.series import floats
from dashboard.ui.charts.sheets import frame_sheet
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


def bars(*, x: str, y: str, unit: str | None = None) -> Draw:
    """Draw a ranking: one bar for each row, named by `x`, as long as `y`."""
    spec = BarsSpec(x, y, unit)
    return Draw(spec.picture, spec.sheet, height=HEIGHT, unit=unit)


def _short(words: str) -> str:
    return words if len(words) <= 22 else words[:21] + "…"
