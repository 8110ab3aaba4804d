"""Words beside lines: pushed apart so that none covers another, and never beyond the chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LINE_PX: Final = 14.0
"""Height that one label needs."""
_CHARACTER_PX: Final = 5.9
_LEAST_PX, _MOST_PX = 20, 150


@dataclass(frozen=True, slots=True)
class Label:
    """One label and the height at which it would like to stand."""

    text: str
    value: float
    colour: str


def margin(labels: Sequence[Label]) -> int:
    """Give the width that the longest label needs to the right of the chart."""
    longest = max((len(label.text) for label in labels), default=0)
    return round(min(_MOST_PX, max(_LEAST_PX, 10 + _CHARACTER_PX * longest))) if longest else 14


@dataclass(frozen=True, slots=True)
class Room:
    """Where labels may stand, and how far apart two of them must be."""

    low: float
    high: float
    least: float

    def first(self, wanted: Sequence[float]) -> float:
        """Place the lowest of a group: the mean of what all want, kept within the room."""
        mean = sum(want - place * self.least for place, want in enumerate(wanted)) / len(wanted)
        return min(max(mean, self.low), self.high - self.least * (len(wanted) - 1))

    def touch(self, below: Sequence[float], above: Sequence[float]) -> bool:
        """Say whether two groups come closer than two labels may."""
        top = self.first(below) + self.least * (len(below) - 1)
        return self.first(above) - top < self.least * (1 - 1e-9)


def pushed_apart(wanted: Sequence[float], room: Room) -> list[float]:
    """Move values so that neighbours are apart, as little as possible.

    Neighbours that are too close form a group which is centred on where its members wanted to be.
    When there is no room for all, they are spread evenly.
    """
    if room.least * (len(wanted) - 1) > room.high - room.low:
        room = Room(room.low, room.high, (room.high - room.low) / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    groups: list[list[float]] = []
    for index in order:
        groups.append([wanted[index]])
        while len(groups) > 1 and room.touch(groups[-2], groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = [room.first(group) + n * room.least for group in groups for n in range(len(group))]
    return [place for _, place in sorted(zip(order, placed, strict=True))]
