"""Which colour each cell of a grid gets: its place in the scale, grey, neutral or none."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dashboard.ui.charts.grid import Flags, Floats, Grid

_MIDDLING: Final = 0.5
"""When the least value is above this share of the largest, colours begin at the least."""


@dataclass(frozen=True, slots=True)
class Style:
    """What differs between kinds of grids.

    `has_base`: the first column is 100 % by definition and takes no part in the colours.
    `is_relative`: each row is coloured by its own largest value. `peaks`: so many of the largest
    cells of a row are marked. `kind` chooses the sentences.
    """

    kind: str = "plain"
    has_base: bool = False
    is_relative: bool = False
    peaks: int = 0
    x_title: str = ""


@dataclass(frozen=True, slots=True)
class Shading:
    """The cells of a grid in a style."""

    grid: Grid
    style: Style

    @property
    def is_base(self) -> Flags:
        """Where a cell is 100 % by definition."""
        found = np.zeros_like(self.grid.is_there)
        if self.style.has_base and self.grid.columns:
            found[:, 0] = self.grid.columns[0] == 0
        return found

    @property
    def is_open(self) -> Flags:
        """Where the time of a cell is not over."""
        return self.grid.is_open & self.grid.is_there

    @property
    def is_few(self) -> Flags:
        """Where a rate has too few cases for a colour."""
        return self.grid.is_few & ~self.is_base

    @property
    def coloured(self) -> Floats:
        """The values that have a colour; NaN elsewhere."""
        has_colour = np.isfinite(self.grid.values) & ~self.grid.is_few & ~self.is_base
        return np.where(has_colour, self.grid.values, np.nan)

    @property
    def grey(self) -> Floats:
        """0 where cases are few, 1 for a base or an unknown value, NaN for all other cells."""
        plain = self.grid.is_there & np.isnan(self.coloured)
        return np.where(self.is_few, 0.0, np.where(plain, 1.0, np.nan))

    @property
    def shares(self) -> Floats:
        """Each cell's place in the colour scale from 0 to 1; NaN where it has no colour."""
        values = self.coloured
        if not np.isfinite(values).any():
            return values
        if self.style.is_relative:
            top = np.nan_to_num(values).max(axis=1, keepdims=True)
            return np.asarray(np.divide(values, top, out=values * 0, where=top > 0))
        low, high = self.ends()
        return np.asarray((values - low) / (high - low) if high > low else values * 0 + 0.6)

    def ends(self) -> tuple[float, float]:
        """Give the values at which the colour scale begins and ends."""
        values = self.coloured
        least, most = float(np.nanmin(values)), float(np.nanmax(values))
        is_far = not self.style.has_base and least > _MIDDLING * most
        return (least if is_far or least < 0 else 0.0), most
