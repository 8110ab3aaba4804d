"""Quantiles of durations that were counted in logarithmic buckets.

Bucket b holds the durations from 1.02^b up to 1.02^(b + 1) seconds; bucket 0 also holds all under a
second. Each bucket is 2 % wide, and so is the most that a quantile can be off.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

GROWTH: Final = 1.02


def quantile(counts: Mapping[int, int], q: float) -> float:
    """Give the duration in seconds that a share q of all does not exceed; NaN without any.

    Within its bucket it is interpolated on the logarithmic scale, as if the bucket's durations were
    spread evenly over it.
    """
    total = sum(counts.values())
    if not total:
        return math.nan
    rank, below = q * total, 0
    for bucket in sorted(counts):
        if counts[bucket] and below + counts[bucket] >= rank:
            inside = (rank - below) / counts[bucket]
            return float(GROWTH ** (bucket + inside))
        below += counts[bucket]
    return float(GROWTH ** (max(counts) + 1))


def in_classes(counts: Mapping[int, int], edges: Sequence[float]) -> list[int]:
    """Count durations by class: below the first edge, between two edges, from the last one on.

    A bucket across an edge belongs to the class of its geometric middle, so an edge is off by 1 %
    at most.
    """
    found = [0] * (len(edges) + 1)
    for bucket, count in counts.items():
        found[class_of(GROWTH ** (bucket + 0.5), edges)] += count
    return found


def class_of(seconds: float, edges: Sequence[float]) -> int:
    """Give the number of the class that a duration belongs to."""
    return sum(seconds >= edge for edge in edges)


def merged(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Add up (bucket, count) pairs."""
    counts: dict[int, int] = {}
    for bucket, count in rows:
        counts[bucket] = counts.get(bucket, 0) + count
    return counts
