"""Units on an axis: bytes as megabytes, minor units as money, the unit written once."""

from dataclasses import dataclass
from typing import Final

from dashboard.ui.charts.scene import Json
from dashboard.ui.numbers import MONEY

_BYTES: Final = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_SECONDS: Final = ((2 * 86_400, 86_400, "d"), (2 * 3_600, 3_600, "h"), (120, 60, "min"))
_CHARACTER_PX: Final = 6.4
_NO_SIGN: Final = {"count", "state", ""}


@dataclass(frozen=True, slots=True)
class Scale:
    """How values are converted for an axis: multiply by `factor` to get them in `unit`."""

    factor: float
    unit: str
    top: float

    @property
    def sign(self) -> str:
        """The unit as the axis writes it."""
        return "" if self.unit in _NO_SIGN else f" {self.unit}"

    @property
    def axis_px(self) -> int:
        """The width that the numbers beside the axis need."""
        digits = 4 if self.top < 10 else 5 if self.top >= 100_000 else len(f"{self.top:,.0f}")
        return 14 + round(_CHARACTER_PX * (digits + len(self.sign)))

    def ticks(self) -> Json:
        """Write the unit on the highest tick only."""
        spec = "~s" if self.top >= 100_000 else ",~g" if self.top < 1 else ",.10~g"
        return {"ticksuffix": self.sign, "showticksuffix": "last", "tickformat": spec}

    def hover(self) -> str:
        """Give the template of one value under the pointer."""
        digits = 0 if self.top >= 1000 or self.unit == "count" else 1 if self.top >= 20 else 2
        digits = 2 if self.unit == "%" else digits
        return f"%{{y:,.{digits}f}}{self.sign}"


def scale_for(top: float, unit: str) -> Scale:
    """Choose the unit in which the largest value is easy to read."""
    if unit.endswith(MONEY):
        return Scale(0.01, unit.removesuffix(MONEY), top * 0.01)
    if unit == "bytes":
        size, name = next(((s, n) for s, n in _BYTES if top >= s), (1.0, "B"))
        return Scale(1 / size, name, top / size)
    if unit == "s":
        size, name = next(((s, n) for least, s, n in _SECONDS if top >= least), (1.0, "s"))
        return Scale(1 / size, name, top / size)
    return Scale(1.0, unit, top)
