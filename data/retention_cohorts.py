"""Reads of Retention by cohort: who came for the first time in a week or month, and came back.

A visitor belongs to the cohort of the first active day ever; the first cohort of all also holds
whoever was there before the data began. Weeks start on Monday; weeks and months are whole, also
where the period cuts them. Nobody has to come in a row: each cell stands by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from pandas import DataFrame
from sqlalchemy import TextClause, text

from data.cache import question
from data.database import Database
from data.period import Filters
from data.retention_days import DAYS, last_day, touched

Step = Literal["week", "month"]

AT_LEAST: Final = 12
"""So many cohorts are shown, however short the period is: returning takes its time."""

# Who is in the cohort was active in its first period, so that cell is the cohort's size. A period
# in which nobody came back is a true zero.
_CELLS: Final = """
    with {days},
    sizes as (
        select cohort, visitors as size
        from {table}
        where {step} = cohort and cohort >= :first_cohort
    ),
    cells as (
        select cohort, size, period::date as period, {distance} as "offset",
            (period + interval '1 {step}')::date <= days.today as complete
        from sizes
        cross join days
        cross join lateral generate_series(
            cohort::timestamp, (stop - 1)::timestamp, interval '1 {step}'
        ) as period
    ),
    found as (
        select cells.cohort, cells."offset", cells.size, coalesce(visitors, 0) as returned, complete
        from cells
        left join {table} as back on back.cohort = cells.cohort and back.{step} = cells.period
    )"""
_GRID: Final = """
    -- data.retention_cohorts.{step}s
    {cells}
    select cohort, "offset", size, returned, (100.0 * returned / size)::float8 as returned_pct,
        complete
    from found
    order by cohort, "offset"
"""
_MEANS: Final = """
    -- data.retention_cohorts.return_by_{step}
    {cells}
    select "offset", count(*) as cohorts, sum(size)::bigint as size,
        sum(returned)::bigint as returned,
        (100.0 * sum(returned) / sum(size))::float8 as returned_pct,
        min(100.0 * returned / size)::float8 as least_pct,
        max(100.0 * returned / size)::float8 as most_pct
    from found
    where complete and "offset" > 0
    group by "offset"
    order by "offset"
"""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How periods of one length are counted."""

    step: Step
    distance: str

    def statement(self, sql: str) -> TextClause:
        cells = _CELLS.format(
            days=DAYS, table=f"cohort_{self.step}", step=self.step, distance=self.distance
        )
        return text(sql.format(step=self.step, cells=cells.strip()))


_WEEK: Final = _Kind("week", "((period::date - cohort) / 7)")
_MONTH: Final = _Kind(
    "month",
    "(12 * (extract(year from period) - extract(year from cohort))"
    " + extract(month from period) - extract(month from cohort))::int",
)
WEEKS: Final = _WEEK.statement(_GRID)
MONTHS: Final = _MONTH.statement(_GRID)
RETURN_BY_WEEK: Final = _WEEK.statement(_MEANS)
RETURN_BY_MONTH: Final = _MONTH.statement(_MEANS)
_GRIDS: Final[Mapping[Step, TextClause]] = {"week": WEEKS, "month": MONTHS}
_CURVES: Final[Mapping[Step, TextClause]] = {"week": RETURN_BY_WEEK, "month": RETURN_BY_MONTH}


@question(ttl_s=30)
def cohorts(db: Database, filters: Filters) -> DataFrame:
    """Who came for the first time in a week or month, and how many of them came again in each one
    after it. The cohorts of the period, at least the last 12; hatched while a week is not over.

    By the choice `cohorts` (week, month). Grain: (cohort, offset), cohorts without visitors absent.
    Columns: cohort date (Monday, or the first), offset int (periods since; 0 is the cohort itself),
    size int (visitors of the cohort), returned int, returned_pct float, complete bool (whether the
    period of the cell is over). Source: cohort_week, cohort_month.
    """
    return db.frame(_GRIDS[step_of(filters)], **_values(filters))


@question(ttl_s=30)
def return_rates(db: Database, filters: Filters) -> DataFrame:
    """How many come again after so many weeks or months, over all cohorts of the picture above.

    Weighted by visitors; only weeks and months that are over. Later rows rest on fewer, older
    cohorts, so a row may exceed the one before it.

    Grain: offset from 1 on. Columns: offset, cohorts, size, returned int, returned_pct, least_pct,
    most_pct float (the cohorts with the least and the most). Source: cohort_week, cohort_month.
    """
    return db.frame(_CURVES[step_of(filters)], **_values(filters))


def step_of(filters: Filters) -> Step:
    """Give the length of a cohort that the viewer chose."""
    return "month" if filters.choice("cohorts", "week") == "month" else "week"


def _values(filters: Filters) -> dict[str, object]:
    first_day = filters.period.since.astimezone(filters.zone).date()
    return touched(filters) | {"first_cohort": _first_cohort(filters, first_day)}


def _first_cohort(filters: Filters, first_day: date) -> date:
    last = last_day(filters)
    if step_of(filters) == "week":
        return min(_monday(first_day), _monday(last) - timedelta(weeks=AT_LEAST - 1))
    months = 12 * last.year + last.month - 1 - (AT_LEAST - 1)
    return min(first_day.replace(day=1), date(months // 12, months % 12 + 1, 1))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
