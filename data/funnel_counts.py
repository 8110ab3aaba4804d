"""Counts of the funnel by local day, which its questions and the search for drops share."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text

from data.database import Database
from data.funnel_source import days_of, over_visits, statement_of, values
from data.period import Filters

# The total is summed over the days: summing all rows twice would cost twice as much.
BY_DAY: Final = over_visits("""
    -- data.funnel_counts.by_day
    with /* visits */,
    days as (
        select day, sum(sessions) as sessions,
            sum(s1) as s1, sum(s2) as s2, sum(s3) as s3, sum(s4) as s4, sum(s5) as s5,
            sum(c1) as c1, sum(c2) as c2, sum(c3) as c3, sum(c4) as c4, sum(c5) as c5
        from visits
        group by day
    )
    select day, coalesce(sum(sessions), 0)::bigint as sessions,
        coalesce(sum(s1), 0)::bigint as s1, coalesce(sum(s2), 0)::bigint as s2,
        coalesce(sum(s3), 0)::bigint as s3, coalesce(sum(s4), 0)::bigint as s4,
        coalesce(sum(s5), 0)::bigint as s5,
        coalesce(sum(c1), 0)::bigint as c1, coalesce(sum(c2), 0)::bigint as c2,
        coalesce(sum(c3), 0)::bigint as c3, coalesce(sum(c4), 0)::bigint as c4,
        coalesce(sum(c5), 0)::bigint as c5
    from days
    group by grouping sets ((), (day))
""")

FIRST_DAY: Final = text("""
    -- data.funnel_counts.first_day
    select min(day) as day from funnel_day
""")


@dataclass(frozen=True, slots=True)
class Counts:
    """Sessions of one local day, or of the whole window (day None).

    s1 to s5 reached that step within the conversion window; c1 to c5 are those of them whose window
    is closed.
    """

    day: date | None
    sessions: int = 0
    s1: int = 0
    s2: int = 0
    s3: int = 0
    s4: int = 0
    s5: int = 0
    c1: int = 0
    c2: int = 0
    c3: int = 0
    c4: int = 0
    c5: int = 0

    @property
    def reached(self) -> tuple[int, ...]:
        """Sessions at each step."""
        return self.s1, self.s2, self.s3, self.s4, self.s5

    @property
    def closed(self) -> tuple[int, ...]:
        """The same of entrants whose window is closed."""
        return self.c1, self.c2, self.c3, self.c4, self.c5

    @property
    def still_converting(self) -> int:
        """Entrants who have not paid yet and still have time."""
        return (self.s1 - self.c1) - (self.s5 - self.c5)


def counted(db: Database, filters: Filters) -> list[Counts]:
    """Counts of each local day that has any, and of the whole window (day None).

    Source: funnel_day, funnel_tenant_day, session_funnel.
    """
    return db.rows(statement_of(BY_DAY, filters), Counts, **values(filters))


def totals(db: Database, filters: Filters) -> Counts:
    """Counts of the whole window."""
    return total_of(counted(db, filters))


def each_day(db: Database, filters: Filters) -> list[Counts]:
    """Counts of every local day of the window, oldest first; empty days are zero."""
    return in_days(counted(db, filters), filters)


def known_before(db: Database, filters: Filters) -> Counts | None:
    """Counts of the comparison; None where it begins before the data: missing is not zero."""
    before, first = filters.compared(), db.scalar(FIRST_DAY)
    if before is None or not isinstance(first, date) or first > days_of(before)[0]:
        return None
    return totals(db, before)


def in_days(found: list[Counts], filters: Filters) -> list[Counts]:
    """Put an empty day where none was counted."""
    known = {each.day: each for each in found}
    return [known.get(day, Counts(day)) for day in days_of(filters)]


def total_of(found: list[Counts]) -> Counts:
    """Find the whole window among its days."""
    return next((each for each in found if each.day is None), Counts(None))


def pct(part: int, whole: int) -> float | None:
    """Give a share in per cent; None of nothing."""
    return 100 * part / whole if whole else None
