"""Which local days the questions of Retention count, and why the last one often does not.

Distinct visitors are kept by whole local days: today's so far cannot be cut where a comparison
would have to be. So figures that are compared count the days that are over, in both periods alike;
a period of today alone counts today so far and is not compared. Curves show today as well, as open.
Days that the rollups have not reached are never shown: their cells hold tails, not visitors.
"""

from datetime import date, timedelta
from typing import Final

from data.period import Filters, local_midnight

# The row is missing until the rollups were refreshed for the first time: nothing is known then.
DAYS: Final = """
    known as (
        select (least(cast(:present as timestamptz), refreshed_at) at time zone :tz)::date as today,
            (select max(day) from active_gap) as newest,
            (select min(day) from active_gap) as oldest
        from rollup_state
        where id = 1 and refreshed_at is not null
    ),
    days as (
        select cast(:first_day as date) as first, today, oldest,
            least(
                cast(:end_day as date),
                today + cast(:open_days as integer) - cast(:lag_days as integer),
                newest + 1 - cast(:lag_days as integer)
            ) as stop
        from known
    )
""".strip()
"""CTE `days`: one row, or none before the first refresh. The days are `[first, stop)`, as far as
the rollups have come; in the comparison period as far as its counterpart has. `today` is the local
day of the last refresh, `oldest` the first day with a visitor."""

CURVE_DAYS: Final = 14
"""A curve by day shows at least so many days, however short the period is."""
_ONE_DAY: Final = timedelta(days=1)


def touched(filters: Filters) -> dict[str, object]:
    """Values of DAYS for every local day that the period touches, today so far included."""
    first, last = _ends(filters)
    return _values(filters, first, last + _ONE_DAY, open_days=1)


def curve(filters: Filters) -> dict[str, object]:
    """The same for at least CURVE_DAYS days, so that a curve has something to be a curve of."""
    first, last = _ends(filters)
    first = min(first, last - timedelta(days=CURVE_DAYS - 1))
    return _values(filters, first, last + _ONE_DAY, open_days=1)


def over(filters: Filters) -> dict[str, object]:
    """Values of DAYS for the days of the period that are over; today so far if it has no other."""
    first, last = _ends(filters)
    end = last if _is_cut(filters) else last + _ONE_DAY
    if end <= first:
        return touched(filters)
    return _values(filters, first, end, open_days=0)


def compared(filters: Filters) -> Filters | None:
    """What to hold days that are over against; None when no day is over, or nothing is compared."""
    before = filters.compared()
    return None if before is None or not has_day_over(filters) else before


def has_day_over(filters: Filters) -> bool:
    """Whether the period has a whole local day up to its end or now."""
    first, last = _ends(filters)
    return first < last or not _is_cut(filters)


def last_day(filters: Filters) -> date:
    """Give the last local day that the period touches."""
    return _ends(filters)[1]


def _values(filters: Filters, first: date, end: date, *, open_days: int) -> dict[str, object]:
    return {
        "tz": filters.zone.key,
        "present": filters.present,
        "first_day": first,
        "end_day": end,
        "open_days": open_days,
        "lag_days": round(filters.lag / _ONE_DAY),
    }


def _ends(filters: Filters) -> tuple[date, date]:
    latest = max(filters.period.since, filters.now - timedelta(microseconds=1))
    first, last = (at.astimezone(filters.zone).date() for at in (filters.period.since, latest))
    return first, last


def _is_cut(filters: Filters) -> bool:
    """Whether the period, or now, ends within its last day."""
    return local_midnight(last_day(filters) + _ONE_DAY, filters.zone) > filters.now
