"""Sessions and the cells that count them from scratch; see `services.rollups.recompute`."""

from typing import Final

from sqlalchemy import text

from data.schema.rollups import WINDOWS
from services.rollups.funnels import LIMITS, MEASURES
from services.rollups.part import Rollup
from services.rollups.raw import LOCAL_DAY, RAW, RAW_STEPS, from_scratch
from services.rollups.sessions import GREEDY

SESSION_COLUMNS: Final = """
            visitor_id, session_id, first_at, first_event_id, last_at, t1, t2, t3, t4, t5,
            day, device, province, referral, tenant, ttc_bucket, events, city,
            bucket1, bucket2, bucket3, bucket4"""


def _chained(step: int) -> str:
    """The earliest event of a step that is not before the step before it."""
    return f"""
        step{step} as (
            select visitor_id, session_id, min(occurred_at) as t{step}
            from {RAW_STEPS}
            join step{step - 1} using (visitor_id, session_id)
            where step = {step} and occurred_at >= t{step - 1}
            group by visitor_id, session_id
        )"""  # noqa: S608 - our own names


def _bucket(since: str, until: str) -> str:
    """The number of whole times by which a span of at least a second has grown by 2 %."""
    span = f"extract(epoch from {until}) - extract(epoch from {since})"
    logarithm = f"ln(greatest(1, ({span})::float8)) / ln(1.02::float8)"
    return f"case when {until} is not null then floor({logarithm}) end"


# In order of time: a day then lies together, where its BRIN index finds it.
REBUILT: Final = text(f"""
    -- services.rollups.recompute.session_funnel_rebuilt
    insert into session_funnel_next ({SESSION_COLUMNS})
    select visitor_id, session_id, first_at, first_event_id, last_at, t1, t2, t3, t4, t5, day,
        after.device, after.province, after.referral, after.tenant, ttc_bucket, events,
        coalesce(sessions.city, ''), bucket1, bucket2, bucket3, bucket4
    from (
        with source as (
            select visitor_id, session_id, occurred_at as at, event_id, step, 1 as weight,
                device, province, referral, tenant
            from {RAW}
        ),
        {GREEDY}
    ) as after (visitor_id, session_id, first_at, first_event_id, last_at, t1, t2, t3, t4, t5, day,
        device, province, referral, tenant, ttc_bucket, events, bucket1, bucket2, bucket3, bucket4)
    left join sessions using (visitor_id, session_id)
    where not exists (
        select from session_funnel as carried
        where carried.visitor_id = after.visitor_id and carried.session_id = after.session_id
            and carried.first_at < cast(:raw_since as timestamptz)
    )
    union all
    select {SESSION_COLUMNS} from session_funnel
    where first_at < cast(:raw_since as timestamptz)
    order by first_at
""")  # noqa: S608 - our own names

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
            from {RAW_STEPS}
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
    rebuild=REBUILT,
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
    return from_scratch(
        table,
        f"""({keys}, {MEASURES})
        select {keys}, {COUNTED} from session_funnel_next group by {keys}
        """,  # noqa: S608 - our own names
    )


SESSION_CELLS: Final = (
    _funnel("funnel_day", "day, device, province, referral"),
    _funnel("funnel_tenant_day", "day, tenant"),
    from_scratch(
        "city_day",
        """
        select day, province, city, device, count(*), count(t1), count(t5)
        from session_funnel_next
        group by day, province, city, device
        """,
    ),
    from_scratch(
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
    from_scratch(
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
    from_scratch(
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
