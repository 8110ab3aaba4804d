"""Every rollup of events from scratch, written another way than its refresh, on purpose.

Each statement fills `<table>_next`. What was computed from events that were dropped since cannot be
computed again: cells, sessions and visitor-days from before `:raw_since` are carried over.
"""

from dataclasses import replace
from typing import Final

from sqlalchemy import text

from services.rollups.part import Rollup
from services.rollups.raw import LOCAL_DAY, RAW, RAW_DAY, from_scratch
from services.rollups.recompute_sessions import SESSION_CELLS, SESSION_FUNNEL


def _counter(table: str, dims: str, *, moment: str, counted: str, carried: str) -> Rollup:
    """Events by moment and dimensions where `counted`; cells that are `carried` as they are."""
    statement = f"""
        -- services.rollups.recompute.{table}
        insert into {table}_next
        select {moment} as at, {dims}, count(*) from {RAW}
        where {counted}
        group by at, {dims}
        union all
        select * from {table} where {carried}
    """  # noqa: S608 - our own names
    return Rollup(table, text(statement))


HOUR: Final = {
    "moment": "date_trunc('hour', occurred_at, 'UTC')",
    "counted": "date_trunc('hour', occurred_at, 'UTC') >= cast(:raw_since as timestamptz)",
    "carried": "hour < cast(:raw_since as timestamptz)",
}

HOUR_PROV: Final = text("""
    -- services.rollups.recompute.roll_hour_prov_rebuilt
    insert into roll_hour_prov_next
    select hour, province, sum(n) from roll_hour_next group by hour, province
""")

COUNTERS: Final = (
    _counter(
        "roll_minute",
        "name",
        moment="date_trunc('minute', occurred_at)",
        counted="occurred_at >= cast(:minutes_since as timestamptz)",
        carried="minute < cast(:raw_since as timestamptz)"
        " and minute >= cast(:minutes_since as timestamptz)",
    ),
    _counter("roll_hour", "province, name", **HOUR),
    replace(_counter("roll_hour_prov", "province", **HOUR), rebuild=HOUR_PROV),
    _counter(
        "roll_day",
        "name, device, province, referral",
        moment=LOCAL_DAY,
        counted=f"{LOCAL_DAY} >= {RAW_DAY}",
        carried=f"day < {RAW_DAY}",
    ),
)

VISITOR_CELLS: Final = (
    from_scratch(
        "visitor_day",
        f"""
        select visitor_id, {LOCAL_DAY} from {RAW}
        union
        select visitor_id, day from visitor_day where day < {RAW_DAY}
        """,  # noqa: S608 - our own names
    ),
    from_scratch(
        "active_gap",
        """
        select day, gap, count(*)
        from (
            select day,
                coalesce(day - lag(day) over (partition by visitor_id order by day), 32767) as gap
            from visitor_day_next
        ) as seen
        group by day, gap
        """,
    ),
    # A visitor's day holds the window open until it closes, or until the next day does so.
    from_scratch(
        "active_day",
        """
        with seen as (
            select day, lead(day) over (partition by visitor_id order by day) as next_day
            from visitor_day_next
        ),
        edges as (
            select day, 1 as dau, 1 as wau, 1 as mau, count(*) as n from seen group by day
            union all
            select day + 1, -1, 0, 0, count(*) from seen group by day
            union all
            select least(day + 7, next_day), 0, -1, 0, count(*) from seen group by 1
            union all
            select least(day + 30, next_day), 0, 0, -1, count(*) from seen group by 1
        ),
        days as (
            select generate_series(min(day), max(day), interval '1 day')::date as day from edges
        ),
        running as (
            select day, sum(sum(dau * n)) over upto as dau, sum(sum(wau * n)) over upto as wau,
                sum(sum(mau * n)) over upto as mau
            from (
                select day, dau, wau, mau, n from edges
                union all
                select day, 0, 0, 0, 0 from days
            ) as step
            group by day
            window upto as (order by day)
        )
        select day, dau, wau, mau from running where mau > 0
        """,
    ),
    from_scratch(
        "cohort_week",
        """
        select date_trunc('week', first_day::timestamp)::date as cohort,
            date_trunc('week', day::timestamp)::date as week, count(distinct visitor_id)
        from visitor_day_next
        join (
            select visitor_id, min(day) as first_day from visitor_day_next group by visitor_id
        ) as visitor using (visitor_id)
        group by cohort, week
        """,
    ),
    from_scratch(
        "cohort_month",
        """
        select date_trunc('month', first_day::timestamp)::date as cohort,
            date_trunc('month', day::timestamp)::date as month, count(distinct visitor_id)
        from visitor_day_next
        join (
            select visitor_id, min(day) as first_day from visitor_day_next group by visitor_id
        ) as visitor using (visitor_id)
        group by cohort, month
        """,
    ),
)

ROLLUPS: Final = (*COUNTERS, SESSION_FUNNEL, *SESSION_CELLS, *VISITOR_CELLS)
