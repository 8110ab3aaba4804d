"""The word for a map of Argentina: which columns it reads, and the ranking behind it."""

from dataclasses import dataclass, field

import numpy as np
from pandas import DataFrame

from dashboard.ui.charts.map_figure import HEIGHT, MapFigure
from dashboard.ui.charts.provinces import provinces
from dashboard.ui.charts.regions import Columns, Found, Region, adds_up, matched
from dashboard.ui.charts.scene import EMPTY, Column, Draw, Picture, Scene, Sheet
from dashboard.ui.words import say


@dataclass(frozen=True, slots=True)
class MapSpec:
    """Which columns a map reads, in what unit and under what name; see `province_map`."""

    columns: Columns
    unit: str | None = None
    title: str = field(default="")

    def picture(self, value: object, scene: Scene) -> Picture:
        """Draw every province in the colour of its value; empty when none has one."""
        found = self._read(value, scene)
        if not found or not found.known:
            return EMPTY
        chart = MapFigure(scene, found, self._unit(scene), self._words)
        return Picture({"fig": chart.figure(), "pick": "region"}, chart.summary())

    def sheet(self, value: object, scene: Scene) -> Sheet:
        """Give the provinces by rank, then those without one, then what is not on the map."""
        found = self._read(value, scene) or Found({}, (), ())
        names = {each.iso: each.name for each in provinces()}
        ordered = sorted(found.regions.items(), key=lambda item: (item[1].rank or 99, item[0]))
        rows = [_row(iso, names[iso], each) for iso, each in ordered]
        lost = zip(found.unmatched, found.lost, strict=True)
        rows += [_row(None, name or say("map.nowhere"), Region(value)) for name, value in lost]
        named = ("rank", "region", "province", "value", "share", "part", "cases")
        return Sheet(self._heads(scene), DataFrame(rows, columns=list(named)))

    def _heads(self, scene: Scene) -> tuple[Column, ...]:
        unit, read = self._unit(scene), self.columns
        cases = "cases" if read.cases else ""
        heads = [
            Column("rank", say("head.rank"), "", "rank"),
            Column("region", say("head.code")),
            Column("province", say("head.province")),
            Column("value", self._words, unit, "number", cases=cases),
            Column("share", say("head.share"), "%", "number"),
            Column("part", say("head.part"), "count", "number"),
            Column("cases", say("head.cases"), "count", "number"),
        ]
        absent = {"share": not adds_up(unit), "part": not read.part, "cases": not read.cases}
        return tuple(each for each in heads if not absent.get(each.name))

    def _read(self, value: object, scene: Scene) -> Found | None:
        if not isinstance(value, DataFrame) or value.empty:
            return None
        return matched(value, self.columns, adds_up=adds_up(self._unit(scene)))

    def _unit(self, scene: Scene) -> str:
        return self.unit if self.unit is not None else scene.unit

    @property
    def _words(self) -> str:
        return self.title or say("map.value")


def province_map(
    *,
    value: str = "value",
    region: str = "region",
    unit: str | None = None,
    cases: str = "",
    part: str = "",
    title: str = "",
) -> Draw:
    """Draw one number for each province on the map of the country.

    `region` holds ISO codes or names; what matches none is counted in a note. `cases` and `part`
    are denominator and numerator of a rate. `title` names the value. A click gives the ISO code.
    """
    spec = MapSpec(Columns(region, value, cases, part), unit, title)
    return Draw(spec.picture, spec.sheet, height=HEIGHT, unit=unit, picks="region")


def _row(iso: str | None, name: str, each: Region) -> list[object]:
    rank = each.rank or np.nan
    return [rank, iso, name, each.value, each.share, each.part, each.cases]
