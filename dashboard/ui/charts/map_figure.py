"""The map as a figure: filled provinces on plain axes, an inset for the capital, a key, a note."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from dashboard.ui.charts.cases import FEW, cases_text
from dashboard.ui.charts.classes import Classes, classes_of
from dashboard.ui.charts.marks import escaped
from dashboard.ui.charts.provinces import CAPITAL, Province, frame, metro, provinces
from dashboard.ui.charts.regions import Found, Region, adds_up
from dashboard.ui.charts.scene import Json, Scene
from dashboard.ui.charts.series import floats
from dashboard.ui.charts.shades import ink
from dashboard.ui.theme import figure_layout
from dashboard.ui.words import say

HEIGHT: Final = 500
_LABELLED: Final = 5
"""So many of the largest provinces carry their share or value as words."""
_UNITS_PER_PX: Final = 7.2
"""At its usual height the map shows so many hundredths of a degree in a pixel."""
_CHARACTER_PX: Final = 6.0
_RIGHT: Final = 0.63
"""Where the country ends and the column with key and inset begins."""
_INSET: Final = "2"
_KEY: Final = "3"
_NOTE: Final = "4"


@dataclass(frozen=True, slots=True)
class MapFigure:
    """Everything that a map is drawn from."""

    scene: Scene
    found: Found
    unit: str
    title: str

    def figure(self) -> Json:
        """Give the figure."""
        compared = [r.value for r in self.found.known if not r.is_few]
        classes = classes_of(compared or [r.value for r in self.found.known])
        country = [self._shape(each, classes) for each in provinces()]
        near = [self._shape(each, classes) | _on(_INSET) for each in metro()]
        words = [self._labels(classes), self._inset_label(classes), self._inset_name()]
        rest = [self._frame(), self._frame() | _on(_INSET), self._key(classes), self._note()]
        chosen = [*self._outline(provinces()), *(o | _on(_INSET) for o in self._outline(metro()))]
        return {"data": [*country, *near, *chosen, *words, *rest], "layout": self._layout()}

    def summary(self) -> str:
        """Say which province is first, how many have a value, and what is not on the map."""
        names = {each.iso: each.name for each in provinces()}
        counted = {"known": len(self.found.known), "all": len(names), "title": self.title}
        if not self.found.ranked:
            return f"{say('map.alt.few', **counted, few=FEW)} {self._off()}".strip()
        first = self.found.ranked[0]
        value = self._text(self.found.regions[first])
        said = say("map.alt", **counted, first=names[first], value=value)
        return " ".join(each for each in (said, self._chosen(names), self._off()) if each)

    def _chosen(self, names: dict[str, str]) -> str:
        """Say what the province has that the page is filtered by."""
        found = self.found.regions.get(self.scene.region)
        if found is None or not found.is_known:
            return ""
        return say("map.chosen", name=names[self.scene.region], value=self._text(found))

    def _text(self, each: Region) -> str:
        return self.scene.format.value(each.value, self.unit)

    def _colour(self, each: Region, classes: Classes) -> str:
        theme = self.scene.theme
        if not each.is_known:
            return theme.grid
        return theme.line if each.is_few else classes.colour(each.value, theme)

    def _shape(self, each: Province, classes: Classes) -> Json:
        return {
            **_path(each),
            "fill": "toself",
            "fillcolor": self._colour(self.found.regions[each.iso], classes),
            "line": {"color": self.scene.theme.raised, "width": 0.9},
            "hoveron": "fills",
            "hoverinfo": "text",
            "text": self._hover(each),
            "name": each.name,
            "customdata": [each.iso],
        }

    def _outline(self, shown: Sequence[Province]) -> list[Json]:
        """Mark the province that the page is filtered by: a line that is seen on any colour."""
        theme = self.scene.theme
        found = [each for each in shown if each.iso == self.scene.region]
        lines = [(theme.raised, 4.5), (theme.text, 2)]
        return [
            {**_path(each), "line": {"color": colour, "width": width}, "hoverinfo": "skip"}
            for each in found
            for colour, width in lines
        ]

    def _hover(self, each: Province) -> str:
        known, form = self.found.regions[each.iso], self.scene.format
        said = {"title": escaped(self.title), "value": self._text(known)}
        said |= {"rank": str(known.rank), "count": str(len(self.found.ranked))}
        if not known.is_known:
            words = say("map.unknown", **said)
        elif not known.rank:
            words = say("map.unranked", **said)
        elif np.isfinite(known.share):
            words = say("map.all", **said, share=form.value(known.share, "%"))
        else:
            words = say("map.rank", **said)
        cases = cases_text(form, known.part, known.cases)
        return "<br>".join(line for line in (f"<b>{each.name}</b>", words, cases) if line)

    def _labels(self, classes: Classes) -> Json:
        """Write the largest provinces' shares, or the values of what has no sum, where they fit."""
        chosen = self.found.ranked[:_LABELLED]
        shown = [each for each in provinces() if each.iso in chosen and each.iso != CAPITAL]
        fits = [each for each in shown if _width(each) > self._width_of_words(each)]
        return self._words_on(fits, [self._short(each) for each in fits], classes)

    def _inset_label(self, classes: Classes) -> Json:
        shown = [each for each in metro() if each.iso == CAPITAL and self._short(each)]
        return self._words_on(shown, [self._short(each) for each in shown], classes) | _on(_INSET)

    def _width_of_words(self, each: Province) -> float:
        return len(self._short(each)) * _CHARACTER_PX * _UNITS_PER_PX

    def _short(self, each: Province) -> str:
        known, form = self.found.regions[each.iso], self.scene.format
        if not known.rank:
            return ""
        if np.isfinite(known.share):
            digits = 0 if known.share >= 1 else 1
            return f"{form.number(known.share, digits)}\u00a0%"
        digits = 1 if abs(known.value) < 100 else 0
        return f"{form.number(known.value, digits)}\u00a0%" if self.unit == "%" else ""

    def _words_on(self, at: Sequence[Province], words: Sequence[str], classes: Classes) -> Json:
        grounds = [self._colour(self.found.regions[each.iso], classes) for each in at]
        return {
            "type": "scatter",
            "mode": "text",
            "x": [round(each.middle[0], 1) for each in at],
            "y": [round(each.middle[1], 1) for each in at],
            "text": words,
            "textfont": {"size": 11, "color": [ink(ground) for ground in grounds]},
            "hoverinfo": "skip",
        }

    def _frame(self) -> Json:
        """Draw the edges of what the inset shows, on the map and around the inset."""
        west, south, east, north = frame()
        return {
            "type": "scatter",
            "mode": "lines",
            "x": [west, east, east, west, west],
            "y": [south, south, north, north, south],
            "line": {"color": self.scene.theme.text, "width": 1},
            "cliponaxis": False,
            "hoverinfo": "skip",
        }

    def _key(self, classes: Classes) -> Json:
        theme = self.scene.theme
        regions = self.found.regions.values()
        shown = classes.key(theme, self.scene.format, self.unit)
        if any(each.is_few for each in regions):
            shown.append((theme.line, say("scale.few", few=FEW)))
        if not all(each.is_known for each in regions):
            shown.append((theme.grid, say("scale.none")))
        return {
            "type": "scatter",
            "mode": "markers+text",
            "x": [-0.06, *([0] * len(shown))],
            "y": [-n for n in range(len(shown) + 1)],
            "text": [f"<b>{escaped(self.title)}</b>", *(f"  {words}" for _, words in shown)],
            "textposition": "middle right",
            "textfont": {"size": 11, "color": theme.muted},
            "marker": {
                "symbol": "square",
                "opacity": 1,
                "size": [0, *([13] * len(shown))],
                "color": [theme.raised, *(colour for colour, _ in shown)],
                "line": {"color": theme.unknown, "width": [0, *([0.6] * len(shown))]},
            },
            "cliponaxis": False,
            "hoverinfo": "skip",
            **_on(_KEY),
        }

    def _inset_name(self) -> Json:
        west, _, _, north = frame()
        return self._said(say("map.inset"), (west, north), "top right") | _on(_INSET)

    def _note(self) -> Json:
        """Say what is not on the map."""
        return self._said(self._off(), (0, 0), "middle right") | _on(_NOTE)

    def _said(self, words: str, at: tuple[float, float], position: str) -> Json:
        return {
            "type": "scatter",
            "mode": "text",
            "x": [at[0]],
            "y": [at[1]],
            "text": [words],
            "textposition": position,
            "textfont": {"size": 11, "color": self.scene.theme.muted},
            "cliponaxis": False,
            "hoverinfo": "skip",
        }

    def _off(self) -> str:
        count, form = len(self.found.unmatched), self.scene.format
        if not count:
            return ""
        number = "one" if count == 1 else "many"
        if not adds_up(self.unit):
            return say(f"map.off.rate.{number}", count=count)
        lost = Region(float(np.nansum(self.found.lost)))
        total = self.found.total
        share = form.value(100 * lost.value / total if total else 0.0, "%")
        return say(f"map.off.{number}", value=self._text(lost), count=count, share=share)

    def _layout(self) -> Json:
        theme = self.scene.theme
        return {
            **figure_layout(theme),
            "hovermode": "closest",
            "margin": {"l": 4, "r": 8, "t": 4, "b": 4},
            "uirevision": self.scene.revision,
            "xaxis": {"visible": False, "domain": [0, _RIGHT], "constrain": "domain"},
            "yaxis": {"visible": False, "domain": [0.05, 1], **_true("x")},
            **_inset_axes(),
            **_plain_axes(_KEY, [_RIGHT + 0.03, 1], [0.56, 0.99], [-0.1, 1, -7.5, 0.5]),
            **_plain_axes(_NOTE, [0, 1], [0, 0.04], [0, 1, -1, 1]),
        }


