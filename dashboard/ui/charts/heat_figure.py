"""A grid of cells as a figure: coloured by value, grey for few cases, hatched while not over."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from dashboard.ui.charts.cases import FEW, cases_text
from dashboard.ui.charts.grid import Flags, Floats, Grid
from dashboard.ui.charts.heat_frame import HeatFrame
from dashboard.ui.charts.heat_key import key_lines
from dashboard.ui.charts.heat_shades import Shading, Style
from dashboard.ui.charts.marks import escaped
from dashboard.ui.charts.scene import POINTS, Json, Scene
from dashboard.ui.charts.shades import colour_scale, ink, shade
from dashboard.ui.numbers import MONEY
from dashboard.ui.words import say

_MOST_LABELLED: Final = 14
"""With more columns than this a half panel has no room for numbers in the cells."""
_MOST_ON_A_PHONE: Final = 6


@dataclass(frozen=True, slots=True)
class HeatFigure:
    """Everything that a grid is drawn from; `rows` and `columns` are its words."""

    scene: Scene
    grid: Grid
    unit: str
    style: Style
    rows: list[str]
    columns: list[str]

    @property
    def shading(self) -> Shading:
        """Which colour each cell gets."""
        return Shading(self.grid, self.style)

    @property
    def frame(self) -> HeatFrame:
        """What stands around the cells."""
        key = key_lines(self.shading, self.scene, self.unit)
        return HeatFrame(self.scene, self.rows, self.columns, self.style.x_title, key)

    @property
    def height(self) -> int:
        """The height that the rows need."""
        return self.frame.height

    def figure(self) -> Json:
        """Give the figure."""
        shares, grey = self.shading.shares, self.shading.grey
        hover = [[self._hover(r, c) for c in self._across()] for r in self._down()]
        scales = ((shares, colour_scale(self.scene.theme)), (grey, self._greys()))
        cells = [self._cells(z, scale, hover) for z, scale in scales if np.isfinite(z).any()]
        over = [*self._hatched(), *self._peaks(shares), *self._labels(shares)]
        return {"data": [*cells, *over], "layout": self.frame.layout()}

    def summary(self) -> str:
        """Say how many rows and columns there are, and where the largest value is."""
        values = self.shading.coloured
        if not np.isfinite(values).any():
            return say("heat.alt.few", rows=len(self.rows), columns=len(self.columns), few=FEW)
        row, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
        head = say(f"heat.{self.style.kind}", row=self.rows[row], column=self.columns[column])
        return say(
            "heat.alt",
            rows=len(self.rows),
            columns=len(self.columns),
            where=head.replace("<b>", "").replace("</b>", ""),
            value=self._value(values[row, column]),
        )

    def _greys(self) -> list[list[object]]:
        return [[0, self.scene.theme.line], [1, self.scene.theme.grid]]

    def _across(self) -> range:
        return range(len(self.columns))

    def _down(self) -> range:
        return range(len(self.rows))

    def _value(self, value: float) -> str:
        return self.scene.format.value(value, self.unit)

    def _cells(self, z: Floats, scale: list[list[object]], hover: list[list[str]]) -> Json:
        raw = base64.b64encode(z.astype("<f4").tobytes()).decode("ascii")
        return {
            "type": "heatmap",
            "z": {"dtype": "f4", "bdata": raw, "shape": f"{z.shape[0]}, {z.shape[1]}"},
            "zmin": 0,
            "zmax": 1,
            "colorscale": scale,
            "showscale": False,
            "xgap": 1.5,
            "ygap": 1.5,
            "text": hover,
            "hoverinfo": "text",
            "hoverongaps": False,
            "name": "",
        }

    def _hover(self, row: int, column: int) -> str:
        grid, form = self.grid, self.scene.format
        if not grid.is_there[row, column]:
            return ""
        words = {"row": escaped(self.rows[row]), "column": escaped(self.columns[column])}
        head = say(f"heat.{self.style.kind}", **words)
        value = self._value(grid.values[row, column])
        cases = cases_text(form, grid.parts[row, column], grid.cases[row, column])
        total = np.nansum(grid.values[row]) if self.style.is_relative else 0.0
        share = 100 * grid.values[row, column] / total if total else np.nan
        day = say("heat.share", share=form.value(share, "%")) if np.isfinite(share) else ""
        still = say("scale.open") if grid.is_open[row, column] else ""
        return "<br>".join(line for line in (head, value, cases, day, still) if line)

    def _hatched(self) -> list[Json]:
        """Draw lines over cells whose time is not over."""
        if not self.shading.is_open.any():
            return []
        half = 0.47
        square = ((-half, -half), (half, -half), (half, half), (-half, half), (-half, -half))
        corners: list[tuple[float | None, float | None]] = []
        for row, column in self._where(self.shading.is_open):
            corners += [*((column + x, row + y) for x, y in square), (None, None)]
        pattern = {"shape": "/", "bgcolor": "rgba(0,0,0,0)", "size": 6, "solidity": 0.16}
        hatched = {
            "type": "scatter",
            "mode": "lines",
            "x": [x for x, _ in corners[:POINTS]],
            "y": [y for _, y in corners[:POINTS]],
            "line": {"width": 0},
            "fill": "toself",
            "fillpattern": {**pattern, "fgcolor": self.scene.theme.raised, "fgopacity": 0.7},
            "hoverinfo": "skip",
        }
        return [hatched]

    def _peaks(self, shares: Floats) -> list[Json]:
        """Mark the largest cells of each row."""
        found: list[tuple[int, int]] = []
        for row in self._down():
            known = [c for c in self._across() if shares[row, c] > 0]
            chosen = sorted(known, key=lambda c, r=row: -shares[r, c])  # type: ignore[misc]  # binds the row
            found += [(row, column) for column in sorted(chosen[: self.style.peaks])]
        if not found:
            return []
        marked = {
            "type": "scatter",
            "mode": "markers",
            "x": [column for _, column in found],
            "y": [row for row, _ in found],
            "marker": {"size": 5, "color": [self._ink(shares[cell]) for cell in found]},
            "hoverinfo": "skip",
        }
        return [marked]

    def _ink(self, share: float) -> str:
        theme = self.scene.theme
        return ink(shade(theme, float(share))) if np.isfinite(share) else theme.muted

    def _labels(self, shares: Floats) -> list[Json]:
        """Write the value into each cell, where there is room for it."""
        if len(self.columns) > _MOST_LABELLED or self.style.is_relative:
            return []
        cells = list(self._where(self.grid.is_there & np.isfinite(self.grid.values)))[:POINTS]
        return [
            {
                "type": "scatter",
                "mode": "text",
                "meta": "wide" if len(self.columns) > _MOST_ON_A_PHONE else "cells",
                "x": [column for _, column in cells],
                "y": [row for row, _ in cells],
                "text": [self._short(*cell) for cell in cells],
                "textfont": {"size": 11, "color": [self._ink(shares[cell]) for cell in cells]},
                "hoverinfo": "skip",
            }
        ]

    def _short(self, row: int, column: int) -> str:
        value, form = float(self.grid.values[row, column]), self.scene.format
        if self.shading.is_base[row, column]:
            return form.number(float(self.grid.cases[row, column]))
        if self.unit == "%":
            return form.number(value, 0 if value >= 10 or value == 0 else 1)
        if self.unit.endswith(MONEY):
            return form.number(value / 100)
        return form.value(value, self.unit)

    def _where(self, flags: Flags) -> Iterator[tuple[int, int]]:
        for row, column in np.argwhere(flags):
            yield int(row), int(column)
