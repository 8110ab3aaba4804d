"""The word for a funnel: how many reach each step, how many leave before it, what that costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from pandas import DataFrame

from dashboard.ui.charts.cases import numbers
from dashboard.ui.charts.scene import EMPTY, Column, Draw, Picture, Scene, Sheet, names_of
from dashboard.ui.charts.sheets import name_in_words
from dashboard.ui.charts.steps_figure import ROW_PX, Step, StepsFigure
from dashboard.ui.numbers import MONEY
from dashboard.ui.words import say

_MONEY: Final = "ARS minor"
_WINDOWS: Final = {"30m", "24h", "7d", "any"}


@dataclass(frozen=True, slots=True)
class StepsSpec:
    """Which columns a funnel reads; see `steps`."""

    name: str = "step"
    count: str = "sessions"
    still: str = "still_converting"
    money: str = "lost_minor"
    window: str = "window"
    unit: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def picture(self, value: object, scene: Scene) -> Picture:
        """Draw the steps from top to bottom; empty when nobody began."""
        found = self._read(value)
        if not found or not found[0].count:
            return EMPTY
        before = self._read(scene.previous)
        same = before if len(before) == len(found) and before[0].count else []
        chart = StepsFigure(scene, found, same, self._unit(scene), self._window(value))
        content = {"fig": chart.figure(), "height": chart.height, "compared": bool(same)}
        return Picture(content, chart.summary())

    def sheet(self, value: object, scene: Scene) -> Sheet:
        """Give the steps with their rates, and those of the comparison period beside them."""
        found = self._read(value)
        before = self._read(scene.previous)
        rows = [_row(found, n) for n in range(len(found))]
        frame = DataFrame(rows, columns=[c.name for c in self._heads(scene)])
        if before and len(before) == len(found):
            frame["before"] = [each.count for each in before]
            heads = (*self._heads(scene), Column("before", scene.compared, "count", "number"))
            return Sheet(heads, frame)
        return Sheet(self._heads(scene), frame)

    def _heads(self, scene: Scene) -> tuple[Column, ...]:
        return (
            Column("step", say("steps.head.step")),
            Column("count", say("steps.head.count"), "count", "number"),
            Column("of_first", say("steps.head.first"), "%", "number"),
            Column("of_last", say("steps.head.last"), "%", "number"),
            Column("still", say("steps.head.still"), "count", "number"),
            Column("lost", say("steps.head.lost"), "count", "number"),
            Column("money", say("steps.head.money"), self._unit(scene), "number"),
        )

    def _unit(self, scene: Scene) -> str:
        """Give the unit of what is lost: the currency that the panel speaks of."""
        return self.unit or (scene.unit if scene.unit.endswith(MONEY) else _MONEY)

    def _read(self, value: object) -> list[Step]:
        if not isinstance(value, DataFrame) or value.empty:
            return []
        names_of(value, [self.name, self.count])
        counts = np.nan_to_num(numbers(value, self.count))
        nothing = np.full(len(value), np.nan)
        still = numbers(value, self.still) if self.still in value.columns else nothing
        money = numbers(value, self.money) if self.money in value.columns else nothing
        words = [self.names.get(str(n)) or name_in_words(str(n)) for n in value[self.name]]
        earlier = [counts[0], *counts[:-1]]
        columns = (counts, earlier, np.nan_to_num(still), money)
        rows = np.column_stack(columns).tolist()
        return [
            Step(name, count, before, waiting, cost, first=float(counts[0]))
            for name, (count, before, waiting, cost) in zip(words, rows, strict=True)
        ]

    def _window(self, value: object) -> str:
        """Say how long a session may take from the first step to a later one."""
        if not isinstance(value, DataFrame) or self.window not in value.columns:
            return ""
        given = str(value[self.window].iloc[0])
        return say(f"steps.window.{given}") if given in _WINDOWS else ""


def steps(  # noqa: PLR0913 - each is one word of a page
    *,
    name: str = "step",
    count: str = "sessions",
    open: str = "still_converting",  # noqa: A002 - those whose window is open
    money: str = "lost_minor",
    window: str = "window",
    unit: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Draw:
    """Draw a funnel: one bar for each row, the first step first.

    `open` counts those who reached the step before and whose window is not over: they are hatched,
    not lost. `money` is what those lost before the step would have brought. `window` is "30m",
    "24h", "7d" or "any" and is printed. The comparison period is drawn dashed below each bar.
    """
    spec = StepsSpec(name, count, open, money, window, unit, names or {})
    return Draw(spec.picture, spec.sheet, height=5 * ROW_PX, unit=unit, is_compared=True)


def _row(found: list[Step], n: int) -> list[object]:
    step = found[n]
    if n == 0:
        return [step.name, step.count, step.of_first, np.nan, np.nan, np.nan, np.nan]
    return [
        *(step.name, step.count, step.of_first, step.of_earlier),
        *(step.still, step.lost, step.money),
    ]
