"""Every rollup of events from scratch, written another way than its refresh, on purpose.

Each statement fills `<table>_next`. What was computed from events that were dropped since cannot be
computed again: cells, sessions and visitor-days from before `:raw_since` are carried over.
"""

from typing import Final

from sqlalchemy import text

from data.schema.rollups import WINDOWS
from services.rollups.funnels import LIMITS, MEASURES
from services.rollups.part import Rollup

RAW: Final = """(
            select visitor_id, session_id, event_id, occurred_at, event.name,
                coalesce(event_names.step, 0) as step, device, province, referral, tenant
            from analytics_events as event
            left join event_names on event_names.id = event.name
            where tx < cast(:hi as xid8) and occurred_at >= cast(:raw_since as timestamptz)
                and not exists (
                    select from rollup_set_aside as aside
                    where aside.visitor_id = event.visitor_id
                        and aside.session_id = event.session_id
                        and aside.event_id = event.event_id
                        and aside.occurred_at = event.occurred_at
                )
        ) as raw"""
"""The events that count."""

RAW_DAY: Final = "(cast(:raw_since as timestamptz) at time zone :tz)::date"
LOCAL_DAY: Final = "(occurred_at at time zone :tz)::date"


def _counter(table: str, dims: str, *, moment: str, since: str, carried: str) -> Rollup:
    """Counts by moment and dimensions from `since` on; the `carried` cells as they are."""
    statement = f"""
        -- services.rollups.recompute.{table}
        insert into {table}_next
        select {moment} as at, {dims}, count(*) from {RAW}
        where {moment} >= {since}
        group by at, {dims}
        union all
        select * from {table} where {carried}
    """  # noqa: S608 - our own names
    return Rollup(table, text(statement))


def _cells(table: str, query: str) -> Rollup:
    statement = f"-- services.rollups.recompute.{table}\ninsert into {table}_next {query}"
    return Rollup(table, text(statement))


HOUR: Final = {
    "moment": "date_trunc('hour', occurred_at, 'UTC')",
    "since": "cast(:raw_since as timestamptz)",
    "carried": "hour < cast(:raw_since as timestamptz)",
}

COUNTERS: Final = (
    _counter(
        "roll_minute",
        "name",
        moment="date_trunc('minute', occurred_at)",
        since="cast(:minutes_since as timestamptz)",
        carried="minute < cast(:raw_since as timestamptz)"
        " and minute >= cast(:minutes_since as timestamptz)",
    ),
    _counter("roll_hour", "province, name", **HOUR),
    _counter("roll_hour_prov", "province", **HOUR),
    _counter(
        "roll_day",
        "name, device, province, referral",
        moment=LOCAL_DAY,
        since=RAW_DAY,
        carried=f"day < {RAW_DAY}",
    ),
)

SESSION_COLUMNS: Final = """
            visitor_id, session_id, first_at, first_event_id, last_at, t1, t2, t3, t4, t5,
            day, device, province, referral, tenant, ttc_bucket, events, city,
            bucket1, bucket2, bucket3, bucket4"""


def _chained(step: int) -> str:
    """The earliest event of a step that is not before the step before it."""
    return f"""
        step{step} as (
            select visitor_id, session_id, min(occurred_at) as t{step}
            from {RAW}
            join step{step - 1} using (visitor_id, session_id)
            where step = {step} and occurred_at >= t{step - 1}
            group by visitor_id, session_id
        )"""  # noqa: S608 - our own names


def _bucket(since: str, until: str) -> str:
    """The number of whole times by which a span of at least a second has grown by 2 %."""
    span = f"extract(epoch from {until}) - extract(epoch from {since})"
    logarithm = f"ln(greatest(1, ({span})::float8)) / ln(1.02::float8)"
    return f"case when {until} is not null then floor({logarithm}) end"


