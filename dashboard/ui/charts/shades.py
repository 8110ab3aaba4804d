"""Colours that carry a number: the sequential scale, and words that stay readable on it."""

from collections.abc import Sequence
from typing import Final

from dashboard.ui.theme import Theme

INKS: Final = ("#131A22", "#FFFFFF", "#000000")
READABLE: Final = 4.5
"""The contrast that words need on what they stand on (WCAG 2.2 AA)."""


def shade(theme: Theme, share: float) -> str:
    """Give the colour of a share from 0 to 1; the further from the panel's ground, the more."""
    stops = theme.sequential
    at = min(1.0, max(0.0, share)) * (len(stops) - 1)
    low = min(int(at), len(stops) - 2)
    mixed = zip(_parts(stops[low]), _parts(stops[low + 1]), strict=True)
    return _written([a + (b - a) * (at - low) for a, b in mixed])


def colour_scale(theme: Theme) -> list[list[object]]:
    """Give the sequential scale as the chart library wants it."""
    last = len(theme.sequential) - 1
    return [[n / last, colour] for n, colour in enumerate(theme.sequential)]


def ink(ground: str) -> str:
    """Choose the colour of words on a colour: our own text, white, or black in between."""
    return next((each for each in INKS if contrast(each, ground) >= READABLE), INKS[-1])


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4
        for p in (each / 255 for each in _parts(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> list[float]:
    return [float(int(colour[i : i + 2], 16)) for i in (1, 3, 5)]


def _written(parts: Sequence[float]) -> str:
    return "#" + "".join(f"{round(part):02X}" for part in parts)
