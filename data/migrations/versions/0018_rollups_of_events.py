"""Rollups of events by tenant, city, shape and step; what was set aside; rebuilding beside."""

from alembic import op
from sqlalchemy import text

from data.migrations.steps import create_missing, is_ours, run

revision = "0018"
down_revision = "0017"

TABLES = {
    "funnel_tenant_day": """
create table funnel_tenant_day (
    day date not null,
    tenant integer not null,
    sessions bigint default 0 not null,
    s1 bigint default 0 not null,
    s2_30m bigint default 0 not null,
    s2_24h bigint default 0 not null,
    s2_7d bigint default 0 not null,
    s2_any bigint default 0 not null,
    s3_30m bigint default 0 not null,
    s3_24h bigint default 0 not null,
    s3_7d bigint default 0 not null,
    s3_any bigint default 0 not null,
    s4_30m bigint default 0 not null,
    s4_24h bigint default 0 not null,
    s4_7d bigint default 0 not null,
    s4_any bigint default 0 not null,
    s5_30m bigint default 0 not null,
    s5_24h bigint default 0 not null,
    s5_7d bigint default 0 not null,
    s5_any bigint default 0 not null,
    constraint funnel_tenant_day_pkey primary key (day, tenant)
) with (fillfactor = 80);
comment on table funnel_tenant_day is
    'Funnel counts by local day and tenant, cumulative by step and window';
comment on column funnel_tenant_day.day is 'Local day of the session';
comment on column funnel_tenant_day.tenant is 'Organization, 0 for none';
comment on column funnel_tenant_day.sessions is 'Sessions';
comment on column funnel_tenant_day.s1 is 'Sessions with step 1';
comment on column funnel_tenant_day.s2_30m is 'Sessions at step 2 within 30m of step 1';
comment on column funnel_tenant_day.s2_24h is 'Sessions at step 2 within 24h of step 1';
comment on column funnel_tenant_day.s2_7d is 'Sessions at step 2 within 7d of step 1';
comment on column funnel_tenant_day.s2_any is 'Sessions at step 2 within any of step 1';
comment on column funnel_tenant_day.s3_30m is 'Sessions at step 3 within 30m of step 1';
comment on column funnel_tenant_day.s3_24h is 'Sessions at step 3 within 24h of step 1';
comment on column funnel_tenant_day.s3_7d is 'Sessions at step 3 within 7d of step 1';
comment on column funnel_tenant_day.s3_any is 'Sessions at step 3 within any of step 1';
comment on column funnel_tenant_day.s4_30m is 'Sessions at step 4 within 30m of step 1';
comment on column funnel_tenant_day.s4_24h is 'Sessions at step 4 within 24h of step 1';
comment on column funnel_tenant_day.s4_7d is 'Sessions at step 4 within 7d of step 1';
comment on column funnel_tenant_day.s4_any is 'Sessions at step 4 within any of step 1';
comment on column funnel_tenant_day.s5_30m is 'Sessions at step 5 within 30m of step 1';
comment on column funnel_tenant_day.s5_24h is 'Sessions at step 5 within 24h of step 1';
comment on column funnel_tenant_day.s5_7d is 'Sessions at step 5 within 7d of step 1';
comment on column funnel_tenant_day.s5_any is 'Sessions at step 5 within any of step 1';
""",
    "city_day": """
create table city_day (
    day date not null,
    province smallint not null,
    city text not null,
    device smallint not null,
    sessions bigint default 0 not null,
    s1 bigint default 0 not null,
    s5_any bigint default 0 not null,
    constraint city_day_pkey primary key (day, province, city, device)
) with (fillfactor = 80);
comment on table city_day is 'Sessions and conversions by local day and city';
comment on column city_day.day is 'Local day of the session';
comment on column city_day.province is 'Jurisdiction';
comment on column city_day.city is 'City, empty for unknown';
comment on column city_day.device is 'Device class';
comment on column city_day.sessions is 'Sessions';
comment on column city_day.s1 is 'Sessions with step 1';
comment on column city_day.s5_any is 'Sessions at step 5, however long after step 1';
""",
    "session_shape": """
create table session_shape (
    day date not null,
    device smallint not null,
    length_class smallint not null,
    depth_class smallint not null,
    n bigint default 0 not null,
    seconds bigint default 0 not null,
    events bigint default 0 not null,
    constraint session_shape_pkey primary key (day, device, length_class, depth_class)
) with (fillfactor = 80);
comment on table session_shape is 'How long and how deep sessions are';
comment on column session_shape.day is 'Local day of the session';
comment on column session_shape.device is 'Device class';
comment on column session_shape.length_class is
    '0 a single event, 1 under 1 min, 2 under 3, 3 under 10, 4 under 30, 5 at least 30 min';
comment on column session_shape.depth_class is
    '1 to 4 events are 1 to 4, 5-6 are 5, 7-10 are 6, more are 7';
comment on column session_shape.n is 'Sessions';
comment on column session_shape.seconds is 'Sum of whole seconds from first to last event';
comment on column session_shape.events is 'Events';
""",
    "step_hist": """
create table step_hist (
    day date not null,
    device smallint not null,
    step smallint not null,
    bucket smallint not null,
    n bigint default 0 not null,
    constraint step_hist_pkey primary key (day, device, step, bucket)
) with (fillfactor = 80);
comment on table step_hist is 'Histogram of the time from each step to the next';
comment on column step_hist.day is 'Local day of the session';
comment on column step_hist.device is 'Device class';
comment on column step_hist.step is '1 to 4: the time from this step to the next';
comment on column step_hist.bucket is 'floor(ln(max(seconds, 1)) / ln 1.02)';
comment on column step_hist.n is 'Sessions';
""",
    "rollup_set_aside": """
create table rollup_set_aside (
    visitor_id bigint not null,
    session_id bigint not null,
    event_id uuid not null,
    occurred_at timestamptz not null,
    reason text not null,
    set_aside_at timestamptz default now() not null,
    constraint rollup_set_aside_pkey primary key (visitor_id, session_id, event_id, occurred_at),
    constraint rollup_set_aside_reason_check check (reason in ('future', 'too_old', 'long_session'))
) with (fillfactor = 80);
comment on table rollup_set_aside is
    'Events that no rollup contains: impossible times, and late ones of endless sessions';
comment on column rollup_set_aside.visitor_id is 'Visitor';
comment on column rollup_set_aside.session_id is 'Session within the visitor';
comment on column rollup_set_aside.event_id is 'The event';
comment on column rollup_set_aside.occurred_at is 'When it says that it happened';
comment on column rollup_set_aside.reason is 'future, too_old or long_session';
comment on column rollup_set_aside.set_aside_at is 'When the refresh met it';
""",
}

