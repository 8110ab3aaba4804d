"""Events that no rollup can take: they are named, counted, and left out of every recompute too.

Impossible times would stretch every chart and window. Late events of an endless session (a bot
that sends out of order) would have the whole session read again at each tick.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import text

MOST_AHEAD: Final = timedelta(hours=1)
"""How far a producer's clock may be ahead of ours."""
LONGEST_SESSION: Final = 10_000
"""Events of a session, from which on a late one is set aside instead of the session reread."""

IMPOSSIBLE: Final = text("""
    -- services.rollups.set_aside.impossible
    insert into rollup_set_aside (visitor_id, session_id, event_id, occurred_at, reason)
    select visitor_id, session_id, event_id, occurred_at,
        case when occurred_at > cast(:latest as timestamptz) then 'future' else 'too_old' end
    from new_events
    where occurred_at > cast(:latest as timestamptz)
        or occurred_at < cast(:raw_since as timestamptz)
    on conflict do nothing
""")

FORGET_IMPOSSIBLE: Final = text("""
    -- services.rollups.set_aside.forget_impossible
    delete from new_events
    where occurred_at > cast(:latest as timestamptz)
        or occurred_at < cast(:raw_since as timestamptz)
""")

ENDLESS: Final = text("""
    -- services.rollups.set_aside.endless
    insert into rollup_set_aside (visitor_id, session_id, event_id, occurred_at, reason)
    select visitor_id, session_id, event_id, occurred_at, 'long_session'
    from new_events
    join touched_sessions using (visitor_id, session_id)
    where is_late and events >= :longest and occurred_at <= last_at
    on conflict do nothing
""")

FORGET_ENDLESS: Final = text("""
    -- services.rollups.set_aside.forget_endless
    delete from new_events
    using touched_sessions as touched
    where touched.is_late and touched.events >= :longest
        and new_events.occurred_at <= touched.last_at
        and new_events.visitor_id = touched.visitor_id
        and new_events.session_id = touched.session_id
""")

# What is left of them is in order.
ENDLESS_IN_ORDER: Final = text("""
    -- services.rollups.set_aside.endless_in_order
    update touched_sessions set is_late = false
    where is_late and events >= :longest
""")

# A rebuild finds the impossible times that no refresh has met yet.
IMPOSSIBLE_OF_ALL: Final = text("""
    -- services.rollups.set_aside.impossible_of_all
    insert into rollup_set_aside (visitor_id, session_id, event_id, occurred_at, reason)
    select visitor_id, session_id, event_id, occurred_at, 'future'
    from analytics_events
    where occurred_at > cast(:latest as timestamptz) and tx < cast(:hi as xid8)
    on conflict do nothing
""")
