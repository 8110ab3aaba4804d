"""Attributes that follow from an id alone: the live feed needs no memory of what history drew."""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

_GOLDEN: Final = 0x9E3779B97F4A7C15
_WORD: Final = 2**64


def mix(keys: Ints, *, salt: int) -> NDArray[np.uint64]:
    """Well spread 64-bit words (splitmix64) of integer keys."""
    with np.errstate(over="ignore"):
        z = keys.astype(np.uint64) + np.uint64(_GOLDEN * (salt + 1) % _WORD)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(keys: Ints, *, salt: int) -> Floats:
    """Numbers in [0, 1) that depend on nothing but key and salt."""
    return (mix(keys, salt=salt) >> np.uint64(11)).astype(np.float64) / 2.0**53


def pick(keys: Ints, weights: Floats, *, salt: int) -> Ints:
    """An index into `weights` for each key, chosen in proportion to them."""
    edges = np.cumsum(weights) / weights.sum()
    return np.searchsorted(edges, uniform(keys, salt=salt), side="right").clip(0, len(edges) - 1)
