"""The key figures of regions: visits, paid bookings, revenue, conversion and the share of phones.

Sessions belong to the local day, jurisdiction, device and origin of their first event. A paid
booking is a session that reached the funnel's last step, however long after the first; revenue is
the value of the payments approved in the period. Refunds do not change either.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.period import Filters
from data.region_days import ASKED, IN_REGION, SALES, VISITS, Days, asked, currency_of

TOTALS: Final = text(f"""
    -- data.region_figures.totals
    with {ASKED},
    {VISITS}
    select (day - :begin)::int as step, coalesce(sum(sessions), 0)::float8 as sessions,
        coalesce(sum(paid), 0)::float8 as paid, coalesce(sum(mobile), 0)::float8 as mobile,
        coalesce(sum(everyone), 0)::float8 as everyone
    from visits
    where {IN_REGION}
    group by grouping sets ((), (day))
""")  # noqa: S608 - our own names

REVENUE: Final = text(f"""
    -- data.region_figures.revenue
    with {ASKED},
    {SALES}
    select (day - :begin)::int as step, coalesce(sum(revenue_minor), 0)::float8 as revenue
    from sales
    where {IN_REGION}
    group by grouping sets ((), (day))
""")  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class Visits:
    """Visits of one day of a window, counted from its first, or of all of it (step None)."""

    step: int | None
    sessions: float
    paid: float
    mobile: float
    everyone: float


@dataclass(frozen=True, slots=True)
class Sold:
    """Revenue of one day of a window, or of all of it (step None)."""

    step: int | None
    revenue: float


@question(ttl_s=30)
def sessions(db: Database, filters: Filters) -> KeyFigure:
    """Visits that began in the period.

    A count of sessions by the local day of their first event; by region, device and referral. Small
    line: by local day. Source: funnel_day; session_funnel for a piece of a day.
    """
    now, before = _visits(db, filters)
    spark = tuple(each.sessions for each in now[1:])
    return KeyFigure(now[0].sessions, before.sessions if before else None, spark, "count")


@question(ttl_s=30)
def paid(db: Database, filters: Filters) -> KeyFigure:
    """Visits that began in the period and ended in a paid booking, until now.

    A count of sessions that reached the funnel's fifth step; a session that pays twice counts once.
    By region, device and referral. Source: funnel_day; session_funnel for a piece of a day.
    """
    now, before = _visits(db, filters)
    spark = tuple(each.paid for each in now[1:])
    return KeyFigure(now[0].paid, before.paid if before else None, spark, "count")


@question(ttl_s=30)
def conversion(db: Database, filters: Filters) -> KeyFigure:
    """Share of the visits begun in the period that ended in a paid booking, until now.

    Unit %, numerator paid bookings, denominator sessions; unknown without sessions. The youngest
    sessions still have time to pay. Source: funnel_day.
    """
    now, before = _visits(db, filters)
    return KeyFigure(
        _pct(now[0].paid, now[0].sessions),
        _pct(before.paid, before.sessions) if before else None,
        tuple(_pct(each.paid, each.sessions) for each in now[1:]),
        "%",
        now[0].paid,
        now[0].sessions,
    )


@question(ttl_s=30)
def mobile(db: Database, filters: Filters) -> KeyFigure:
    """Share of visits that are made with a phone. Over 80 % is normal on this platform.

    Unit %, numerator sessions on mobile, denominator sessions of all devices, whatever device is
    chosen; by region and referral; unknown without sessions. Source: funnel_day.
    """
    now, before = _visits(db, filters)
    return KeyFigure(
        _pct(now[0].mobile, now[0].everyone),
        _pct(before.mobile, before.everyone) if before else None,
        tuple(_pct(each.mobile, each.everyone) for each in now[1:]),
        "%",
        now[0].mobile,
        now[0].everyone,
    )


@question(ttl_s=30)
def revenue(db: Database, filters: Filters) -> KeyFigure:
    """Value of the payments approved in the period, before refunds, in one currency.

    Minor units of the business currency, or of the one chosen, by the local day of approval; by
    region, device and referral of the booking.
    Source: money_day; payment_applied for a piece of a day.
    """
    found = db.rows(REVENUE, Sold, **asked(filters))
    compared = filters.compared()
    before = db.rows(REVENUE, Sold, **asked(compared)) if compared else []
    known = {each.step: each.revenue for each in found}
    spark = tuple(known.get(step, 0.0) for step in range(Days.of(filters).count))
    previous = next((each.revenue for each in before if each.step is None), None)
    return KeyFigure(known.get(None, 0.0), previous, spark, f"{currency_of(filters)} minor")


def _pct(part: float, whole: float) -> float | None:
    """Give a share in per cent; None of nothing."""
    return 100 * part / whole if whole else None


def _visits(db: Database, filters: Filters) -> tuple[list[Visits], Visits | None]:
    """Give the total and each day of the period, and the total of the comparison."""
    found = _by_step(db, asked(filters))
    steps = [found.get(step, _nobody(step)) for step in range(Days.of(filters).count)]
    compared = filters.compared()
    if compared is None:
        return [found[None], *steps], None
    return [found[None], *steps], _by_step(db, asked(compared))[None]


def _by_step(db: Database, params: dict[str, object]) -> dict[int | None, Visits]:
    return {each.step: each for each in db.rows(TOTALS, Visits, **params)}


def _nobody(step: int) -> Visits:
    return Visits(step, 0.0, 0.0, 0.0, 0.0)
