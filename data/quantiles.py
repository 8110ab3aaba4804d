"""Quantiles of a histogram, interpolated from its buckets as Prometheus' histogram_quantile does.

Evaluating the buckets is nearly all that a quantile costs Prometheus, so several quantiles of the
same buckets are better asked for as the buckets, once.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from data.prometheus import Series

# Only the plain form of one line; whatever else a query says, Prometheus answers it as a whole.
_FORM: Final = re.compile(
    r"(?:(?P<scale>[0-9.]+) ?\* ?)?"
    r"histogram_quantile ?\( ?(?P<q>[0-9.]+) ?, ?"
    r"(?P<buckets>sum ?by ?\( ?le ?\) ?\( ?rate ?\( ?[a-zA-Z_:][\w:]*_bucket[^()]*\) ?\)) ?\)"
)
# As Prometheus does since 2.49: sums of the same rates in another order are not a real difference.
_SAME: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Quantile:
    """`scale * histogram_quantile(q, buckets)`, buckets a PromQL template by `le` alone."""

    scale: float
    q: float
    buckets: str


def read(promql: str | None) -> Quantile | None:
    """Take a template apart; None when it is not one quantile of one histogram by `le` alone."""
    found = _FORM.fullmatch(" ".join((promql or "").split()))
    if found is None:
        return None
    try:
        scale, q = float(found["scale"] or 1), float(found["q"])
    except ValueError:
        return None
    return Quantile(scale, q, found["buckets"]) if 0 < q <= 1 else None


def interpolated(buckets: Iterable[Series], wanted: Sequence[Quantile]) -> list[Series]:
    """Give a line for each quantile, without labels, from the lines of the buckets by `le`.

    A moment without observations, or without the bucket of +Inf, has no point.
    """
    points: list[list[tuple[float, float]]] = [[] for _ in wanted]
    for at, edges, counts in _histograms(buckets):
        for one, line in zip(wanted, points, strict=True):
            value = one.scale * _quantile(one.q, edges, counts)
            if math.isfinite(value):
                line.append((at, value))
    return [Series({}, tuple(line)) for line in points]


def _histograms(buckets: Iterable[Series]) -> Iterator[tuple[float, list[float], list[float]]]:
    """Give each moment's upper edges in order with their counts; equal edges are one bucket."""
    moments: dict[float, dict[float, float]] = {}
    for line in buckets:
        edge = _edge(line.labels.get("le", ""))
        if edge is not None:
            for at, count in line.points:
                counts = moments.setdefault(at, {})
                counts[edge] = counts.get(edge, 0.0) + count
    for at in sorted(moments):
        edges = sorted(moments[at])
        yield at, edges, _rising([moments[at][edge] for edge in edges])


def _edge(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _rising(counts: list[float]) -> list[float]:
    """Hold each count at the one before where it falls or hardly rises."""
    held = counts[:1]
    for count in counts[1:]:
        before = held[-1]
        is_same = abs(count - before) <= _SAME * (abs(count) + abs(before))
        held.append(before if is_same else max(before, count))
    return held


def _quantile(q: float, edges: list[float], counts: list[float]) -> float:
    last = len(edges) - 1
    if last < 1 or edges[last] != math.inf or counts[last] <= 0:
        return math.nan
    rank = q * counts[last]
    place = bisect_left(counts, rank, 0, last)
    if place == last:
        return edges[last - 1]
    if place == 0 and edges[0] <= 0:
        return edges[0]
    low, below = (edges[place - 1], counts[place - 1]) if place else (0.0, 0.0)
    return low + (edges[place] - low) * ((rank - below) / (counts[place] - below))
