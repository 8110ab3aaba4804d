"""Buckets of time: whether the last one is over, and where those before belong."""

from typing import Final

import numpy as np
from pandas import Series

from dashboard.ui.charts.scene import Scene
from dashboard.ui.charts.series import Ints, local_ms

DAY_MS: Final = 86_400_000
MONTH_MS: Final = 27 * DAY_MS
"""Buckets at least this far apart are calendar months."""


def step_of(at: Ints) -> int:
    """Give the usual distance of bucket starts in milliseconds; 0 for fewer than two."""
    apart = np.diff(np.unique(at))
    return int(np.median(apart)) if apart.size else 0


def last_is_open(at: Ints, scene: Scene) -> bool:
    """Say whether the last bucket of some local starts is not over yet.

    Without a moment to compare with, or with a single bucket, it is taken for open.
    """
    step = step_of(at)
    if scene.now is None or not step:
        return True
    now = int(local_ms(Series([scene.now]), scene.format.zone)[0])
    return _end(int(at[-1]), step) > now


def snapped(at: Ints, to: Ints) -> Ints:
    """Move starts to those of the period itself where one is near: months differ in length."""
    half = step_of(to) // 2
    if not to.size or not half:
        return at
    known = np.unique(to)
    nearest = known[np.abs(known[None, :] - at[:, None]).argmin(axis=1)]
    return np.where(np.abs(nearest - at) <= half, nearest, at)


def _end(start: int, step: int) -> int:
    if step < MONTH_MS:
        return start + step
    month = np.datetime64(start, "ms").astype("datetime64[M]") + np.timedelta64(1, "M")
    return int(month.astype("datetime64[ms]").astype(np.int64))
