"""Reads about the booking funnel: who reaches which step, who leaves, and what that costs.

Sessions count on the local day of their first event, steps in order (anchored at the first visit),
within the conversion window that the viewer chose. An entrant is a session with step 1; it is
closed once it has had the whole window, and until then still converting, not lost.
"""

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from pandas import DataFrame

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.funnel_counts import (
    Counts,
    counted,
    in_days,
    known_before,
    pct,
    total_of,
    totals,
)
from data.funnel_source import STEPS, days_of, window_of
from data.period import Filters, Period, local_midnight
from data.rollup_source import by_day, day_values
from data.significance import two_proportions

TREND_DAYS: Final = 14
"""A trend shows at least so many days, however short the period is."""

TICKET: Final = by_day("""
    -- data.funnel.ticket
    with /* money */
    select day, coalesce(sum(gross), 0)::bigint as gross, coalesce(sum(sales), 0)::bigint as sales
    from money
    group by grouping sets ((), (day))
""")


@dataclass(frozen=True, slots=True)
class Ticket:
    """Sales of one local day, or of the whole window (day None), in minor units."""

    day: date | None
    gross: int = 0
    sales: int = 0

    @property
    def average(self) -> float | None:
        """The average sale; None without one."""
        return self.gross / self.sales if self.sales else None


@question(ttl_s=30)
def visits(db: Database, filters: Filters) -> KeyFigure:
    """Sessions that reached step 1, of all sessions begun in the period.

    A count. Numerator sessions with a visit, denominator all sessions: one that was never seen to
    visit, say because it began with a deep link, is a session but no entrant. Counts are not held
    against a period that begins before the data. Source: funnel_day,
    funnel_tenant_day, session_funnel.
    """
    found, before = counted(db, filters), known_before(db, filters)
    whole = total_of(found)
    previous = float(before.s1) if before else None
    spark = tuple(float(each.s1) for each in in_days(found, filters))
    return KeyFigure(float(whole.s1), previous, spark, "count", whole.s1, whole.sessions)


@question(ttl_s=30)
def booked(db: Database, filters: Filters) -> KeyFigure:
    """Sessions of the period that paid a booking within the conversion window.

    A count, by the day on which the session began. Source: as visits.
    """
    found, before = counted(db, filters), known_before(db, filters)
    previous = float(before.s5) if before else None
    spark = tuple(float(each.s5) for each in in_days(found, filters))
    return KeyFigure(float(total_of(found).s5), previous, spark, "count")


@question(ttl_s=30)
def conversion(db: Database, filters: Filters) -> KeyFigure:
    """Share of the entrants whose window is closed that paid a booking within it.

    Unit %. Entrants who are still converting are in neither number, so that young days are not
    held against old ones. Unknown while no window is closed. Source: as visits.
    """
    found = counted(db, filters)
    whole, before = total_of(found), filters.compared()
    earlier = totals(db, before) if before else Counts(None)
    spark = tuple(pct(each.c5, each.c1) for each in in_days(found, filters))
    return KeyFigure(
        pct(whole.c5, whole.c1), pct(earlier.c5, earlier.c1), spark, "%", whole.c5, whole.c1
    )


@question(ttl_s=30)
def still_converting(db: Database, filters: Filters) -> KeyFigure:
    """Entrants of the period who have not paid and whose conversion window is still open.

    A count as of the last refresh of the rollups, in the comparison period too, whose windows have
    mostly closed by now; they are not lost. Source: as visits.
    """
    found, before = counted(db, filters), known_before(db, filters)
    previous = float(before.still_converting) if before else None
    return KeyFigure(float(total_of(found).still_converting), previous, unit="count")


@question(ttl_s=30)
def ticket(db: Database, filters: Filters) -> KeyFigure:
    """Average sale of the period: approved value / approved payments, in the business currency.

    Minor units; unknown without a sale. What a lost session is priced at. Source: money_day,
    payment_applied.
    """
    found, before = _sold(db, filters), filters.compared()
    by = {each.day: each for each in found}
    spark = tuple(by.get(day, Ticket(day)).average for day in days_of(filters))
    whole = by.get(None, Ticket(None))
    earlier = {each.day: each for each in _sold(db, before)} if before else {}
    previous = earlier.get(None, Ticket(None)).average
    return KeyFigure(whole.average, previous, spark, f"{filters.currency} minor")


