"""What happened, on the time axis: deploys, alerts, flag changes, each with words on hover."""

from typing import Final

from pandas import Series

from dashboard.ui.charts.scene import Json, Mark, Scene
from dashboard.ui.charts.series import iso, local_ms

SYMBOLS: Final = {"deploy": "triangle-up", "alert": "circle", "flag": "diamond"}
MARK_AXIS: Final = {"overlaying": "y", "range": [0, 1], "fixedrange": True, "visible": False}
"""From 0 at the foot of the chart to 1 at its head, wherever the viewer zooms."""
EDGE_AXIS: Final = {"overlaying": "x", "range": [0, 1], "fixedrange": True, "visible": False}
"""From 0 at the left edge to 1 at the right: labels and thresholds stay there, and take no part in
the range of the time axis."""
_TONES: Final = {"alert": "critical", "flag": "info"}
_MOST: Final = 40


def mark_traces(scene: Scene, first: int, last: int) -> list[Json]:
    """Draw the marks between two local milliseconds, on an axis of their own from 0 to 1."""
    marks = sorted(scene.marks, key=lambda mark: mark.at)[-_MOST:]
    if not marks:
        return []
    at = local_ms(Series([mark.at for mark in marks]), scene.format.zone)
    inside = [(int(ms), m) for ms, m in zip(at, marks, strict=True) if first <= ms <= last]
    return [_stems(scene, inside), _symbols(scene, inside)] if inside else []


def _stems(scene: Scene, marks: list[tuple[int, Mark]]) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "yaxis": "y2",
        "x": [at for ms, _ in marks for at in (iso(ms), iso(ms), None)],
        "y": [0, 1, None] * len(marks),
        "line": {"color": scene.theme.unknown, "width": 1, "dash": "1px,4px"},
        "opacity": 0.7,
        "connectgaps": False,
        "hoverinfo": "skip",
    }


def _symbols(scene: Scene, marks: list[tuple[int, Mark]]) -> Json:
    colours = [scene.theme.tone(_TONES[m.kind]) if m.kind in _TONES else "" for _, m in marks]
    return {
        "type": "scatter",
        "mode": "markers",
        "yaxis": "y2",
        "x": [iso(ms) for ms, _ in marks],
        "y": [0] * len(marks),
        "marker": {
            "symbol": [SYMBOLS.get(mark.kind, "circle") for _, mark in marks],
            "size": 9,
            "color": [colour or scene.theme.text for colour in colours],
        },
        "cliponaxis": False,
        "customdata": [escaped(mark.label) for _, mark in marks],
        "hovertemplate": "%{customdata}<extra></extra>",
        "name": "",
    }


def dashed_over_bars(scene: Scene, points: Json, said: Json) -> list[Json]:
    """Draw the comparison as a dashed line of steps that is seen on bars and beside them."""
    theme = scene.theme
    base = {"type": "scatter", "mode": "lines", "name": "", **points}
    ground = {"color": theme.raised, "width": 3, "shape": "hvh"}
    dashes = {"color": theme.text, "width": 1.4, "dash": "4px,3px", "shape": "hvh"}
    return [
        {**base, "line": ground, "opacity": 0.55, "hoverinfo": "skip"},
        {**base, "line": dashes, "opacity": 0.7, **said},
    ]


def escaped(words: str) -> str:
    """Keep the chart library from reading markup in words that people typed elsewhere."""
    plain = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain if len(plain) <= 90 else plain[:89] + "…"
