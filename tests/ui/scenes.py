"""Values to draw, and scenes to draw them in."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from pandas import DataFrame, concat, date_range

from dashboard.ui.charts.scene import Mark, Scene, Threshold
from dashboard.ui.numbers import Format
from dashboard.ui.theme import LIGHT, Theme

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
FORM: Final = Format("es_AR", ZONE)
NOW: Final = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def series(*names: str, points: int = 61, step_s: int = 60, top: float = 100.0) -> DataFrame:
    """Rows like those of `Signals.range`, ending at NOW."""
    at = date_range(end=NOW, periods=points, freq=f"{step_s}s")
    wave = 0.5 + 0.4 * np.sin(np.arange(points) / 7)
    rows = [
        DataFrame({"at": at, "series": name, "value": top * wave / (n + 1)})
        for n, name in enumerate(names)
    ]
    return concat(rows, ignore_index=True)


def scene(theme: Theme = LIGHT, **changes: object) -> Scene:
    """A scene in which everything that can be drawn is there."""
    given: dict[str, object] = {
        "theme": theme,
        "format": FORM,
        "unit": "ms",
        "thresholds": (
            Threshold(80.0, "warning", "warning 80 ms"),
            Threshold(95.0, "critical", "critical 95 ms"),
        ),
        "marks": (
            Mark(NOW - timedelta(minutes=20), "deploy", "api 4.18"),
            Mark(NOW - timedelta(minutes=10), "alert", "<b>slow</b>"),
        ),
        "compared": "last week",
        "shift": timedelta(days=7),
        "now": NOW,
        "revision": "1h|last_week",
    }
    return Scene(**{**given, **changes})  # type: ignore[arg-type]  # fields by name