SESSION_FUNNEL: Final = Rollup(
    "session_funnel",
    text(f"""
        -- services.rollups.recompute.session_funnel
        insert into session_funnel_next ({SESSION_COLUMNS})
        with carried as (
            select * from session_funnel where first_at < cast(:raw_since as timestamptz)
        ),
        first as (
            select distinct on (visitor_id, session_id) visitor_id, session_id,
                occurred_at as first_at, event_id as first_event_id, {LOCAL_DAY} as day,
                device, province, referral, tenant
            from {RAW}
            order by visitor_id, session_id, occurred_at, event_id
        ),
        whole as (
            select visitor_id, session_id, max(occurred_at) as last_at, count(*) as events
            from {RAW}
            group by visitor_id, session_id
        ),
        step1 as (
            select visitor_id, session_id, min(occurred_at) as t1
            from {RAW}
            where step = 1
            group by visitor_id, session_id
        ),{_chained(2)},{_chained(3)},{_chained(4)},{_chained(5)}
        select visitor_id, session_id, first_at, first_event_id, last_at, t1, t2, t3, t4, t5,
            day, first.device, first.province, first.referral, first.tenant,
            {_bucket("t1", "t5")}, events, coalesce(sessions.city, ''),
            {_bucket("t1", "t2")}, {_bucket("t2", "t3")}, {_bucket("t3", "t4")},
            {_bucket("t4", "t5")}
        from first
        join whole using (visitor_id, session_id)
        left join step1 using (visitor_id, session_id)
        left join step2 using (visitor_id, session_id)
        left join step3 using (visitor_id, session_id)
        left join step4 using (visitor_id, session_id)
        left join step5 using (visitor_id, session_id)
        left join sessions using (visitor_id, session_id)
        where not exists (
            select from carried
            where carried.visitor_id = first.visitor_id
                and carried.session_id = first.session_id
        )
        union all
        select {SESSION_COLUMNS} from carried
    """),  # noqa: S608 - our own names
)


def _reached(step: int, window: str) -> str:
    limit = "infinity" if window == "any" else LIMITS[window]
    until = f"t{step}" if window == "any" else f"t1 + interval '{limit}'"
    return f"count(*) filter (where t{step} <= {until})"


COUNTED: Final = ", ".join(
    [
        "count(*)",
        "count(t1)",
        *(_reached(step, window) for step in range(2, 6) for window in WINDOWS),
    ]
)


def _funnel(table: str, keys: str) -> Rollup:
    return _cells(
        table,
        f"""({keys}, {MEASURES})
        select {keys}, {COUNTED} from session_funnel_next group by {keys}
        """,  # noqa: S608 - our own names
    )


SESSION_CELLS: Final = (
    _funnel("funnel_day", "day, device, province, referral"),
    _funnel("funnel_tenant_day", "day, tenant"),
    _cells(
        "city_day",
        """
        select day, province, city, device, count(*), count(t1), count(t5)
        from session_funnel_next
        group by day, province, city, device
        """,
    ),
    _cells(
        "session_shape",
        """
        select day, device, length_class, depth_class, count(*), sum(seconds), sum(events)
        from (
            select day, device, events, seconds,
                case when events = 1 then 0
                    else 1 + width_bucket(seconds, array[60, 180, 600, 1800]) end as length_class,
                width_bucket(events, array[1, 2, 3, 4, 5, 7, 11]) as depth_class
            from session_funnel_next
            cross join lateral (
                select trunc(extract(epoch from last_at) - extract(epoch from first_at))::int
                    as seconds
            ) as span
        ) as shape
        group by day, device, length_class, depth_class
        """,
    ),
    _cells(
        "step_hist",
        """
        select day, device, 1, bucket1, count(*) from session_funnel_next
        where t2 is not null group by day, device, bucket1
        union all
        select day, device, 2, bucket2, count(*) from session_funnel_next
        where t3 is not null group by day, device, bucket2
        union all
        select day, device, 3, bucket3, count(*) from session_funnel_next
        where t4 is not null group by day, device, bucket3
        union all
        select day, device, 4, bucket4, count(*) from session_funnel_next
        where t5 is not null group by day, device, bucket4
        """,
    ),
    _cells(
        "ttc_hist",
        """
        select day, device,
            (t5 > t1 + interval '30 minutes')::int + (t5 > t1 + interval '24 hours')::int
                + (t5 > t1 + interval '168 hours')::int as w,
            ttc_bucket, count(*)
        from session_funnel_next
        where t5 is not null
        group by day, device, w, ttc_bucket
        """,
    ),
)

VISITOR_CELLS: Final = (
    _cells(
        "visitor_day",
        f"""
        select visitor_id, {LOCAL_DAY} from {RAW}
        union
        select visitor_id, day from visitor_day where day < {RAW_DAY}
        """,  # noqa: S608 - our own names
    ),
    _cells(
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
    _cells(
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
    _cells(
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
    _cells(
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