@question(ttl_s=30)
def steps(db: Database, filters: Filters) -> DataFrame:
    """How many sessions reach each step in order, within the window, and how many leave before it.
    Left = reached the step before, not this one, and the window is over. Value lost = sessions that
    left x average ticket of the period: what they would have brought if all of them had paid.

    Grain: step, always five, in order. Columns: step str, sessions int (reached it within the
    window), still_converting int (reached the step before, not this one, window still open; 0 in
    the first row), lost_minor float (minor units of the business currency; NaN in the first row and
    without a sale), window str. Sessions without a visit are in no row. Source: funnel_day,
    funnel_tenant_day, session_funnel, money_day, payment_applied.
    """
    whole = total_of(counted(db, filters))
    sold = next((each for each in _sold(db, filters) if each.day is None), Ticket(None))
    still, lost = [0], [math.nan]
    for k in range(1, 5):
        opened = [whole.reached[n] - whole.closed[n] for n in (k - 1, k)]
        still.append(opened[0] - opened[1])
        gone = whole.reached[k - 1] - whole.reached[k] - still[k]
        lost.append(gone * sold.average if sold.average is not None else math.nan)
    columns = {"step": STEPS, "sessions": whole.reached, "still_converting": still}
    return DataFrame({**columns, "lost_minor": lost, "window": window_of(filters)})


@question(ttl_s=30)
def changes(db: Database, filters: Filters) -> DataFrame:
    """Each rate against the comparison period, and whether chance alone explains the difference.

    Of entrants whose window is closed only, in both periods. Two-sided test of two proportions; not
    made below 30 cases a side (data.significance).

    Grain: rate: the four steps in order, then the whole way. Columns: step str (the step that is
    reached; "whole_way" for all of it), rate_pct, before_pct, change_pp float (NaN without cases),
    cases, before_cases int, verdict str in words, p_value float (NaN: no test). Source: as visits.
    """
    now, before = total_of(counted(db, filters)), filters.compared()
    earlier = totals(db, before) if before else Counts(None)
    pairs = [*((k, k - 1) for k in range(1, 5)), (4, 0)]
    return DataFrame([_change(now, earlier, k=k, of=of) for k, of in pairs])


@question(ttl_s=30)
def rates(db: Database, filters: Filters) -> DataFrame:
    """The rate of each step by day, of those who reached the step before.

    Of entrants whose window is closed: a day on which none is has no value yet.

    Grain: (day, step). Columns: at datetime UTC (local midnight), series str (the step that is
    reached), value float (%, NaN without cases), reached int, cases int. Source: as visits.
    """
    longer = _at_least_days(filters, TREND_DAYS)
    found = in_days(counted(db, longer), longer)
    rows = [
        {
            "at": local_midnight(day, filters.zone),
            "series": STEPS[k],
            "value": pct(each.closed[k], each.closed[k - 1]),
            "reached": each.closed[k],
            "cases": each.closed[k - 1],
        }
        for k in range(1, 5)
        for day, each in zip(days_of(longer), found, strict=True)
    ]
    return DataFrame(rows).astype({"value": "float64"})


def _change(now: Counts, before: Counts, *, k: int, of: int) -> dict[str, object]:
    (hits, cases), (earlier, of_earlier) = (
        (each.closed[k], each.closed[of]) for each in (now, before)
    )
    found = two_proportions(hits, cases, earlier, of_earlier)
    rate, rate_before = pct(hits, cases), pct(earlier, of_earlier)
    known = rate is not None and rate_before is not None
    return {
        "step": "whole_way" if k - of > 1 else STEPS[k],
        "rate_pct": _float(rate),
        "before_pct": _float(rate_before),
        "change_pp": rate - rate_before if known else math.nan,  # type: ignore[operator]  # known
        "cases": cases,
        "before_cases": of_earlier,
        "verdict": found.words,
        "p_value": found.p_value,
    }


def _sold(db: Database, filters: Filters) -> list[Ticket]:
    return db.rows(TICKET, Ticket, **day_values(filters))


def _float(value: float | None) -> float:
    return math.nan if value is None else value


def _at_least_days(filters: Filters, days: int) -> Filters:
    """Reach further back, so that a trend has something to be a trend of."""
    last = days_of(filters)[-1]
    since = min(filters.period.since, local_midnight(last - timedelta(days=days - 1), filters.zone))
    return replace(filters, period=Period(since, filters.period.until))
