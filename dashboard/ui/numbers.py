"""Numbers, money, dates and durations as the viewer's locale writes them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal

UNKNOWN: Final = "\u2013"
MONEY: Final = " minor"
"""A unit "ARS minor" is an integer amount in the hundredth part of that currency."""
_SHORTENED: Final = ((999_500, 1_000_000, "M"), (99_950, 1_000, "k"))
"""From which amount on a key figure is written in which power of ten, as the axes do."""
_BYTES: Final = ("B", "kB", "MB", "GB", "TB")
_SHORT: Final = {"count": "", "state": "", "": ""}


@dataclass(frozen=True, slots=True)
class Format:
    """How one viewer reads numbers and times."""

    locale: str
    zone: ZoneInfo

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number with exactly so many decimals."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(format_decimal(value, format=pattern, locale=self.locale))

    def split(self, value: float | None, unit: str) -> tuple[str, str]:
        """Write a value as its number and the short form of its unit; unknown is a dash."""
        if value is None or not isfinite(value):
            return UNKNOWN, ""
        if unit.endswith(MONEY):
            return self.money(value, unit.removesuffix(MONEY)), ""
        if unit == "bytes":
            return self._bytes(value)
        if unit == "p":
            return self._probability(value), ""
        if unit == "s" or (unit == "ms" and abs(value) >= 10_000):
            return self._seconds(value / 1000 if unit == "ms" else value)
        return self.number(value, _digits(value, unit)), _SHORT.get(unit, unit)

    def headline(self, value: float | None, unit: str) -> tuple[str, str, str]:
        """Write a key figure as `split` does, but large sums of money short enough for a card.

        The third part is then the exact amount; else it is empty.
        """
        major = (value or 0) / 100
        size = next((each for each in _SHORTENED if abs(major) >= each[0]), None)
        if size is None or not unit.endswith(MONEY) or not isfinite(major):
            return (*self.split(value, unit), "")
        _, power, sign = size
        short = abs(major) / power
        digits = next((d for most, d in ((10, 3), (100, 2), (1000, 1)) if short < most), 0)
        currency = unit.removesuffix(MONEY)
        return self.number(major / power, digits), f"{sign} {currency}", self.value(value, unit)

    def value(self, value: float | None, unit: str = "") -> str:
        """Write a value with its unit in one piece, never broken across lines."""
        number, short = self.split(value, unit)
        return f"{number}\u00a0{short}" if short else number

    def limit(self, value: float, unit: str) -> str:
        """Write a threshold: as it was set, without decimals that say nothing."""
        if unit in {"bytes", "s"} or unit.endswith(MONEY):
            return self.value(value, unit)
        number = str(format_decimal(value, format="#,##0.###", locale=self.locale))
        short = _SHORT.get(unit, unit)
        return f"{number}\u00a0{short}" if short else number

    def money(self, minor: float, currency: str) -> str:
        """Write an amount given in minor units; whole units from 10.000 up."""
        major = minor / 100
        digits = "" if abs(major) >= 10_000 else ".00"
        pattern = f"¤¤\u00a0#,##0{digits}"
        return str(
            format_currency(
                major, currency, format=pattern, locale=self.locale, currency_digits=False
            )
        )

    def clock(self, at: datetime) -> str:
        """Write the local time of day, with seconds."""
        return str(format_time(at, "HH:mm:ss", tzinfo=self.zone, locale=self.locale))

    def time(self, at: datetime) -> str:
        """Write the local time of day, to the minute."""
        return str(format_time(at, "HH:mm", tzinfo=self.zone, locale=self.locale))

    def moment(self, at: datetime) -> str:
        """Write a local day and time, as short as the locale does, with four digits of year."""
        return str(format_datetime(at, _short_pattern(self.locale), self.zone, self.locale))

    def recent(self, at: datetime, now: datetime | None) -> str:
        """Write a moment as briefly as is clear: today's without the day."""
        is_today = now and at.astimezone(self.zone).date() == now.astimezone(self.zone).date()
        return self.clock(at) if is_today else self.moment(at)

    def day(self, day: date) -> str:
        """Write a day."""
        return str(format_date(day, _short_pattern(self.locale, time=False), self.locale))

    def separators(self) -> str:
        """Give the decimal and the group sign, as the chart library wants them."""
        signs = Locale.parse(self.locale).number_symbols.get("latn", {})
        return f"{signs.get('decimal', '.')}{signs.get('group', ',')}"

    def _probability(self, value: float) -> str:
        """Write a p-value: two decimals, more where they decide, none that pretend to be exact."""
        if value < 0.001:
            return f"< {self.number(0.001, 3)}"
        return self.number(value, 2 if value >= 0.095 else 3)

    def _bytes(self, value: float) -> tuple[str, str]:
        power = 0
        while abs(value) >= 1000 and power < len(_BYTES) - 1:
            value, power = value / 1000, power + 1
        return self.number(value, 0 if power == 0 or abs(value) >= 100 else 1), _BYTES[power]

    def _seconds(self, value: float) -> tuple[str, str]:
        for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
            if abs(value) >= 2 * size:
                return self.number(value / size, 1 if abs(value) < 10 * size else 0), name
        return self.number(value, _digits(value, "s")), "s"


def viewer_format(locale: str | None, zone: ZoneInfo, *, default: str = "es-AR") -> Format:
    """Choose the viewer's own locale when it is one we know, else the house's."""
    for name in (locale, default):
        if name and _known(name):
            return Format(name.replace("-", "_"), zone)
    return Format("es_AR", zone)


def ago(age: timedelta) -> str:
    """Write an age in the largest unit that is still exact enough to act on."""
    seconds = max(0, int(age.total_seconds()))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name} ago"
    return f"{seconds} s ago"


@cache
def _known(name: str) -> bool:
    try:
        Locale.parse(name, sep="-" if "-" in name else "_")
    except (ValueError, UnknownLocaleError):
        return False
    return True


@cache
def _short_pattern(locale: str, *, time: bool = True) -> str:
    """Take the locale's own order of day and month, and write the year in full."""
    short = str(Locale.parse(locale).date_formats["short"].pattern)
    year = short if "yyyy" in short else short.replace("yy", "y")
    padded = year.replace("dd", "d").replace("d", "dd").replace("MM", "M").replace("M", "MM")
    return f"{padded} HH:mm" if time else padded


def _digits(value: float, unit: str) -> int:
    """Decimals that a reader can use: three significant figures, whole numbers for counts."""
    size = abs(value)
    if unit == "count" or (unit in {"", "state"} and float(value).is_integer()):
        return 0
    if unit == "%" and 99 <= size < 100:
        return 2
    return 0 if size >= 100 else 1 if size >= 10 or unit == "ms" else 2
