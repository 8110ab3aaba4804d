"""The rows of an answer matched with the provinces: value, rank, share, and what matches none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from dashboard.ui.charts.cases import is_few, numbers
from dashboard.ui.charts.provinces import code_of, provinces
from dashboard.ui.charts.scene import names_of
from dashboard.ui.numbers import MONEY


@dataclass(frozen=True, slots=True)
class Region:
    """One province and what is known about it; NaN where it is not, rank 0 where it has none."""

    value: float = np.nan
    cases: float = np.nan
    part: float = np.nan
    rank: int = 0
    share: float = np.nan

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return bool(np.isfinite(self.value))

    @property
    def is_few(self) -> bool:
        """Whether the value is a rate of too few cases to be compared."""
        return self.is_known and is_few(self.cases)


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer says of each province, and the rows that are of none."""

    regions: dict[str, Region]
    unmatched: tuple[str, ...]
    lost: tuple[float, ...]

    @property
    def known(self) -> list[Region]:
        """Those that have a value."""
        return [each for each in self.regions.values() if each.is_known]

    @property
    def ranked(self) -> list[str]:
        """The codes of those that can be compared, the largest first."""
        having = [iso for iso, each in self.regions.items() if each.rank]
        return sorted(having, key=lambda iso: self.regions[iso].rank)

    @property
    def total(self) -> float:
        """The sum of everything, on the map or not."""
        return float(np.nansum([*(each.value for each in self.regions.values()), *self.lost]))


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that are read; "" is one that the answer does not have.

    `cases` and `part` are denominator and numerator of a rate; an amount has none.
    """

    region: str
    value: str
    cases: str = ""
    part: str = ""


def matched(frame: DataFrame, columns: Columns, *, adds_up: bool) -> Found:
    """Match rows with provinces by code or name. Raises ValueError when two rows are of one."""
    wanted = (columns.value, columns.cases, columns.part)
    names_of(frame, [columns.region, *(name for name in wanted if name)])
    given = [str(each) for each in frame[columns.region].fillna("")]
    codes = [code_of(each) for each in given]
    on_map = [code for code in codes if code]
    if len(set(on_map)) < len(on_map):
        raise ValueError("The answer has two rows of one province; a map needs one.")
    nothing = np.full(len(frame), np.nan)
    read = (columns.value, "", "") if adds_up else wanted
    rows = np.column_stack([numbers(frame, name) if name else nothing for name in read])
    total = float(np.nansum(rows[:, 0])) if adds_up else 0.0
    regions = {each.iso: Region() for each in provinces()} | _ranked(codes, rows, total)
    off = [n for n, code in enumerate(codes) if not code]
    return Found(regions, tuple(given[n] for n in off), tuple(float(rows[n, 0]) for n in off))


def adds_up(unit: str) -> bool:
    """Say whether values of a unit have a sum, so that a share of it means something."""
    return unit == "count" or unit.endswith(MONEY)


def _ranked(codes: list[str], rows: NDArray[np.float64], total: float) -> dict[str, Region]:
    """Rank the known values, the largest first; rates of few cases are not compared."""
    plain: dict[str, Region] = {}
    for code, (value, cases, part) in zip(codes, rows.tolist(), strict=True):
        share = 100 * value / total if total else float("nan")
        plain |= {code: Region(value, cases, part, share=share)} if code else {}
    comparable = [code for code, each in plain.items() if each.is_known and not each.is_few]
    order = sorted(comparable, key=lambda code: -plain[code].value)
    rank = {code: place for place, code in enumerate(order, start=1)}
    return {
        code: Region(each.value, each.cases, each.part, rank.get(code, 0), each.share)
        for code, each in plain.items()
    }
