"""Status in one place: a matrix of components, each with icon, word and colour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pandas import isna

from dashboard.ui.charts.scene import EMPTY, Draw, Json, Picture, Scene, Sheet, names_of
from dashboard.ui.charts.sheets import as_frame, frame_sheet, name_in_words
from dashboard.ui.theme import ICONS, Tone

RANKS: Final[dict[Tone, int]] = {"critical": 0, "warning": 1, "unknown": 2, "info": 3, "ok": 4}
"""The order in which states need a person."""
_WORDS: Final[dict[str, tuple[str, Tone]]] = {
    "": ("No breach", "ok"),
    "ok": ("OK", "ok"),
    "operational": ("Operational", "ok"),
    "up": ("Up", "ok"),
    "healthy": ("Healthy", "ok"),
    "succeeded": ("Succeeded", "ok"),
    "normal": ("Normal", "ok"),
    "served": ("Served", "ok"),
    "resolved": ("Resolved", "ok"),
    "info": ("Info", "info"),
    "maintenance": ("Maintenance", "info"),
    "acknowledged": ("Acknowledged", "info"),
    "silenced": ("Silenced", "info"),
    "few_cases": ("Too few cases", "info"),
    "low": ("Low", "warning"),
    "underserved": ("Underserved", "warning"),
    "degraded": ("Degraded", "warning"),
    "warning": ("Warning", "warning"),
    "late": ("Late", "warning"),
    "rolled_back": ("Rolled back", "warning"),
    "down": ("Down", "critical"),
    "critical": ("Critical", "critical"),
    "failed": ("Failed", "critical"),
    "open": ("Open", "critical"),
}


@dataclass(frozen=True, slots=True)
class StatusSpec:
    """Which columns a status matrix reads; see `status`."""

    name: str
    state: str
    group: str
    detail: str
    groups: Mapping[str, str]

    def picture(self, value: object, scene: Scene) -> Picture:
        """Lay the components out by group, the worst first within each."""
        frame = as_frame(value)
        if frame.empty:
            return EMPTY
        names_of(frame, [self.name, self.state])
        items = [self._item(row, scene) for row in frame.to_dict("records")]
        items.sort(key=lambda item: (item["o"], item["r"], item["n"].casefold()))
        return Picture({"status": items}, _summary(items))

    def sheet(self, value: object, _scene: Scene) -> Sheet:
        """Give the rows as they came."""
        return frame_sheet(value, units={"latency_ms": "ms"})

    def _item(self, row: dict[Any, Any], scene: Scene) -> Json:
        word, tone = word_and_tone(str(row[self.state]))
        group = str(row.get(self.group, ""))
        order = list(self.groups).index(group) if group in self.groups else len(self.groups)
        return {
            "n": name_in_words(str(row[self.name])),
            "w": word,
            "t": tone,
            "i": ICONS[tone],
            "g": self.groups.get(group, group),
            "d": self._detail(row, scene),
            "o": order,
            "r": RANKS[tone],
        }

    def _detail(self, row: dict[Any, Any], scene: Scene) -> str:
        found = row.get(self.detail)
        if found is None or found == "" or (not isinstance(found, str) and isna(found)):
            return ""
        if isinstance(found, str):
            return found
        return scene.format.value(float(found), "ms" if self.detail.endswith("_ms") else "")


def status(
    *,
    name: str = "component",
    state: str = "status",
    group: str = "kind",
    detail: str = "message",
    groups: Mapping[str, str] | None = None,
) -> Draw:
    """Draw components as a matrix of states; `groups` gives groups their words and order."""
    spec = StatusSpec(name, state, group, detail, groups or {})
    return Draw(spec.picture, spec.sheet, height=232, is_chart=False)


def word_and_tone(state: str) -> tuple[str, Tone]:
    """Give the word and the tone of a state; one that we do not know is shown, as unknown."""
    known = _WORDS.get(state)
    return known or (state.replace("_", " ").capitalize() or "Unknown", "unknown")


def _summary(items: list[Json]) -> str:
    bad = [f"{item['n']}: {item['w']}" for item in items if item["t"] != "ok"]
    if not bad:
        return f"All {len(items)} components are operational."
    return f"{len(items) - len(bad)} of {len(items)} components are operational. {'; '.join(bad)}."