COLUMNS = {
    "session_funnel": """
alter table session_funnel add column events integer default 0 not null;
comment on column session_funnel.events is 'Events of the session';
alter table session_funnel add column city text default '' not null;
comment on column session_funnel.city is
    'City that sessions names when the row is made; empty for unknown';
alter table session_funnel add column bucket1 smallint;
comment on column session_funnel.bucket1 is 'The same bucket of t2 - t1; null before';
alter table session_funnel add column bucket2 smallint;
comment on column session_funnel.bucket2 is 'The same bucket of t3 - t2; null before';
alter table session_funnel add column bucket3 smallint;
comment on column session_funnel.bucket3 is 'The same bucket of t4 - t3; null before';
alter table session_funnel add column bucket4 smallint;
comment on column session_funnel.bucket4 is 'The same bucket of t5 - t4; null before';
""",
    "rollup_state": """
alter table rollup_state add column definition text;
comment on column rollup_state.definition is
    'Business zone and booking steps that the cells rest on';
alter table rollup_state add column raw_since timestamptz;
comment on column rollup_state.raw_since is 'Events before this are dropped; null for none';
alter table rollup_state add column minutes_since timestamptz;
comment on column rollup_state.minutes_since is 'roll_minute begins here; null for always';
alter table rollup_state add column audited_at timestamptz;
comment on column rollup_state.audited_at is 'When the last audit ended';
alter table rollup_state add column audit_differing bigint;
comment on column rollup_state.audit_differing is 'Rows that it found to differ';
""",
}
# The owner's rights, as for partitions: who keeps the rollups may write rows, but not own tables.
# Only rollups that a migration of ours created can be replaced, and only by their own copy.
REBUILDING = r"""
create function atalaya_rollup_names() returns text[]
language sql immutable
as $$
    select array[
        'roll_minute', 'roll_hour', 'roll_hour_prov', 'roll_day', 'session_funnel', 'funnel_day',
        'funnel_tenant_day', 'city_day', 'session_shape', 'step_hist', 'ttc_hist', 'visitor_day',
        'active_gap', 'active_day', 'cohort_week', 'cohort_month'
    ]
$$;
comment on function atalaya_rollup_names is 'Rollups that may be rebuilt beside and swapped';

create function atalaya_rollup_beside(names text[]) returns void
language plpgsql security definer set search_path = {schema}, pg_temp
as $$
declare
    wanted text;
    permitted record;
begin
    foreach wanted in array names loop
        if wanted <> all (atalaya_rollup_names())
            or not exists (select from atalaya_created_tables as ours where ours.name = wanted)
        then
            raise exception '% is not a rollup of Atalaya', wanted using errcode = '42501';
        end if;
        execute format('drop table if exists %I', wanted || '_next');
        execute format(
            'create table %I (like %I including defaults including constraints '
            'including comments including storage)%s',
            wanted || '_next', wanted, (
                select ' with (' || array_to_string(reloptions, ', ') || ')'
                from pg_class where oid = wanted::regclass
            )
        );
        execute format('comment on table %I is %L', wanted || '_next',
            obj_description(wanted::regclass, 'pg_class'));
        for permitted in
            select case when right_given.grantee = 0 then 'public'
                    else right_given.grantee::regrole::text end as who,
                right_given.privilege_type as what
            from pg_class
            cross join lateral aclexplode(relacl) as right_given
            where oid = wanted::regclass and right_given.grantee <> relowner
        loop
            execute format('grant %s on %I to %s', permitted.what, wanted || '_next', permitted.who);
        end loop;
    end loop;
end $$;
comment on function atalaya_rollup_beside is
    'Make an empty <name>_next, without indexes, beside each of these rollups';

create function atalaya_rollup_swap(names text[]) returns void
language plpgsql security definer set search_path = {schema}, pg_temp set lock_timeout = '500ms'
as $$
declare
    wanted text;
    made record;
    tries integer := 0;
begin
    if not names <@ atalaya_rollup_names() then
        raise exception 'not a rollup of Atalaya' using errcode = '42501';
    end if;
    foreach wanted in array names loop
        for made in
            select relname, pg_get_indexdef(indexrelid) as ddl, conname,
                pg_get_constraintdef(pg_constraint.oid) as key
            from pg_index
            join pg_class on pg_class.oid = indexrelid
            left join pg_constraint on conindid = indexrelid and contype in ('p', 'u')
            where indrelid = wanted::regclass
        loop
            if made.conname is null then
                execute regexp_replace(
                    made.ddl, '^CREATE (UNIQUE )?INDEX \S+ ON \S+ ',
                    format('CREATE \1INDEX %I ON %I ', made.relname || '_new', wanted || '_next')
                );
            else
                execute format('alter table %I add constraint %I %s',
                    wanted || '_next', made.relname || '_new', made.key);
            end if;
        end loop;
        execute format('analyze %I', wanted || '_next');
    end loop;
    -- Give way before anybody waits long: a reader may hold one of them and want another.
    loop
        begin
            execute 'lock table ' || (select string_agg(quote_ident(each), ', ')
                from unnest(names) as each) || ' in access exclusive mode';
            exit;
        exception when lock_not_available then
            tries := tries + 1;
            if tries >= 120 then
                raise;
            end if;
            perform pg_sleep(0.25);
        end;
    end loop;
    foreach wanted in array names loop
        execute format('drop table %I', wanted);
        execute format('alter table %I rename to %I', wanted || '_next', wanted);
        for made in
            select relname from pg_index
            join pg_class on pg_class.oid = indexrelid
            where indrelid = wanted::regclass
        loop
            execute format('alter index %I rename to %I',
                made.relname, left(made.relname, -length('_new')));
        end loop;
    end loop;
end $$;
comment on function atalaya_rollup_swap is
    'Index each <name>_next and put it in the place of the rollup, all at once';

revoke execute on function atalaya_rollup_beside from public;
revoke execute on function atalaya_rollup_swap from public;
"""

