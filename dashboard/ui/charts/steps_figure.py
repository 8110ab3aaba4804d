"""A funnel as a figure: bars with their numbers above, what is lost between them, before dashed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from dashboard.ui.charts.cases import FEW, is_few
from dashboard.ui.charts.marks import escaped
from dashboard.ui.charts.scene import Json, Scene
from dashboard.ui.charts.series import floats
from dashboard.ui.theme import figure_layout
from dashboard.ui.words import say

ROW_PX: Final = 78
_FOOT_PX, _LINE_PX = 12, 15
_ROOM: Final = 0.72
"""Beyond this share of the width there is no room for words beside a bar."""
_BAR, _DASHED = (0.30, 0.58), (0.62, 0.73)
"""Where the bar and the comparison's stand within a row, from its top at 0 to the next one's."""
_WORDS, _BETWEEN = 0.15, 0.88
"""Where the words stand: over the bar, and between two steps."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: who reached it, who reached the one before, who may still come."""

    name: str
    count: float
    earlier: float
    still: float
    money: float
    first: float

    @property
    def lost(self) -> float:
        """Those who reached the step before and will not reach this one."""
        return max(0.0, self.earlier - self.count - self.still)

    @property
    def of_first(self) -> float:
        """Share of those who began, in per cent."""
        return 100 * self.count / self.first if self.first else np.nan

    @property
    def of_earlier(self) -> float:
        """Share of those who reached the step before, in per cent."""
        return 100 * self.count / self.earlier if self.earlier else np.nan


