"""Counts of events: late or not, an event adds 1 to the cell of its own time."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from services.rollups.cells import add

STAGING: Final = (
    """
    create temp table if not exists new_events (
        visitor_id bigint, session_id bigint, event_id uuid, occurred_at timestamptz, day date,
        name smallint, step smallint, device smallint, province smallint, referral smallint,
        tenant integer
    ) on commit delete rows
    """,
)

# Once: later statements read only what was staged, so they all see the same rows.
STAGE: Final = text("""
    -- services.rollups.counters.stage
    insert into new_events
    select visitor_id, session_id, event_id, occurred_at,
        (occurred_at at time zone :tz)::date, event.name, coalesce(event_names.step, 0),
        device, province, referral, tenant
    from analytics_events as event
    left join event_names on event_names.id = event.name
    where tx >= cast(:lo as xid8) and tx < cast(:hi as xid8)
""")

# At the edge of the index on tx the planner would guess one row.
ANALYZE_STAGED: Final = text("""
    -- services.rollups.counters.analyze_staged
    analyze new_events (visitor_id, session_id, day)
""")

ROLL_MINUTE: Final = add(
    "counters.roll_minute",
    "roll_minute",
    keys="minute, name",
    measures="n",
    query="""
        select date_bin('1 minute', occurred_at, '2000-01-01 00:00+00') as minute, name, count(*)
        from new_events
        where occurred_at >= cast(:minutes_since as timestamptz)
        group by minute, name""",
)

ROLL_HOUR: Final = add(
    "counters.roll_hour",
    "roll_hour",
    keys="hour, province, name",
    measures="n",
    query="""
        select date_bin('1 hour', occurred_at, '2000-01-01 00:00+00') as hour, province, name,
            count(*)
        from new_events
        group by hour, province, name""",
)

ROLL_HOUR_PROV: Final = add(
    "counters.roll_hour_prov",
    "roll_hour_prov",
    keys="hour, province",
    measures="n",
    query="""
        select date_bin('1 hour', occurred_at, '2000-01-01 00:00+00') as hour, province, count(*)
        from new_events
        group by hour, province""",
)

ROLL_DAY: Final = add(
    "counters.roll_day",
    "roll_day",
    keys="day, name, device, province, referral",
    measures="n",
    query="""
        select day, name, device, province, referral, count(*)
        from new_events
        group by day, name, device, province, referral""",
)

STEPS: Final[tuple[TextClause, ...]] = (ROLL_MINUTE, ROLL_HOUR, ROLL_HOUR_PROV, ROLL_DAY)
