"""Counters that only grow: totals of the model's increments since a fixed moment.

Back-fill and exporter count from the same origin, so that a scraped counter goes on exactly where
the back-filled one ends, also after a restart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from dashboard.demo.platform.hashing import Floats
from dashboard.demo.platform.levels import sheet
from dashboard.demo.platform.rhythm import DAY_S, epoch
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.sheet import MINUTE_S, Labels, Line

REACH: Final = timedelta(days=31)  # no metric is older than this before the moment of filling
_CHUNK: Final = DAY_S // MINUTE_S


@dataclass(frozen=True, slots=True)
class Reading:
    """Values of one series at given moments."""

    line: Line
    values: Floats


class Meter:
    """Reads all series minute by minute, or at any moment after the last minute read."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.minute_s: float = epoch(setting.anchor - REACH) // MINUTE_S * MINUTE_S
        self._totals: dict[tuple[str, Labels], float] = {}

    def skip_to(self, epoch_s: float) -> None:
        """Count without looking, up to the minute that holds a moment."""
        while self.minute_s + MINUTE_S <= epoch_s:
            minutes = int(min(_CHUNK, (epoch_s - self.minute_s) // MINUTE_S))
            for _ in self.minutes(minutes):
                pass

    def minutes(self, number: int) -> Iterator[Reading]:
        """The next so many minutes: each series at the beginning of each minute."""
        at = self.minute_s + np.arange(number) * MINUTE_S
        self.minute_s += number * MINUTE_S
        for line in sheet(self.setting, at.astype(np.float64)).lines:
            if not line.grows:
                yield Reading(line, line.values)
                continue
            key = (line.sample, line.labels)
            before = self._totals.get(key, 0.0)
            running = before + np.cumsum(line.values)
            self._totals[key] = float(running[-1])
            values = np.concatenate((np.array([before]), running[:-1]))
            yield Reading(line, np.floor(values) if line.is_whole else values)

    def at(self, epoch_s: float) -> Iterator[Reading]:
        """Each series at one moment, which may not lie before the last minute read."""
        self.skip_to(epoch_s)
        part = (epoch_s - self.minute_s) / MINUTE_S
        now = np.array([epoch_s])
        grown = {
            (line.sample, line.labels): line.values
            for line in sheet(self.setting, np.array([self.minute_s])).lines
            if line.grows
        }
        for line in sheet(self.setting, now).lines:
            if not line.grows:
                yield Reading(line, line.values)
                continue
            key = (line.sample, line.labels)
            value = self._totals.get(key, 0.0) + part * grown[key]
            yield Reading(line, np.floor(value) if line.is_whole else value)
