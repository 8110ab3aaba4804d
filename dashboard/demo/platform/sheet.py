"""Metrics of a stretch of time as columns: gauges as they stand, counters as growth per minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from dashboard.demo.platform.hashing import Floats, Ints, uniform

MINUTE_S: Final = 60
Labels = tuple[tuple[str, str], ...]
Job = Literal["platform", "postgres", "redis"]
JOBS: Final[tuple[Job, ...]] = ("platform", "postgres", "redis")


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: what `# TYPE` and `# HELP` say, and which exporter it is from."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    job: Job
    help: str


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a family. `sample` is its full name; increments per minute if `grows`."""

    family: Family
    sample: str
    labels: Labels
    values: Floats
    grows: bool
    is_whole: bool = True  # counts of things; seconds are not


@dataclass(slots=True)
class Sheet:
    """All lines of the moments `at`."""

    at: Floats
    lines: list[Line] = field(default_factory=list)

    def gauge(self, family: Family, values: Floats, **labels: str) -> None:
        """A value that goes up and down."""
        whole = np.broadcast_to(values, self.at.shape)
        self.lines.append(Line(family, family.name, tuple(labels.items()), whole, grows=False))

    def counter(self, family: Family, per_minute: Floats, **labels: str) -> None:
        """Events per minute."""
        is_whole = "seconds" not in family.name
        named = tuple(labels.items())
        self.lines.append(
            Line(family, family.name, named, per_minute, grows=True, is_whole=is_whole)
        )

    def histogram(
        self, family: Family, shape: "Timing", per_minute: Floats, buckets: Sequence[float],
        **labels: str,
    ) -> None:  # fmt: skip
        """Cumulative buckets, sum and count of timings."""
        named = tuple(labels.items())
        bucket = f"{family.name}_bucket"
        for edge in buckets:
            le = (*named, ("le", f"{edge:g}"))
            self.lines.append(Line(family, bucket, le, per_minute * shape.below(edge), grows=True))
        whole = (*named, ("le", "+Inf"))
        self.lines.append(Line(family, bucket, whole, per_minute, grows=True))
        seconds = per_minute * shape.mean()
        self.lines.append(
            Line(family, f"{family.name}_sum", named, seconds, grows=True, is_whole=False)
        )
        self.lines.append(Line(family, f"{family.name}_count", named, per_minute, grows=True))

    def sum_by(self, sample: str, by: str | None = None, **only: str) -> Mapping[str, Floats]:
        """Sum of all series of one sample name, by a label, as PromQL's `sum by` would."""
        out: dict[str, Floats] = {}
        for line in self.lines:
            labels = dict(line.labels)
            if line.sample == sample and all(labels.get(k) == v for k, v in only.items()):
                key = labels[by] if by else ""
                out[key] = out.get(key, np.zeros(len(self.at))) + line.values
        return out


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations with a log-logistic spread: median in seconds, tightness above 1."""

    median_s: Floats
    tightness: float

    def below(self, edge_s: float) -> Floats:
        """Share of durations up to an edge."""
        return np.asarray(1.0 / (1.0 + (edge_s / self.median_s) ** -self.tightness))

    def mean(self) -> Floats:
        """Average duration in seconds."""
        angle = np.pi / self.tightness
        return np.asarray(self.median_s * angle / np.sin(angle))


def wobble(key: str, at: Floats, *, seed: int, amplitude: float = 0.06) -> Floats:
    """Smooth noise around 1 that depends on nothing but seed, key and moment."""
    salt = seed * 8 + sum(ord(c) * 131**n for n, c in enumerate(key)) % 1_000_003
    slow = _smooth(at / 2700.0, salt) + 0.6 * _smooth(at / 600.0, salt + 1)
    return np.asarray(1 + amplitude * (slow + 0.5 * _smooth(at / MINUTE_S, salt + 2)))


def _smooth(position: Floats, salt: int) -> Floats:
    """Noise in [-1, 1], interpolated between whole positions."""
    left: Ints = np.floor(position).astype(np.int64)
    part = position - left
    part = part * part * (3 - 2 * part)
    low, high = uniform(left, salt=salt), uniform(left + 1, salt=salt)
    return np.asarray(2 * (low + (high - low) * part) - 1)
