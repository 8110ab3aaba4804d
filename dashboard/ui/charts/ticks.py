"""The time axis: local times without a second line of dates, as fine as the zoom."""

from typing import Final

from dashboard.ui.charts.scene import Json

_LONG_MS: Final = 36 * 3_600_000


def time_axis(first: int, last: int) -> Json:
    """Give the ticks for a window of local milliseconds; a long one says the day with the hour."""
    is_long = last - first > _LONG_MS
    hours = "%d/%m %H:%M" if is_long else "%H:%M"
    return {
        "type": "date",
        "nticks": 5 if is_long else 7,
        "hoverformat": hours if is_long else "%d/%m %H:%M:%S",
        "tickformatstops": [
            {"dtickrange": [None, 60_000], "value": "%H:%M:%S"},
            {"dtickrange": [60_000, 86_400_000], "value": hours},
            {"dtickrange": [86_400_000, "M1"], "value": "%d/%m"},
            {"dtickrange": ["M1", None], "value": "%m/%Y"},
        ],
    }
