"""The raw events that count, as recomputes read them."""

from typing import Final

from sqlalchemy import text

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

RAW_STEPS: Final = RAW.replace("left join", "join").replace(
    "coalesce(event_names.step, 0)", "event_names.step"
)
"""Those of them that are steps: with `step = …` only events of one name are read."""

RAW_DAY: Final = "(cast(:raw_since as timestamptz) at time zone :tz)::date"
LOCAL_DAY: Final = "(occurred_at at time zone :tz)::date"


def from_scratch(table: str, query: str) -> Rollup:
    """A rollup whose `_next` table is filled by a query, or a column list and a query."""
    statement = f"-- services.rollups.recompute.{table}\ninsert into {table}_next {query}"
    return Rollup(table, text(statement))
