"""Where money comes from: whole days or hours from cells, and what is cut off from payments.

A window seldom begins and ends with a cell. Its whole days (or hours) are read from the cells, the
parts at both ends from payment_applied, which holds the same payments at the same mark: sums are
exact for any window and filters, at the price of the cells and of two days of payments at most.
"""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import TextClause, text

from data.narrow import DIMENSIONS, FILTERS, REGION
from data.period import Filters, local_midnight

_MARK: Final = "/* money */"
_HOUR: Final = timedelta(hours=1)
# Both ends by themselves: each is then one range of an index.
_PATTERN: Final = """
    money as (
        select {unit}, sales, gross, commission, refunds, refunded, commission_back, charged_back
        from {cells}
        where {whole} and currency = :currency
            and {known}
        union all
        select {sold}, 1, amount, commission, 0, 0, 0, 0
        from payment_applied
        where sold_at >= :since and sold_at < :head and currency = :currency
            and {filters}
        union all
        select {sold}, 1, amount, commission, 0, 0, 0, 0
        from payment_applied
        where sold_at >= :tail and sold_at < :now and currency = :currency
            and {filters}
        union all
        select {back}, 0, 0, 0, 1, refunded, commission_back, {disputed}
        from payment_applied
        where back_at >= :since and back_at < :head and currency = :currency
            and {filters}
        union all
        select {back}, 0, 0, 0, 1, refunded, commission_back, {disputed}
        from payment_applied
        where back_at >= :tail and back_at < :now and currency = :currency
            and {filters}
    )
"""
_COMMON: Final = {
    "filters": FILTERS,
    "disputed": "case when status = 'charged_back' then refunded else 0 end",
}
_BY_DAY: Final = _PATTERN.format(
    unit="day",
    cells="money_day",
    whole="day >= :first_day and day < :end_day",
    known=DIMENSIONS,
    sold="sold_day",
    back="back_day",
    **_COMMON,
).strip()
_BY_HOUR: Final = _PATTERN.format(
    unit="hour",
    cells="money_hour",
    whole="hour >= :head and hour < :tail",
    known=REGION,
    sold="date_bin('1 hour', sold_at, '2000-01-01 00:00+00')",
    back="date_bin('1 hour', back_at, '2000-01-01 00:00+00')",
    **_COMMON,
).strip()


def by_day(sql: str) -> TextClause:
    """Put a CTE `money` in place of the one `/* money */`: sales and refunds of [since, now).

    Columns: day (local date), sales, gross, commission, refunds, refunded, commission_back,
    charged_back; minor units of `:currency`, narrowed by all filters. Several rows per day: sum
    them. A day without any is absent. Ask with `day_values`.
    """
    return _with(sql, _BY_DAY)


def by_hour(sql: str) -> TextClause:
    """The same by `hour`, the instant at which it begins (UTC). Ask with `hour_values`.

    For windows of days, not months: with a device, an origin or a tenant all payments of the window
    are read, because the cells of hours know jurisdictions only.
    """
    return _with(sql, _BY_HOUR)


def day_values(filters: Filters) -> dict[str, object]:
    """Values for a statement of `by_day`: those of the filters, and which days are whole."""
    now = filters.now
    first, end = _first_whole_day(filters), now.astimezone(filters.zone).date()
    head, tail = local_midnight(first, filters.zone), local_midnight(end, filters.zone)
    if filters.selection.tenant is not None or tail <= head:
        first, head, tail = end, now, now  # cells do not know tenants
    return filters.sql() | {"first_day": first, "end_day": end, "head": head, "tail": tail}


def hour_values(filters: Filters) -> dict[str, object]:
    """Values for a statement of `by_hour`: those of the filters, and which hours are whole."""
    since, now = filters.period.since, filters.now
    head, tail = _hour(since + _HOUR - timedelta(microseconds=1)), _hour(now)
    chosen = filters.selection
    if chosen.device or chosen.referral or chosen.tenant is not None or tail <= head:
        head, tail = now, now
    return filters.sql() | {"head": head, "tail": tail}


def _first_whole_day(filters: Filters) -> date:
    day = filters.period.since.astimezone(filters.zone).date()
    begins = local_midnight(day, filters.zone) == filters.period.since
    return day if begins else day + timedelta(days=1)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _with(sql: str, money: str) -> TextClause:
    if sql.count(_MARK) != 1:
        raise ValueError(f"Write {_MARK} once, where the CTE belongs.")
    return text(sql.replace(_MARK, money))
