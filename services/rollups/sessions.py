"""Sessions: the old row, the new row, and the signed difference between them.

A batch that comes after all that a session had continues the stored chain, which stands for all
older events. A late one has the session's events read again.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

STAGING: Final = (
    """
    create temp table if not exists touched_sessions (
        visitor_id bigint, session_id bigint, batch_first timestamptz, batch_last timestamptz,
        is_known boolean, is_late boolean,
        first_at timestamptz, first_event_id uuid, last_at timestamptz,
        t1 timestamptz, t2 timestamptz, t3 timestamptz, t4 timestamptz, t5 timestamptz,
        day date, device smallint, province smallint, referral smallint, tenant integer,
        ttc_bucket integer, events integer, city text,
        bucket1 smallint, bucket2 smallint, bucket3 smallint, bucket4 smallint
    ) on commit delete rows
    """,
    """
    create temp table if not exists sessions_after (
        visitor_id bigint, session_id bigint,
        first_at timestamptz, first_event_id uuid, last_at timestamptz,
        t1 timestamptz, t2 timestamptz, t3 timestamptz, t4 timestamptz, t5 timestamptz,
        day date, device smallint, province smallint, referral smallint, tenant integer,
        ttc_bucket integer, events integer,
        bucket1 smallint, bucket2 smallint, bucket3 smallint, bucket4 smallint
    ) on commit delete rows
    """,
    """
    create temp table if not exists session_changes (
        sign integer, has_moved boolean, day date, device smallint, province smallint,
        referral smallint, tenant integer, city text,
        t1 timestamptz, t2 timestamptz, t3 timestamptz, t4 timestamptz, t5 timestamptz,
        ttc_bucket integer, bucket1 smallint, bucket2 smallint, bucket3 smallint,
        bucket4 smallint, events integer, seconds bigint, length_class smallint,
        depth_class smallint
    ) on commit delete rows
    """,
)

# Late is not strictly after everything the session had. Equality counts: a tie can complete a
# chain through an older event. Of a session that began before the oldest event we keep, the chain
# is all there is.
TOUCHED: Final = text("""
    -- services.rollups.sessions.touched
    insert into touched_sessions
    select batch.visitor_id, batch.session_id, batch.batch_first, batch.batch_last,
        known.visitor_id is not null,
        coalesce(
            batch.batch_first <= known.last_at
                and known.first_at >= cast(:raw_since as timestamptz),
            false
        ),
        known.first_at, known.first_event_id, known.last_at,
        known.t1, known.t2, known.t3, known.t4, known.t5,
        known.day, known.device, known.province, known.referral, known.tenant,
        known.ttc_bucket, known.events, coalesce(known.city, visit.city, ''),
        known.bucket1, known.bucket2, known.bucket3, known.bucket4
    from (
        select visitor_id, session_id,
            min(occurred_at) as batch_first, max(occurred_at) as batch_last
        from new_events
        group by visitor_id, session_id
    ) as batch
    left join lateral (
        select * from session_funnel
        where (visitor_id, session_id) = (batch.visitor_id, batch.session_id)
        offset 0
    ) as known on true
    left join lateral (
        select city from sessions
        where (visitor_id, session_id) = (batch.visitor_id, batch.session_id)
            and known.visitor_id is null
        offset 0
    ) as visit on true
""")

ANALYZE_TOUCHED: Final = text("""
    -- services.rollups.sessions.analyze_touched
    analyze touched_sessions (visitor_id, session_id, is_known, is_late)
""")

# Over `source` (visitor_id, session_id, at, event_id, step, weight, dimensions): the earliest event
# of each step that is not before the step before it, and the first event with its dimensions.
GREEDY: Final = """
    one as (
        select *, min(at) filter (where step = 1) over whole as t1, max(at) over whole as last_at,
            sum(weight) over whole as events
        from source
        window whole as (partition by visitor_id, session_id)
    ),
    two as (
        select *, min(at) filter (where step = 2 and at >= t1) over whole as t2
        from one
        window whole as (partition by visitor_id, session_id)
    ),
    three as (
        select *, min(at) filter (where step = 3 and at >= t2) over whole as t3
        from two
        window whole as (partition by visitor_id, session_id)
    ),
    four as (
        select *, min(at) filter (where step = 4 and at >= t3) over whole as t4
        from three
        window whole as (partition by visitor_id, session_id)
    ),
    five as (
        select *, min(at) filter (where step = 5 and at >= t4) over whole as t5
        from four
        window whole as (partition by visitor_id, session_id)
    )
    select distinct on (visitor_id, session_id) visitor_id, session_id, at, event_id, last_at,
        t1, t2, t3, t4, t5, (at at time zone :tz)::date, device, province, referral, tenant,
        case when t5 is not null then
            floor(ln(greatest(extract(epoch from t5 - t1)::float8, 1)) / ln(1.02::float8))
        end,
        events,
        case when t2 is not null then
            floor(ln(greatest(extract(epoch from t2 - t1)::float8, 1)) / ln(1.02::float8))
        end,
        case when t3 is not null then
            floor(ln(greatest(extract(epoch from t3 - t2)::float8, 1)) / ln(1.02::float8))
        end,
        case when t4 is not null then
            floor(ln(greatest(extract(epoch from t4 - t3)::float8, 1)) / ln(1.02::float8))
        end,
        case when t5 is not null then
            floor(ln(greatest(extract(epoch from t5 - t4)::float8, 1)) / ln(1.02::float8))
        end
    from five
    order by visitor_id, session_id, at, event_id
