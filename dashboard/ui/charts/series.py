"""From the rows of an answer to lines that a chart can carry: local times, gaps, few points."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series, to_datetime

from dashboard.ui.charts.scene import POINTS, Json, names_of
from dashboard.ui.charts.sheets import spelled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_HOLES: Final = 100
GAP: Final = 1.5
"""Points further apart than this many steps have nothing between them, and no line is drawn."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series: ascending local milliseconds and as many values, NaN where none was measured."""

    name: str
    at: Ints
    values: Floats

    @property
    def last(self) -> float | None:
        """The newest known value; None when there is none."""
        known = self.values[np.isfinite(self.values)]
        return float(known[-1]) if known.size else None


def read_lines(
    frame: DataFrame,
    *,
    x: str,
    y: str,
    color: str | None,
    zone: ZoneInfo,
    names: Mapping[str, str],
) -> list[Line]:
    """Split a frame into its series; those named in `names` first and in that order."""
    names_of(frame, [x, y])
    if color is None or color not in frame.columns:
        return [_line(names.get("", ""), frame[x], frame[y], zone)] if len(frame) else []
    found = {
        str(key): _line(names.get(str(key)) or spelled(str(key)), rows[x], rows[y], zone)
        for key, rows in frame.groupby(color, sort=True, observed=True)
    }
    ordered = [*(key for key in names if key in found), *(key for key in found if key not in names)]
    return [found[key] for key in ordered]


def moved(line: Line, shift: timedelta) -> Line:
    """Lay a line of the comparison period over the period itself."""
    return replace(line, at=line.at + int(shift.total_seconds() * 1000))


def scaled(line: Line, factor: float) -> Line:
    """Give the line in another unit."""
    return replace(line, values=line.values * factor)


def trace_points(line: Line) -> Json:
    """Encode a line as x0/dx and float32 where its grid is regular, else as two arrays."""
    step = _step(line.at)
    holes = line.at[1:][np.diff(line.at) > GAP * step][:_MOST_HOLES] if step else line.at[:0]
    at, values = _thinned(line.at, line.values, stretches=(POINTS - holes.size) // 2 - 1)
    if step and not np.any((at - at[0]) % step):
        slots = (at - at[0]) // step
        if slots[-1] < POINTS:
            grid = np.full(int(slots[-1]) + 1, np.nan)
            grid[slots] = values
            return {"x0": iso(int(at[0])), "dx": int(step), "y": floats(grid)}
    after = np.unique(np.searchsorted(at, holes))
    at, values = np.insert(at, after, at[after] - 1), np.insert(values, after, np.nan)
    return {"x": [iso(int(each)) for each in at], "y": floats(values)}


def floats(values: Floats) -> Json:
    """Encode numbers as the chart library's typed array: a third of the bytes, no parsing."""
    raw = values.astype("<f4").tobytes()
    return {"dtype": "f4", "bdata": base64.b64encode(raw).decode("ascii")}


def iso(ms: int) -> str:
    """Write local milliseconds as the chart library reads a date: without a zone."""
    return str(np.datetime64(ms, "ms")).replace("T", " ")


def local_ms(at: Series, zone: ZoneInfo) -> Ints:
    """Give wall-clock milliseconds of the zone, so that the axis shows local times."""
    stamps = to_datetime(at, utc=True).dt.tz_convert(zone).dt.tz_localize(None)
    return stamps.to_numpy().astype("datetime64[ms]").astype(np.int64)


def _line(name: str, at: Series, values: Series, zone: ZoneInfo) -> Line:
    ms = local_ms(at, zone)
    order = np.argsort(ms, kind="stable")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)[order]
    return Line(name, ms[order], np.where(np.isfinite(numbers), numbers, np.nan))


def _step(at: Ints) -> int:
    apart = np.diff(at)
    apart = apart[apart > 0]
    return int(np.median(apart)) if apart.size else 0


def _thinned(at: Ints, values: Floats, *, stretches: int) -> tuple[Ints, Floats]:
    """Keep the lowest and the highest value of each stretch: no peak is lost."""
    if at.size <= POINTS:
        return at, values
    keep: set[int] = {0, at.size - 1}
    for stretch in np.array_split(np.arange(at.size), stretches):
        part = values[stretch]
        if np.isfinite(part).any():
            keep |= {int(stretch[np.nanargmin(part)]), int(stretch[np.nanargmax(part)])}
    chosen = np.array(sorted(keep))
    return at[chosen], values[chosen]