# Dropping a day takes a lock on the whole for a moment; if somebody is in the way, it is next hour's.
RETENTION = """
create function atalaya_drop_event_partitions(before date, zone text) returns integer
language plpgsql security definer set search_path = {schema}, pg_temp set lock_timeout = '500ms'
as $$
declare
    old text;
    fallback regclass;
    dropped integer := 0;
begin
    select nullif(partdefid, 0)::regclass into fallback
    from pg_partitioned_table where partrelid = 'analytics_events'::regclass;
    if not found then
        return 0;
    end if;
    perform pg_advisory_xact_lock(hashtext('atalaya.partitions'));
    for old in
        select relname from pg_inherits
        join pg_class on pg_class.oid = inhrelid
        where inhparent = 'analytics_events'::regclass
            and relname ~ '^analytics_events_[0-9]{8}$'
            and to_date(right(relname, 8), 'YYYYMMDD') < before
        order by relname
    loop
        execute format('drop table %I', old);
        dropped := dropped + 1;
    end loop;
    if fallback is not null then
        execute format('delete from %s where occurred_at < %L',
            fallback, before::timestamp at time zone zone);
    end if;
    return dropped;
end $$;
comment on function atalaya_drop_event_partitions is
    'Drop the day partitions of analytics_events before a local day, and what the default holds';
revoke execute on function atalaya_drop_event_partitions from public;
"""


def upgrade() -> None:
    """Create what is missing; change what is ours."""
    create_missing(TABLES)
    for name, ddl in COLUMNS.items():
        if is_ours(op.get_bind(), name):
            run(ddl)
    schema = op.get_bind().scalar(text("select quote_ident(current_schema())"))
    run((REBUILDING + RETENTION).replace("{schema}", schema))