"""

# One greedy computation over three inputs: the batch, the stored chain of a session that is not
# late, and the events of one that is. Null ids sort last: they never become the first event.
AFTER: Final = text(f"""
    -- services.rollups.sessions.after
    insert into sessions_after
    with source as (
        select new.visitor_id, new.session_id, new.occurred_at as at, new.event_id, new.step,
            1 as weight, new.device, new.province, new.referral, new.tenant
        from new_events as new
        join touched_sessions as touched using (visitor_id, session_id)
        where not touched.is_late
        union all
        select visitor_id, session_id, point.at, point.event_id, point.step, point.weight,
            device, province, referral, tenant
        from touched_sessions
        cross join lateral (values
            (first_at, first_event_id, 0, events), (t1, null, 1, 0), (t2, null, 2, 0),
            (t3, null, 3, 0), (t4, null, 4, 0), (t5, null, 5, 0), (last_at, null, 0, 0)
        ) as point (at, event_id, step, weight)
        where is_known and not is_late and point.at is not null
        union all
        select touched.visitor_id, touched.session_id, past.occurred_at, past.event_id,
            coalesce(event_names.step, 0), 1,
            past.device, past.province, past.referral, past.tenant
        from touched_sessions as touched
        cross join lateral (
            select * from analytics_events as event
            where event.visitor_id = touched.visitor_id
                and event.session_id = touched.session_id
                and event.tx < cast(:hi as xid8)
                and event.occurred_at >= least(touched.first_at, touched.batch_first)
                and event.occurred_at <= greatest(touched.last_at, touched.batch_last)
                and not exists (
                    select from rollup_set_aside as aside
                    where aside.visitor_id = touched.visitor_id
                        and aside.session_id = touched.session_id
                        and aside.event_id = event.event_id
                        and aside.occurred_at = event.occurred_at
                )
            offset 0
        ) as past
        left join event_names on event_names.id = past.name
        where touched.is_late
    ),
{GREEDY}""")  # noqa: S608 - our own text

# -1 with the old row, +1 with the new: a session that moves leaves its old cell. What was stored is
# taken back as stored: another version of a mathematical library may round ln differently.
CHANGES: Final = text("""
    -- services.rollups.sessions.changes
    insert into session_changes
    select side.sign, side.has_moved, side.day, side.device, side.province, side.referral,
        side.tenant, old.city, side.t1, side.t2, side.t3, side.t4, side.t5, side.ttc_bucket,
        side.bucket1, side.bucket2, side.bucket3, side.bucket4, side.events, span.seconds,
        case
            when side.events = 1 then 0 when span.seconds < 60 then 1
            when span.seconds < 180 then 2 when span.seconds < 600 then 3
            when span.seconds < 1800 then 4 else 5
        end,
        case
            when side.events <= 4 then side.events when side.events <= 6 then 5
            when side.events <= 10 then 6 else 7
        end
    from touched_sessions as old
    join sessions_after as new using (visitor_id, session_id)
    cross join lateral (
        select (old.day, old.device, old.province, old.referral, old.tenant,
                old.t1, old.t2, old.t3, old.t4, old.t5)
            is distinct from (new.day, new.device, new.province, new.referral, new.tenant,
                new.t1, new.t2, new.t3, new.t4, new.t5) as has_moved
    ) as compared
    cross join lateral (values
        (-1, compared.has_moved, old.day, old.device, old.province, old.referral, old.tenant,
            old.t1, old.t2, old.t3, old.t4, old.t5, old.ttc_bucket,
            old.bucket1, old.bucket2, old.bucket3, old.bucket4,
            old.events, old.first_at, old.last_at),
        (1, compared.has_moved, new.day, new.device, new.province, new.referral, new.tenant,
            new.t1, new.t2, new.t3, new.t4, new.t5, new.ttc_bucket,
            new.bucket1, new.bucket2, new.bucket3, new.bucket4,
            new.events, new.first_at, new.last_at)
    ) as side (sign, has_moved, day, device, province, referral, tenant, t1, t2, t3, t4, t5,
        ttc_bucket, bucket1, bucket2, bucket3, bucket4, events, first_at, last_at)
    cross join lateral (
        select floor(extract(epoch from side.last_at - side.first_at))::bigint as seconds
    ) as span
    where side.day is not null
""")

STORE: Final = text("""
    -- services.rollups.sessions.store
    insert into session_funnel (
        visitor_id, session_id, first_at, first_event_id, last_at, t1, t2, t3, t4, t5,
        day, device, province, referral, tenant, ttc_bucket, events, city,
        bucket1, bucket2, bucket3, bucket4
    )
    select new.visitor_id, new.session_id, new.first_at, new.first_event_id, new.last_at,
        new.t1, new.t2, new.t3, new.t4, new.t5,
        new.day, new.device, new.province, new.referral, new.tenant, new.ttc_bucket, new.events,
        old.city, new.bucket1, new.bucket2, new.bucket3, new.bucket4
    from sessions_after as new
    join touched_sessions as old using (visitor_id, session_id)
    on conflict (visitor_id, session_id) do update set
        first_at = excluded.first_at, first_event_id = excluded.first_event_id,
        last_at = excluded.last_at, t1 = excluded.t1, t2 = excluded.t2, t3 = excluded.t3,
        t4 = excluded.t4, t5 = excluded.t5, day = excluded.day, device = excluded.device,
        province = excluded.province, referral = excluded.referral, tenant = excluded.tenant,
        ttc_bucket = excluded.ttc_bucket, events = excluded.events,
        bucket1 = excluded.bucket1, bucket2 = excluded.bucket2,
        bucket3 = excluded.bucket3, bucket4 = excluded.bucket4
""")

BEFORE_CELLS: Final[tuple[TextClause, ...]] = (AFTER, CHANGES)
