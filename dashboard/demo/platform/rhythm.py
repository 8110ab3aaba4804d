"""How busy the platform is at a moment: growth since launch, day of the week, hour, region."""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from dashboard.demo.platform.geography import SIESTA_SHARE
from dashboard.demo.platform.hashing import Floats

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
LOCAL_S: Final = -3 * HOUR_S  # Argentina has kept UTC-3 without daylight saving since 2009
HISTORY_DAYS: Final = 90

# Monday first: people get their hair cut before the weekend.
_WEEK: Final = np.array([0.92, 0.95, 1.00, 1.05, 1.18, 1.22, 0.68])
_METRO: Final = np.array([
    0.30, 0.16, 0.10, 0.08, 0.08, 0.12, 0.25, 0.50, 0.85, 1.10, 1.25, 1.30,
    1.22, 1.15, 1.10, 1.12, 1.22, 1.38, 1.55, 1.65, 1.62, 1.40, 0.95, 0.55,
])  # fmt: skip
_SIESTA: Final = np.array([
    0.40, 0.20, 0.10, 0.08, 0.08, 0.12, 0.30, 0.62, 1.00, 1.30, 1.40, 1.35,
    1.10, 0.60, 0.35, 0.35, 0.55, 1.05, 1.50, 1.80, 1.95, 1.75, 1.20, 0.70,
])  # fmt: skip
_PROFILES: Final = tuple(
    np.append(p, p[0]) * 24 / p.sum()  # closed circle with mean 1
    for p in (_METRO, _SIESTA)
)


def epoch(moment: datetime) -> float:
    """Seconds since 1970 UTC."""
    return moment.timestamp()


def moment(epoch_s: float) -> datetime:
    """The aware UTC moment of an epoch second."""
    return datetime.fromtimestamp(epoch_s, UTC)


def local_midnight(at: datetime) -> datetime:
    """The beginning of the local day that holds a moment, as UTC."""
    local_s = int(epoch(at)) + LOCAL_S
    return moment(local_s - local_s % DAY_S - LOCAL_S)


def launch_of(anchor: datetime) -> datetime:
    """Where history begins: the local midnight HISTORY_DAYS before the anchor's day."""
    return local_midnight(anchor) - timedelta(days=HISTORY_DAYS)


def growth(days: Floats) -> Floats:
    """Size of the platform `days` after launch; its mean over the 90 days of history is 1."""
    ramp = 1 - 0.75 * np.exp(
        -np.maximum(days, 0) / 2.0
    )  # the first days are an invitation-only trickle
    shape = 0.42 + 1.16 * (np.clip(days, 0, 3 * HISTORY_DAYS) / HISTORY_DAYS) ** 1.05
    return np.asarray(ramp * shape)


def weekly(epoch_s: Floats) -> Floats:
    """Weight of the local weekday, moving over smoothly around midnight."""
    position = (epoch_s + LOCAL_S) / DAY_S + 3  # 1970-01-01 was a Thursday
    day = np.floor(position).astype(np.int64)
    part = np.clip((position - day) * 8, 0, 1)  # the first three hours blend from the day before
    return np.asarray((1 - part) * _WEEK[(day - 1) % 7] + part * _WEEK[day % 7])


def daily(epoch_s: Floats, *, siesta: bool) -> Floats:
    """Weight of the local hour in the big cities, or where the afternoon is slept through."""
    hours = ((epoch_s + LOCAL_S) % DAY_S) / HOUR_S
    return np.asarray(np.interp(hours, np.arange(25), _PROFILES[int(siesta)]))


def load(epoch_s: Floats, *, launch: datetime) -> Floats:
    """Traffic of the whole country; about 1 on the mean day of history, about 1.6 at its end."""
    days = (epoch_s - epoch(launch)) / DAY_S
    hours = (1 - SIESTA_SHARE) * daily(epoch_s, siesta=False) + SIESTA_SHARE * daily(
        epoch_s, siesta=True
    )
    return np.asarray(growth(days) * weekly(epoch_s) * hours)
