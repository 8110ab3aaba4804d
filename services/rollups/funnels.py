"""Cells that count sessions: they follow the signed differences of `session_changes`."""

from typing import Final

from sqlalchemy.sql.elements import TextClause

from data.schema.rollups import WINDOWS
from services.rollups.cells import add, drop_empty

LIMITS: Final = {"30m": "30 minutes", "24h": "24 hours", "7d": "168 hours"}
"""How long after step 1, inclusive; "any" has no limit."""

REACHED: Final = [f"s{step}_{window}" for step in range(2, 6) for window in WINDOWS]
MEASURES: Final = ", ".join(["sessions", "s1", *REACHED])


def _within(step: int, window: str) -> str:
    if window == "any":
        return f"t{step} is not null"
    return f"t{step} - t1 <= interval '{LIMITS[window]}'"


SIGNED: Final = ",\n            ".join(
    [
        "sum(sign)",
        "coalesce(sum(sign) filter (where t1 is not null), 0)",
        *(
            f"coalesce(sum(sign) filter (where {_within(step, window)}), 0)"
            for step in range(2, 6)
            for window in WINDOWS
        ),
    ]
)
"""The measures of MEASURES as differences."""

MOVED: Final = "session_changes where sign < 0 and has_moved"


def _funnel(table: str, keys: str) -> tuple[TextClause, ...]:
    query = f"""
        select {keys},
            {SIGNED}
        from session_changes
        where has_moved
        group by {keys}"""  # noqa: S608 - our own names
    return (
        add(f"funnels.{table}", table, keys=keys, measures=MEASURES, query=query),
        drop_empty(f"funnels.{table}_empty", table, keys=keys, measure="sessions", touched=MOVED),
    )


CITY_DAY: Final = (
    add(
        "funnels.city_day",
        "city_day",
        keys="day, province, city, device",
        measures="sessions, s1, s5_any",
        query="""
        select day, province, city, device, sum(sign),
            coalesce(sum(sign) filter (where t1 is not null), 0),
            coalesce(sum(sign) filter (where t5 is not null), 0)
        from session_changes
        where has_moved
        group by day, province, city, device""",
    ),
    drop_empty(
        "funnels.city_day_empty",
        "city_day",
        keys="day, province, city, device",
        measure="sessions",
        touched=MOVED,
    ),
)

TTC_HIST: Final = (
    add(
        "funnels.ttc_hist",
        "ttc_hist",
        keys="day, device, w, bucket",
        measures="n",
        query="""
        select day, device,
            case
                when t5 - t1 <= interval '30 minutes' then 0
                when t5 - t1 <= interval '24 hours' then 1
                when t5 - t1 <= interval '168 hours' then 2
                else 3
            end as w,
            ttc_bucket as bucket, sum(sign)
        from session_changes
        where has_moved and t5 is not null
        group by day, device, w, bucket
        having sum(sign) <> 0""",
    ),
    drop_empty(
        "funnels.ttc_hist_empty",
        "ttc_hist",
        keys="day, device, bucket",
        measure="n",
        touched="(select day, device, ttc_bucket as bucket "
        "from session_changes where sign < 0 and has_moved and t5 is not null) as taken",
    ),
)

STEP_HIST: Final = (
    add(
        "funnels.step_hist",
        "step_hist",
        keys="day, device, step, bucket",
        measures="n",
        query="""
        select day, device, span.step, span.bucket, sum(sign)
        from session_changes
        cross join lateral (
            values (1, bucket1), (2, bucket2), (3, bucket3), (4, bucket4)
        ) as span (step, bucket)
        where has_moved and span.bucket is not null
        group by day, device, span.step, span.bucket
        having sum(sign) <> 0""",
    ),
    drop_empty(
        "funnels.step_hist_empty",
        "step_hist",
        keys="day, device, step, bucket",
        measure="n",
        touched="""(
            select day, device, span.step, span.bucket from session_changes
            cross join lateral (
                values (1, bucket1), (2, bucket2), (3, bucket3), (4, bucket4)
            ) as span (step, bucket)
            where sign < 0 and has_moved and span.bucket is not null
        ) as taken""",
    ),
)

SESSION_SHAPE: Final = (
    add(
        "funnels.session_shape",
        "session_shape",
        keys="day, device, length_class, depth_class",
        measures="n, seconds, events",
        query="""
        select day, device, length_class, depth_class,
            sum(sign), sum(sign * seconds), sum(sign * events)
        from session_changes
        group by day, device, length_class, depth_class""",
    ),
    drop_empty(
        "funnels.session_shape_empty",
        "session_shape",
        keys="day, device, length_class, depth_class",
        measure="n",
        touched="session_changes where sign < 0",
    ),
)

STEPS: Final[tuple[TextClause, ...]] = (
    *_funnel("funnel_day", "day, device, province, referral"),
    *_funnel("funnel_tenant_day", "day, tenant"),
    *CITY_DAY,
    *TTC_HIST,
    *STEP_HIST,
    *SESSION_SHAPE,
)