def _path(each: Province) -> Json:
    """Give the outlines of a province as one trace, a gap between two of them."""
    points = [point for ring in each.rings for point in (*ring, (np.nan, np.nan))][:-1]
    placed = np.array(points)
    drawn = {"x": floats(placed[:, 0]), "y": floats(placed[:, 1])}
    return {"type": "scatter", "mode": "lines", **drawn}


def _inset_axes() -> Json:
    west, south, east, north = frame()
    axes = _plain_axes(_INSET, [_RIGHT + 0.03, 0.99], [0.1, 0.46], [west, east, south, north])
    towards = {"constrain": "domain", "constraintoward": "left"}
    return {
        "xaxis2": {**axes["xaxis2"], **towards},
        "yaxis2": {**axes["yaxis2"], **_true("x2"), "constraintoward": "top"},
    }


def _plain_axes(name: str, across: Json | list[float], up: list[float], ends: list[float]) -> Json:
    """Give a pair of axes that nobody zooms, between fractions of the figure."""
    fixed = {"visible": False, "fixedrange": True}
    return {
        f"xaxis{name}": {**fixed, "domain": across, "anchor": f"y{name}", "range": ends[:2]},
        f"yaxis{name}": {**fixed, "domain": up, "anchor": f"x{name}", "range": ends[2:]},
    }


def _true(anchor: str) -> Json:
    """Keep a pixel as high as it is wide."""
    return {"scaleanchor": anchor, "scaleratio": 1, "constrain": "domain"}


def _on(axis: str) -> Json:
    return {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}


def _width(each: Province) -> float:
    """Give how wide a province is at the height of its middle point."""
    x, y = each.middle
    sides = [line for ring in each.rings for line in pairwise(ring)]
    over = [
        x0 + (x1 - x0) * (y - y0) / (y1 - y0)
        for (x0, y0), (x1, y1) in sides
        if (y0 <= y) != (y1 <= y)
    ]
    left = [at for at in over if at <= x]
    right = [at for at in over if at > x]
    return 2 * min(x - max(left), min(right) - x) if left and right else 0.0
