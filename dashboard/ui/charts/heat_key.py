"""What the colours and signs of a grid mean, as lines of text that stand in the figure itself."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from dashboard.ui.charts.cases import FEW
from dashboard.ui.charts.heat_shades import Shading
from dashboard.ui.charts.scene import Scene
from dashboard.ui.charts.shades import shade
from dashboard.ui.words import say

_SQUARES: Final = 7


def key_lines(shading: Shading, scene: Scene, unit: str) -> list[str]:
    """Write the key: the scale, then the signs that are used, then what has no colour."""
    lines = [_scale(shading, scene, unit)] if np.isfinite(shading.shares).any() else []
    signs = [f"{_coloured(colour, sign)} {words}" for colour, sign, words in _signs(shading, scene)]
    lines += ["   ".join(signs)] if signs else []
    return [*lines, say("heat.base")] if shading.is_base.any() else lines


def _scale(shading: Shading, scene: Scene, unit: str) -> str:
    last = _SQUARES - 1
    squares = "".join(_coloured(shade(scene.theme, n / last), "■") for n in range(_SQUARES))
    if shading.style.is_relative:
        return f"{say('heat.least')} {squares} {say('heat.most')}"
    form = scene.format
    low, high = (form.value(v, unit) if v else form.limit(0, unit) for v in shading.ends())
    return f"{low} {squares} {high}"


def _signs(shading: Shading, scene: Scene) -> Iterator[tuple[str, str, str]]:
    theme = scene.theme
    if shading.style.peaks:
        yield theme.text, "●", say("scale.peak")
    if shading.is_open.any():
        yield theme.muted, "▨", say("scale.open")
    if shading.is_few.any():
        yield theme.line, "■", say("scale.few", few=FEW)


def _coloured(colour: str, sign: str) -> str:
    return f'<span style="color:{colour}">{sign}</span>'
