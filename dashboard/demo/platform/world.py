"""The inhabitants of the simulated marketplace: who offers what. Visitors are in `crowd`."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from dashboard.demo.platform import geography
from dashboard.demo.platform.crowd import Crowd
from dashboard.demo.platform.hashing import Floats, Ints
from dashboard.demo.platform.names import KINDS, SERVICES
from dashboard.demo.platform.rhythm import HISTORY_DAYS, epoch
from dashboard.demo.platform.setting import Setting

_SERVICES_EACH: Final = 3


@dataclass(frozen=True, slots=True)
class Providers:
    """Columns about providers, sorted by province; number of a provider = position + 1."""

    province: Ints
    city: Ints
    kind: Ints
    organization: Ints
    weight: Floats
    rating: Floats
    weekly_minutes: Ints
    joined_day: Floats
    take_rate: Floats
    services: Ints  # (n, 3) numbers in the price list of the kind
    prices_minor: Ints  # (n, 3)
    minutes: Ints  # (n, 3)


class World:
    """A setting with everything that is drawn from it once."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.launch_s = epoch(setting.launch)
        self.organization_count = max(12, self.provider_count // 6)
        self.crowd = Crowd(setting)

    @cached_property
    def provider_count(self) -> int:
        """They grow slower than traffic: 1,200 for a million events, 8,000 for twenty."""
        return int(np.clip(1200 * (self.setting.events / 1e6) ** 0.63, 60, 20_000))

    @cached_property
    def providers(self) -> Providers:
        """Supply follows demand times the province's supply factor; popularity is a power law."""
        rng = np.random.default_rng([self.setting.seed, 1])
        n, extra = self.provider_count, len(geography.PROVINCES)
        share = geography.SUPPLY / geography.SUPPLY.sum()
        province = np.sort(
            np.concatenate((np.arange(extra), rng.choice(extra, size=n - extra, p=share)))
        )
        kind = rng.choice(3, size=n, p=[0.42, 0.38, 0.20])
        offered = np.array([
            rng.permutation(len(SERVICES[KINDS[k]]))[:_SERVICES_EACH] for k in kind
        ])  # fmt: skip
        listed = [
            [SERVICES[KINDS[k]][s] for s in row] for k, row in zip(kind, offered, strict=True)
        ]
        level = rng.lognormal(0, 0.22, n)
        prices = np.array([[price for _, _, price in row] for row in listed]) * level[:, None]
        joined = HISTORY_DAYS * rng.random(n) ** 2.2 - 30
        joined[np.searchsorted(province, np.arange(extra))] = -30  # someone was there at the launch
        tenants = (self.organization_count * rng.random(n) ** 1.7).astype(np.int64)
        return Providers(
            province=province,
            city=geography.CITY_OFFSET[province]
            + (geography.CITY_COUNT[province] * rng.random(n) ** 1.6).astype(np.int64),
            kind=kind,
            organization=tenants + 1,
            weight=(1 + rng.pareto(1.35, n)).clip(max=60),
            rating=np.round(np.clip(rng.normal(4.35, 0.38, n), 2.2, 5.0), 2).astype(np.float64),
            weekly_minutes=rng.integers(20, 55, n) * 60,
            joined_day=joined,
            take_rate=np.array([0.10, 0.11, 0.08])[kind] + rng.integers(-1, 3, n) / 100,
            services=offered,
            prices_minor=(np.round(prices / 100) * 100 * 100).astype(np.int64),
            minutes=np.array([[length for _, length, _ in row] for row in listed]),
        )

    @cached_property
    def _edges(self) -> tuple[Floats, Floats, Floats]:
        """Running sum of provider weights, and where each province begins and ends in it."""
        running = np.cumsum(self.providers.weight)
        ends = np.searchsorted(self.providers.province, np.arange(24), side="right")
        upper = running[ends - 1]
        return running, np.concatenate(([0.0], upper[:-1])), upper

    def choose_provider(self, province: Ints, luck: Floats, *, day: float) -> Ints:
        """Index of a provider of each province who has joined by `day`, popular ones more often."""
        running, lower, upper = self._edges
        target = lower[province] + luck * (upper[province] - lower[province]) * 0.999999
        chosen = np.searchsorted(running, target, side="right")
        first = np.searchsorted(self.providers.province, province)
        return np.where(self.providers.joined_day[chosen] <= day, chosen, first)
