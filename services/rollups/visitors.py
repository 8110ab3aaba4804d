"""Visitor-days, and what follows from each new one: gaps, active visitors, cohorts."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from services.rollups.cells import add, drop_empty

STAGING: Final = (
    """
    create temp table if not exists new_visitor_days (
        visitor_id bigint, day date, stored_before date, stored_after date, new_before date,
        new_after date
    ) on commit delete rows
    """,
    """
    create temp table if not exists gap_changes (
        day date, gap smallint, n bigint
    ) on commit delete rows
    """,
)

# With both neighbours in the stored days and both among the new ones, before these are stored.
NEW_DAYS: Final = text("""
    -- services.rollups.visitors.new_days
    insert into new_visitor_days
    select seen.visitor_id, seen.day, before.day, after.day,
        lag(seen.day) over days, lead(seen.day) over days
    from (select distinct visitor_id, day from new_events) as seen
    left join lateral (
        select day from visitor_day
        where visitor_day.visitor_id = seen.visitor_id and visitor_day.day <= seen.day
        order by day desc
        limit 1
    ) as before on true
    left join lateral (
        select day from visitor_day
        where visitor_day.visitor_id = seen.visitor_id and visitor_day.day > seen.day
        order by day
        limit 1
    ) as after on true
    where before.day is distinct from seen.day
    window days as (partition by seen.visitor_id order by seen.day)
""")

ANALYZE_NEW_DAYS: Final = text("""
    -- services.rollups.visitors.analyze_new_days
    analyze new_visitor_days (visitor_id, day)
""")

# The next stored day changes its gap once, because of the last new day before it.
GAP_CHANGES: Final = text("""
    -- services.rollups.visitors.gap_changes
    insert into gap_changes
    select day, gap, sum(n)
    from (
        select day, coalesce(day - greatest(stored_before, new_before), 32767) as gap, 1 as n
        from new_visitor_days
        union all
        select stored_after, coalesce(stored_after - stored_before, 32767), -1
        from new_visitor_days
        where stored_after is not null and (new_after is null or new_after > stored_after)
        union all
        select stored_after, stored_after - day, 1
        from new_visitor_days
        where stored_after is not null and (new_after is null or new_after > stored_after)
    ) as change
    group by day, gap
    having sum(n) <> 0
""")

ACTIVE_GAP: Final = (
    add(
        "visitors.active_gap",
        "active_gap",
        keys="day, gap",
        measures="n",
        query="        select day, gap, n from gap_changes",
    ),
    drop_empty(
        "visitors.active_gap_empty",
        "active_gap",
        keys="day, gap",
        measure="n",
        touched="gap_changes where n < 0",
    ),
)

# A visitor-day with gap g adds to the 7-day count of the days day + max(0, 7 - g) to day + 6.
ACTIVE_DAY: Final = add(
    "visitors.active_day",
    "active_day",
    keys="day",
    measures="dau, wau, mau",
    query="""
        select day, sum(dau), sum(wau), sum(mau)
        from (
            select day, n as dau, 0 as wau, 0 as mau from gap_changes
            union all
            select day + later, 0, n, 0
            from gap_changes cross join generate_series(greatest(0, 7 - gap), 6) as later
            union all
            select day + later, 0, 0, n
            from gap_changes cross join generate_series(greatest(0, 30 - gap), 29) as later
        ) as change
        group by day""",
)


def _cohort(unit: str, first: str, last: str) -> tuple[TextClause, ...]:
    """Cohorts by week or month; `first` and `last` give a date's first and last day of it.

    A period is new for a visitor when both stored neighbours lie outside it. If the first day moves
    to an earlier period, all stored periods of that visitor move to the new cohort.
    """
    query = f"""
        select cohort, period as {unit}, sum(n)
        from (
            select {first.format("visitor.new_first")} as cohort, entered.period, 1 as n
            from entered
            join visitor using (visitor_id)
            union all
            select old_cohort, period, -1 from moved
            union all
            select new_cohort, period, 1 from moved
        ) as change
        group by cohort, period
        having sum(n) <> 0"""  # noqa: S608 - our own names
    nouns = f"""
        with entered as (
            select distinct visitor_id, {first.format("day")} as period
            from new_visitor_days
            where (stored_before is null or stored_before < {first.format("day")})
                and (stored_after is null or stored_after > {last.format("day")})
        ),
        visitor as (
            select new.visitor_id, stored.day as old_first, least(stored.day, new.day) as new_first
            from (
                select visitor_id, min(day) as day from new_visitor_days
                where visitor_id in (select visitor_id from entered)
                group by visitor_id
            ) as new
            left join lateral (
                select day from visitor_day
                where visitor_day.visitor_id = new.visitor_id
                order by day
                limit 1
            ) as stored on true
        ),
        moved as (
            select distinct visitor.visitor_id, {first.format("visitor.old_first")} as old_cohort,
                {first.format("visitor.new_first")} as new_cohort,
                {first.format("visitor_day.day")} as period
            from visitor
            join visitor_day using (visitor_id)
            where {first.format("visitor.old_first")} <> {first.format("visitor.new_first")}
        )"""  # noqa: S608 - our own names
    table = f"cohort_{unit}"
    touched = f"(select cohort, {unit} from {table} where visitors = 0) as emptied"  # noqa: S608
    return (
        add(
            f"visitors.{table}",
            table,
            keys=f"cohort, {unit}",
            measures="visitors",
            query=nouns + query,
        ),
        drop_empty(
            f"visitors.{table}_empty",
            table,
            keys=f"cohort, {unit}",
            measure="visitors",
            touched=touched,
        ),
    )


# Integer arithmetic: date_trunc on a date would go through the time zone of the connection.
COHORT_WEEK: Final = _cohort(
    "week",
    "({0} - (extract(isodow from {0})::int - 1))",
    "({0} + (7 - extract(isodow from {0})::int))",
)
COHORT_MONTH: Final = _cohort(
    "month",
    "({0} - (extract(day from {0})::int - 1))",
    "(({0} - (extract(day from {0})::int - 1) + interval '1 month')::date - 1)",
)

STORE: Final = text("""
    -- services.rollups.visitors.store
    insert into visitor_day (visitor_id, day) select visitor_id, day from new_visitor_days
""")

STEPS: Final[tuple[TextClause, ...]] = (
    NEW_DAYS,
    ANALYZE_NEW_DAYS,
    GAP_CHANGES,
    *ACTIVE_GAP,
    ACTIVE_DAY,
    *COHORT_WEEK,
    *COHORT_MONTH,
    STORE,
)
