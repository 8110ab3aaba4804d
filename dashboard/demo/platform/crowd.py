"""The visitors: how many come in an hour, who is new, and what follows from a visitor's number.

Visitors are not stored. Numbers are given out in order of first visit, so a number tells the hour
of birth, and everything else about a visitor is a hash of the number: the live feed knows a visitor
of March without reading March.
"""

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dashboard.demo.platform import geography
from dashboard.demo.platform.hashing import Floats, Ints, pick, uniform
from dashboard.demo.platform.incidents import total
from dashboard.demo.platform.rhythm import DAY_S, HISTORY_DAYS, HOUR_S, daily, epoch, load
from dashboard.demo.platform.setting import Setting

EVENTS_PER_SESSION: Final = 5.17  # what `journeys` makes on average; a test holds it
REGISTERED_SHARE: Final = 0.62
DEVICES: Final = ("mobile", "desktop", "tablet")
SURGE: Final = 2.4  # extra traffic of the province in a surge, in units of its normal traffic
VIRAL: Final = 0.30  # extra newcomers while the code spreads, in units of the whole traffic
_DEVICE_SHARE: Final = np.array([0.845, 0.125, 0.030])
_HORIZON_DAYS: Final = HISTORY_DAYS + 760  # how long a demo can be kept alive


class Crowd:
    """Arrivals per hour since launch, and the attributes of visitors by number."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._salt = setting.seed * 8
        middles = np.arange(_HORIZON_DAYS * 24) * HOUR_S + HOUR_S / 2
        self.hour_at: Floats = (epoch(setting.launch) + middles).astype(np.float64)

    @cached_property
    def sessions_per_s(self) -> float:
        """Sessions per second where `load` is 1."""
        mean = float(load(self.hour_at[: HISTORY_DAYS * 24], launch=self.setting.launch).mean())
        return self.setting.events / EVENTS_PER_SESSION / (HISTORY_DAYS * DAY_S * mean)

    @cached_property
    def demand(self) -> NDArray[np.float64]:
        """(hours, provinces) demand relative to the country's mean traffic: rhythm and surges."""
        siesta = daily(self.hour_at, siesta=True)[:, None]
        metro = daily(self.hour_at, siesta=False)[:, None]
        shape = np.where(geography.SIESTA[None, :], siesta, metro)
        weight = geography.DEMAND / geography.DEMAND.sum()
        surge = np.stack(
            [
                total(self.setting.incidents, "surge", self.hour_at, target=p.iso)
                for p in geography.PROVINCES
            ],
            axis=1,
        )
        return np.asarray(weight[None, :] * shape * (1 + SURGE * surge))

    @cached_property
    def expected(self) -> tuple[Floats, Floats]:
        """Expected sessions of every hour by newcomers, and by people who come back."""
        mixed = load(self.hour_at, launch=self.setting.launch)
        plain = geography.SIESTA_SHARE * daily(self.hour_at, siesta=True) + (
            1 - geography.SIESTA_SHARE
        ) * daily(self.hour_at, siesta=False)
        sessions = self.sessions_per_s * HOUR_S * mixed / plain * self.demand.sum(axis=1)
        day = np.arange(len(self.hour_at)) / 24
        share = 0.34 + 0.56 * np.exp(
            -day / 18.0
        )  # of an hour's sessions, by people never seen before
        viral = VIRAL * total(self.setting.incidents, "viral", self.hour_at)
        return sessions * (share + viral), sessions * (1 - share)

    @cached_property
    def first(self) -> Ints:
        """First visitor number given out in each hour; numbers start at 1."""
        running = np.cumsum(self.expected[0])
        return np.concatenate(([1], 1 + np.round(running).astype(np.int64)))

    def birth_hour(self, visitor: Ints) -> Ints:
        """Hour since launch in which the visitor came first."""
        return np.searchsorted(self.first, visitor, side="right") - 1

    @cached_property
    def _province_edges(self) -> NDArray[np.float64]:
        running = np.cumsum(self.demand, axis=1)
        return np.asarray(running / running[:, -1:])

    def province_of(self, visitor: Ints) -> Ints:
        """Index of the visitor's province: drawn by the demand in the hour of birth."""
        luck = uniform(visitor, salt=self._salt + 1)
        edges = self._province_edges[self.birth_hour(visitor)]
        return np.asarray((luck[:, None] > edges).sum(axis=1).clip(0, 23))

    def device_of(self, visitor: Ints) -> Ints:
        """Index in DEVICES; more than four of five come by mobile."""
        return pick(visitor, _DEVICE_SHARE, salt=self._salt + 2)

    def is_registered(self, visitor: Ints) -> NDArray[np.bool_]:
        """Whether the visitor has an account; user number = visitor number."""
        return uniform(visitor, salt=self._salt + 3) < REGISTERED_SHARE

    def city_of(self, visitor: Ints, province: Ints) -> Ints:
        """Index in geography.CITIES; the first city of a province is the largest."""
        luck = uniform(visitor, salt=self._salt + 4) ** 1.6
        within = (geography.CITY_COUNT[province] * luck).astype(np.int64)
        return np.asarray(geography.CITY_OFFSET[province] + within)

    def returning(self, rng: np.random.Generator, *, hour: int) -> Ints:
        """Visitors of earlier days who come back in this hour, recent and heavy ones more often."""
        day = hour // 24
        wanted = int(rng.poisson(self.expected[1][hour]))
        if not day or not wanted:
            return np.empty(0, dtype=np.int64)
        begins = self.first[: 24 * day + 1 : 24]
        sizes = np.diff(begins)
        age = day - np.arange(day)
        running = np.cumsum(sizes * (0.55 * np.exp(-age / 3.0) + 0.30 * np.exp(-age / 20.0) + 0.06))
        tried = int(wanted * 3) + 16
        cohort = np.searchsorted(running, rng.random(tried) * running[-1], side="right").clip(
            0, day - 1
        )
        visitor = begins[cohort] + (sizes[cohort] * rng.random(tried) ** 2.2).astype(np.int64)
        # Regional rhythm: a visitor is awake when the own province is.
        awake = self.demand[hour] / geography.DEMAND
        keep = rng.random(tried) < (awake / awake.max())[self.province_of(visitor)]
        return np.asarray(visitor[keep][:wanted])