@dataclass(frozen=True, slots=True)
class StepsFigure:
    """Everything that a funnel is drawn from; `before` is empty or has as many steps."""

    scene: Scene
    steps: list[Step]
    before: list[Step]
    unit: str
    window: str

    @property
    def height(self) -> int:
        """The height that the steps need."""
        return ROW_PX * len(self.steps) + self._foot_px() - round(ROW_PX * (1 - _DASHED[1])) + 8

    def figure(self) -> Json:
        """Give the figure."""
        return {
            "data": [
                self._bars("lost"),
                self._bars("reached"),
                *([self._bars("still")] if any(step.still for step in self.steps) else []),
                *([self._dashed(), self._dashed_hover()] if self.before else []),
                self._said([escaped(step.name) for step in self.steps], _WORDS, "left", bold=True),
                self._said([*self._counts()], _WORDS, "right"),
                self._said([*self._left()], _BETWEEN, "left"),
                self._said([*self._cost()], _BETWEEN, "right"),
                self._may_still(),
            ],
            "layout": self._layout(),
        }

    def summary(self) -> str:
        """Say how many begin and end, and where most are lost."""
        first, last = self.steps[0], self.steps[-1]
        worst = max(self.steps[1:] or [first], key=lambda step: step.lost)
        form = self.scene.format
        return say(
            "steps.alt",
            first=first.name,
            begin=form.number(first.count),
            end=form.number(last.count),
            last=last.name,
            rate=form.value(last.of_first, "%"),
            worst=worst.name,
            lost=form.number(worst.lost),
            window=self.window,
        ).strip()

    def _bars(self, part: str) -> Json:
        """Draw one part of all bars: who reached the step, who may still, who was lost before."""
        theme = self.scene.theme
        low, high = self._bar()
        base = {"reached": 0.0, "still": 1.0, "lost": 0.0}[part]
        lengths = {
            "reached": [step.count for step in self.steps],
            "still": [step.still for step in self.steps],
            "lost": [step.earlier for step in self.steps],
        }[part]
        colour = theme.grid if part == "lost" else theme.series(0)
        pattern = {"shape": "/", "size": 6, "solidity": 0.3, "bgcolor": theme.raised}
        marker: Json = {"color": colour, "line": {"width": 0}}
        if part == "still":
            marker["pattern"] = {**pattern, "fgcolor": theme.series(0)}
        return {
            "type": "bar",
            "orientation": "h",
            "base": [base * step.count for step in self.steps],
            "x": floats(np.array(lengths)),
            "y": [n + (low + high) / 2 for n in range(len(self.steps))],
            "width": high - low,
            "marker": marker,
            "hovertext": [self._hover(n) for n in range(len(self.steps))],
            "hoverinfo": "text" if part != "lost" else "skip",
            "name": "",
        }

    def _dashed(self) -> Json:
        """Draw the comparison period as outlines below the bars."""
        low, high = _DASHED
        x: list[float | None] = []
        y: list[float | None] = []
        for n, step in enumerate(self.before):
            x += [0, step.count, step.count, 0, 0, None]
            y += [n + low, n + low, n + high, n + high, n + low, None]
        line = {"color": self.scene.theme.series(0), "width": 1.1, "dash": "3px,2px"}
        trace = {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line}
        return {**trace, "opacity": 0.75, "hoverinfo": "skip"}

    def _dashed_hover(self) -> Json:
        """Let the outlines be hovered."""
        low, high = _DASHED
        form, words = self.scene.format, []
        for step in self.before:
            said = {"name": escaped(step.name), "compared": self.scene.compared}
            rate = form.value(step.of_first, "%")
            words.append(say("steps.before", **said, count=form.number(step.count), rate=rate))
        return {
            "type": "bar",
            "orientation": "h",
            "x": floats(np.array([step.count for step in self.before])),
            "y": [n + (low + high) / 2 for n in range(len(self.before))],
            "width": high - low,
            "marker": {"color": "rgba(0,0,0,0)"},
            "hovertext": words,
            "hoverinfo": "text",
            "name": "",
        }

    def _counts(self) -> Iterator[str]:
        """Write each step's count, its share of those who began and how that moved."""
        form, theme = self.scene.format, self.scene.theme
        for n, step in enumerate(self.steps):
            count = f"<b>{form.number(step.count)}</b>"
            if n == 0:
                yield count
                continue
            rate = form.value(step.of_first, "%")
            colour = theme.unknown if is_few(step.first) else theme.text
            yield f'{count}   <span style="color:{colour}">{rate}</span>{self._moved(n)}'

    def _moved(self, n: int) -> str:
        if not self.before or self.before[n].first < FEW or self.steps[n].first < FEW:
            return ""
        points = self.steps[n].of_first - self.before[n].of_first
        if not np.isfinite(points):
            return ""
        arrow = "=" if abs(points) < 0.05 else "↑" if points > 0 else "↓"
        moved = say("steps.points", arrow=arrow, points=self.scene.format.number(abs(points), 1))
        return f'   <span style="color:{self.scene.theme.muted}">{moved}</span>'

    def _left(self) -> Iterator[str]:
        """Write between two steps how many go on and how many leave."""
        form = self.scene.format
        for step in self.steps[1:]:
            words = {"rate": form.value(step.of_earlier, "%"), "lost": form.number(step.lost)}
            if is_few(step.earlier):
                yield say("steps.between.few", lost=words["lost"], few=form.number(step.earlier))
            else:
                yield say("steps.between", **words)

    def _cost(self) -> Iterator[str]:
        for step in self.steps[1:]:
            money = self.scene.format.value(step.money, self.unit)
            yield say("steps.cost", money=money) if np.isfinite(step.money) else ""

    def _may_still(self) -> Json:
        """Write beside the hatched part how many it is, where there is room."""
        low, high = self._bar()
        most = self._most() * _ROOM
        shown = [n for n, s in enumerate(self.steps) if s.still and s.count + s.still < most]
        steps, form = self.steps, self.scene.format
        return {
            "type": "scatter",
            "mode": "text",
            "x": [steps[n].count + steps[n].still for n in shown],
            "y": [n + (low + high) / 2 for n in shown],
            "text": [say("steps.still", still=form.number(steps[n].still)) for n in shown],
            "textposition": "middle right",
            "textfont": {"size": 11, "color": self.scene.theme.muted},
            "cliponaxis": False,
            "hoverinfo": "skip",
        }

    def _most(self) -> float:
        return max(step.first for step in (*self.steps, *self.before))

    def _bar(self) -> tuple[float, float]:
        """Give where the bar stands: it is higher where nothing is compared."""
        return _BAR if self.before else (_BAR[0], _DASHED[1])

    def _said(self, words: list[str], at: float, side: str, *, bold: bool = False) -> Json:
        """Write words at one edge of the figure, one for each row."""
        theme = self.scene.theme
        over = at == _WORDS
        return {
            "type": "scatter",
            "mode": "text",
            "xaxis": "x2",
            "x": [0 if side == "left" else 1] * len(words),
            "y": [n + at for n in range(len(words))],
            "text": [f"<b>{each}</b>" if bold else each for each in words],
            "textposition": "middle right" if side == "left" else "middle left",
            "textfont": {"size": 13 if over else 11, "color": theme.text if over else theme.muted},
            "cliponaxis": False,
            "hoverinfo": "skip",
        }

    def _hover(self, n: int) -> str:
        step, form = self.steps[n], self.scene.format
        lines = [f"<b>{escaped(step.name)}</b>", form.number(step.count)]
        if n:
            whole = form.number(step.first), form.number(step.earlier)
            rates = form.value(step.of_first, "%"), form.value(step.of_earlier, "%")
            lines += [
                say("steps.hover.first", rate=rates[0], whole=whole[0]),
                say("steps.hover.last", rate=rates[1], whole=whole[1]),
                say("steps.hover.lost", lost=form.number(step.lost)),
            ]
            lines += [say("steps.hover.still", still=form.number(step.still))] if step.still else []
        return "<br>".join(lines)

    def _foot(self) -> list[str]:
        still = say("steps.key.still") if any(step.still for step in self.steps) else ""
        priced = any(np.isfinite(step.money) for step in self.steps)
        money = say("steps.key.money") if priced else ""
        return [line for line in (self.window, still, money) if line]

    def _foot_px(self) -> int:
        return _FOOT_PX + _LINE_PX * len(self._foot())

    def _layout(self) -> Json:
        theme = self.scene.theme
        fixed = {"visible": False, "fixedrange": True}
        end = len(self.steps) - 1 + _DASHED[1] + 0.04
        return {
            **figure_layout(theme),
            "barmode": "overlay",
            "dragmode": False,
            "hovermode": "closest",
            "uirevision": self.scene.revision,
            "margin": {"l": 2, "r": 2, "t": 2, "b": self._foot_px()},
            "xaxis": {**fixed, "range": [0, self._most()]},
            "xaxis2": {**fixed, "range": [0, 1], "overlaying": "x"},
            "yaxis": {**fixed, "range": [end, 0]},
            "annotations": [
                {
                    "text": "<br>".join(each for each in self._foot()),
                    "showarrow": False,
                    "align": "left",
                    "font": {"size": 11, "color": theme.muted},
                    "xref": "paper",
                    "x": 0,
                    "xanchor": "left",
                    "yref": "paper",
                    "y": 0,
                    "yanchor": "top",
                    "yshift": -6,
                }
            ],
        }
