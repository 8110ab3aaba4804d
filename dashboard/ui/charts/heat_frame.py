"""What stands around the cells of a grid: words of rows and columns, a key, room for them."""

from dataclasses import dataclass
from typing import Final

from dashboard.ui.charts.marks import escaped
from dashboard.ui.charts.scene import Json, Scene
from dashboard.ui.theme import figure_layout

_LEAST_PX: Final = 232
_ROW_PX, _DENSE_ROW_PX, _DENSE_ROWS = 30, 23, 12
_KEY_PX, _KEY_LINE_PX = 12, 16
_LINE_PX, _TITLE_PX = 14, 18
_CHARACTER_PX: Final = 6.0
_PHONE_PX: Final = 316
"""As wide as rows and columns are together on a phone."""
_MOST_TICKS, _TICKS = 13, 8
"""So many columns have their words each; of more, about so many have."""
_LONGEST_NAME: Final = 22


@dataclass(frozen=True, slots=True)
class HeatFrame:
    """The words around the cells; those of the columns stand above many rows, below few."""

    scene: Scene
    rows: list[str]
    columns: list[str]
    x_title: str
    key: list[str]

    @property
    def height(self) -> int:
        """The height that the rows need."""
        row = _ROW_PX if len(self.rows) <= _DENSE_ROWS else _DENSE_ROW_PX
        return max(_LEAST_PX, row * len(self.rows) + self._top() + self._bottom())

    def layout(self) -> Json:
        """Give the layout; nobody zooms into cells, so the ranges are fixed."""
        layout = figure_layout(self.scene.theme)
        axes = {name: dict(part) for name, part in layout.items() if isinstance(part, dict)}
        ends = {"autorange": False, "fixedrange": True, "showgrid": False, "showspikes": False}
        last = (len(self.columns) - 0.5, len(self.rows) - 0.5)
        across = {**axes["xaxis"], **ends, "range": [-0.5, last[0]], **self._title()}
        small = {"tickfont": {"size": 10, "color": self.scene.theme.muted}}
        across |= small if any("<br>" in head for head in self._heads()) else {}
        down = {**axes["yaxis"], **ends, "range": [last[1], -0.5]}
        return {
            **layout,
            "hovermode": "closest",
            "dragmode": False,
            "uirevision": self.scene.revision,
            "margin": {"l": self._left(), "r": 10, "t": self._top(), "b": self._bottom()},
            "xaxis": {**across, **_ticks(self._heads(), self._every())},
            "yaxis": {**down, **_ticks([escaped(_short(row)) for row in self.rows], 1)},
            "annotations": [self._annotation()],
        }

    def _annotation(self) -> Json:
        """Place the key below the cells, from the left edge of the panel."""
        return {
            "text": "<br>".join(self.key),
            "showarrow": False,
            "align": "left",
            "font": {"size": 11, "color": self.scene.theme.muted},
            "xref": "paper",
            "x": 0,
            "xanchor": "left",
            "xshift": 4 - self._left(),
            "yref": "paper",
            "y": 0,
            "yanchor": "top",
            "yshift": self._key_px() - self._bottom(),
        }

    def _title(self) -> Json:
        side = {"side": "top"} if self._is_topped() else {}
        font = {"size": 11, "color": self.scene.theme.muted}
        title = {"title": {"text": self.x_title, "font": font, "standoff": 4}}
        return {**side, **(title if self.x_title else {})}

    def _heads(self) -> list[str]:
        """Give the words of the columns, on two lines where one would touch its neighbour."""
        if self._every() > 1:
            return [escaped(word) for word in self.columns]
        room = (_PHONE_PX - self._left()) / len(self.columns)
        return [
            _broken(word) if len(word) * _CHARACTER_PX > room else escaped(word)
            for word in self.columns
        ]

    def _every(self) -> int:
        many = len(self.columns) > _MOST_TICKS
        return -(-len(self.columns) // _TICKS) if many else 1

    def _head_px(self) -> int:
        """Give the room for the words of the columns and what they count."""
        broken = _LINE_PX if any("<br>" in head for head in self._heads()) else 0
        return broken + (_TITLE_PX if self.x_title else 0)

    def _left(self) -> int:
        longest = max(len(_short(row)) for row in self.rows)
        return min(144, 14 + round(_CHARACTER_PX * longest))

    def _top(self) -> int:
        return 24 + self._head_px() if self._is_topped() else 8

    def _bottom(self) -> int:
        return self._key_px() + (6 if self._is_topped() else 22 + self._head_px())

    def _key_px(self) -> int:
        return _KEY_PX + _KEY_LINE_PX * len(self.key)

    def _is_topped(self) -> bool:
        return len(self.rows) > _DENSE_ROWS


def _ticks(words: list[str], every: int) -> Json:
    places = list(range(0, len(words), every))
    return {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": [words[n] for n in places],
        "tickangle": 0,
        "type": "linear",
    }


def _broken(words: str) -> str:
    """Put words on two lines, as even as they can be."""
    parts = words.split(" ")
    if len(parts) == 1:
        return escaped(words)
    halves = [(" ".join(parts[:n]), " ".join(parts[n:])) for n in range(1, len(parts))]
    first, second = min(halves, key=lambda half: max(map(len, half)))
    return f"{escaped(first)}<br>{escaped(second)}"


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_NAME else words[: _LONGEST_NAME - 1] + "…"
