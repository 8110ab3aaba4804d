"""Visits and sales by local day and jurisdiction, of any window, as parts of statements.

Whole local days come from the cells. A window that cuts a day (a comparison up to the same time,
say) takes that piece from its sessions and payments, so that half a day is never held against a
whole one.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from data.period import Filters, local_midnight

_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta(microseconds=1)

ASKED: Final = """asked as materialized (
        select (select id from provinces where iso = :region) as region,
            (select id from devices where code = :device) as device,
            (select id from referrals where code = :referral) as referral,
            (select id from devices where code = 'mobile') as mobile
    )"""
"""CTE asked: the codes of what the viewer chose; a code that no row has matches nothing."""
IN_REGION: Final = "(cast(:region as text) is null or province = (select region from asked))"
ON_DEVICE: Final = "(cast(:device as text) is null or device = (select device from asked))"
REFERRED: Final = "(cast(:referral as text) is null or referral = (select referral from asked))"

# The share of mobile visits is one of all devices, so the device narrows what is counted here and
# not what is read.
VISITS: Final = f"""seen as (
        select day, province, device, sessions, s5_any as paid
        from funnel_day
        where day >= :first_day and day < :end_day and {REFERRED}
        union all
        select day, province, device, 1, (t5 < :now)::int
        from session_funnel
        where day = any(cast(:cut_days as date[])) and first_at >= :since and first_at < :now
            and {REFERRED}
    ),
    visits as (
        select day, province,
            coalesce(sum(sessions) filter (where {ON_DEVICE}), 0)::bigint as sessions,
            coalesce(sum(paid) filter (where {ON_DEVICE}), 0)::bigint as paid,
            coalesce(sum(sessions) filter (where device = (select mobile from asked)), 0)::bigint
                as mobile,
            coalesce(sum(sessions), 0)::bigint as everyone
        from seen
        group by day, province
    )"""  # noqa: S608 - our own names
"""CTE visits, after ASKED: (day, province) -> sessions, paid, and mobile of everyone."""

# Both ends by themselves: each is then one range of an index.
SALES: Final = f"""sales as (
        select day, province, sum(amount)::bigint as revenue_minor
        from (
            select day, province, device, referral, gross as amount
            from money_day
            where day >= :first_day and day < :end_day and currency = :currency
            union all
            select sold_day, province, device, referral, amount
            from payment_applied
            where sold_at >= :since and sold_at < :head and currency = :currency
            union all
            select sold_day, province, device, referral, amount
            from payment_applied
            where sold_at >= :tail and sold_at < :now and currency = :currency
        ) as sold
        where {REFERRED} and {ON_DEVICE}
        group by day, province
    )"""  # noqa: S608 - our own names
"""CTE sales, after ASKED: (day, province) -> revenue_minor of one currency."""


@dataclass(frozen=True, slots=True)
class Days:
    """The local days that a window touches, and which of them it holds whole.

    The present day is whole: its cells hold what there is of it. `head` is where the first whole
    day begins and `tail` where the last one ends; outside of them the window cuts days.
    """

    begin: date
    count: int
    first: date
    end: date
    head: datetime
    tail: datetime

    @classmethod
    def of(cls, filters: Filters) -> "Days":
        """Cut a window into local days."""
        zone, since, now = filters.zone, filters.period.since, filters.now
        begin = since.astimezone(zone).date()
        last = max(since, now - _TICK).astimezone(zone).date()
        first = begin if local_midnight(begin, zone) == since else begin + _DAY
        is_whole = now >= filters.present or local_midnight(last + _DAY, zone) == now
        end = max(first, last + _DAY if is_whole else last)
        head = min(now, local_midnight(first, zone))
        tail = max(head, min(now, local_midnight(end, zone)))
        return cls(begin, (last - begin).days + 1, first, end, head, tail)

    @property
    def cut(self) -> list[date]:
        """The days of which the window holds a piece."""
        found = (self.begin + n * _DAY for n in range(self.count))
        return [day for day in found if not self.first <= day < self.end]


def currency_of(filters: Filters) -> str:
    """Say in which currency revenue is asked for: the viewer's choice, else the business's own."""
    return filters.choice("currency", filters.currency)


def asked(filters: Filters) -> dict[str, object]:
    """Give every parameter of a statement made of these parts."""
    days = Days.of(filters)
    return filters.sql() | {
        "currency": currency_of(filters),
        "begin": days.begin,
        "count": days.count,
        "first_day": days.first,
        "end_day": days.end,
        "cut_days": days.cut,
        "head": days.head,
        "tail": days.tail,
    }
