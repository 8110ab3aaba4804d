"""Rollups of events."""

from data.migrations.steps import create_missing

revision = "0013"
down_revision = "0012"

TABLES = {
    "rollup_state": """
create table rollup_state (
    id smallint default 1 not null,
    tx_done xid8 default '0'::xid8 not null,
    as_of date,
    source_max_at timestamptz,
    refreshed_at timestamptz,
    system_identifier text,
    constraint rollup_state_pkey primary key (id),
    constraint rollup_state_one_row_check check (id = 1)
) with (fillfactor = 80);
comment on table rollup_state is 'How far the rollups have come';
comment on column rollup_state.id is 'Always 1: there is one row';
comment on column rollup_state.tx_done is 'Rows of transactions below this are in the rollups';
comment on column rollup_state.as_of is 'Newest payment day consumed';
comment on column rollup_state.source_max_at is 'Newest event consumed';
comment on column rollup_state.refreshed_at is 'When the last refresh committed';
comment on column rollup_state.system_identifier is
    'Cluster whose transaction ids tx_done counts';
insert into rollup_state default values;
""",
    "roll_minute": """
create table roll_minute (
    minute timestamptz not null,
    name smallint not null,
    n bigint default 0 not null,
    constraint roll_minute_pkey primary key (minute, name)
) with (fillfactor = 80);
comment on table roll_minute is 'Events by minute and name';
comment on column roll_minute.minute is 'Begin of the minute';
comment on column roll_minute.name is 'Event name code';
comment on column roll_minute.n is 'Events';
""",
    "roll_hour": """
create table roll_hour (
    hour timestamptz not null,
    province smallint not null,
    name smallint not null,
    n bigint default 0 not null,
    constraint roll_hour_pkey primary key (hour, province, name)
) with (fillfactor = 80);
comment on table roll_hour is 'Events by hour, jurisdiction and name';
comment on column roll_hour.hour is 'Begin of the hour';
comment on column roll_hour.province is 'Jurisdiction';
comment on column roll_hour.name is 'Event name code';
comment on column roll_hour.n is 'Events';
""",
    "roll_hour_prov": """
create table roll_hour_prov (
    hour timestamptz not null,
    province smallint not null,
    n bigint default 0 not null,
    constraint roll_hour_prov_pkey primary key (hour, province)
) with (fillfactor = 80);
comment on table roll_hour_prov is 'Events by hour and jurisdiction';
comment on column roll_hour_prov.hour is 'Begin of the hour';
comment on column roll_hour_prov.province is 'Jurisdiction';
comment on column roll_hour_prov.n is 'Events';
""",
    "roll_day": """
create table roll_day (
    day date not null,
    name smallint not null,
    device smallint not null,
    province smallint not null,
    referral smallint not null,
    n bigint default 0 not null,
    constraint roll_day_pkey primary key (day, name, device, province, referral)
) with (fillfactor = 80);
comment on table roll_day is 'Events by local day, name and every dimension';
comment on column roll_day.day is 'Local day';
comment on column roll_day.name is 'Event name code';
comment on column roll_day.device is 'Device class';
comment on column roll_day.province is 'Jurisdiction';
comment on column roll_day.referral is 'Origin';
comment on column roll_day.n is 'Events';
""",
    "session_funnel": """
create table session_funnel (
    visitor_id bigint not null,
    session_id bigint not null,
    first_at timestamptz not null,
    first_event_id uuid not null,
    last_at timestamptz not null,
    t1 timestamptz,
    t2 timestamptz,
    t3 timestamptz,
    t4 timestamptz,
    t5 timestamptz,
    day date not null,
    device smallint not null,
    province smallint not null,
    referral smallint not null,
    tenant integer default 0 not null,
    ttc_bucket integer,
    constraint session_funnel_pkey primary key (visitor_id, session_id)
) with (fillfactor = 80);
create index session_funnel_day_brin on session_funnel using brin (day);
create index session_funnel_paid_idx
    on session_funnel (day, device) include (t1, t5) where t5 is not null;
create index session_funnel_tenant_idx on session_funnel (tenant, day) where tenant <> 0;
comment on table session_funnel is
    'One row per session: when each step of the anchored greedy funnel was reached';
comment on column session_funnel.visitor_id is 'Visitor';
comment on column session_funnel.session_id is 'Session within the visitor';
comment on column session_funnel.first_at is 'Earliest event';
comment on column session_funnel.first_event_id is 'Earliest event, by (occurred_at, event_id)';
comment on column session_funnel.last_at is 'Latest event';
comment on column session_funnel.t1 is 'When step 1 was reached';
comment on column session_funnel.t2 is 'When step 2 was reached';
comment on column session_funnel.t3 is 'When step 3 was reached';
comment on column session_funnel.t4 is 'When step 4 was reached';
comment on column session_funnel.t5 is 'When step 5 was reached';
comment on column session_funnel.day is 'Local day of the earliest event';
comment on column session_funnel.device is 'Device class of the earliest event';
comment on column session_funnel.province is 'Jurisdiction of the earliest event';
comment on column session_funnel.referral is 'Origin of the earliest event';
comment on column session_funnel.tenant is 'Organization of the earliest event, 0 for none';
comment on column session_funnel.ttc_bucket is
    'floor(ln(max(seconds, 1)) / ln 1.02) of t5 - t1; null before';
""",
    "funnel_day": """
create table funnel_day (
    day date not null,
    device smallint not null,
    province smallint not null,
    referral smallint not null,
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
    constraint funnel_day_pkey primary key (day, device, province, referral)
) with (fillfactor = 80);
comment on table funnel_day is
    'Funnel counts by local day and dimensions, cumulative by step and window';
comment on column funnel_day.day is 'Local day of the session';
comment on column funnel_day.device is 'Device class';
comment on column funnel_day.province is 'Jurisdiction';
comment on column funnel_day.referral is 'Origin';
comment on column funnel_day.sessions is 'Sessions';
comment on column funnel_day.s1 is 'Sessions with step 1';
comment on column funnel_day.s2_30m is 'Sessions at step 2 within 30m of step 1';
comment on column funnel_day.s2_24h is 'Sessions at step 2 within 24h of step 1';
comment on column funnel_day.s2_7d is 'Sessions at step 2 within 7d of step 1';
comment on column funnel_day.s2_any is 'Sessions at step 2 within any of step 1';
comment on column funnel_day.s3_30m is 'Sessions at step 3 within 30m of step 1';
comment on column funnel_day.s3_24h is 'Sessions at step 3 within 24h of step 1';
comment on column funnel_day.s3_7d is 'Sessions at step 3 within 7d of step 1';
comment on column funnel_day.s3_any is 'Sessions at step 3 within any of step 1';
comment on column funnel_day.s4_30m is 'Sessions at step 4 within 30m of step 1';
comment on column funnel_day.s4_24h is 'Sessions at step 4 within 24h of step 1';
comment on column funnel_day.s4_7d is 'Sessions at step 4 within 7d of step 1';
comment on column funnel_day.s4_any is 'Sessions at step 4 within any of step 1';
comment on column funnel_day.s5_30m is 'Sessions at step 5 within 30m of step 1';
comment on column funnel_day.s5_24h is 'Sessions at step 5 within 24h of step 1';
comment on column funnel_day.s5_7d is 'Sessions at step 5 within 7d of step 1';
comment on column funnel_day.s5_any is 'Sessions at step 5 within any of step 1';
""",
    "ttc_hist": """
create table ttc_hist (
    day date not null,
    device smallint not null,
    w smallint not null,
    bucket integer not null,
    n bigint default 0 not null,
    constraint ttc_hist_pkey primary key (day, device, w, bucket)
) with (fillfactor = 80);
comment on table ttc_hist is 'Histogram of the time from step 1 to step 5';
comment on column ttc_hist.day is 'Local day of the session';
comment on column ttc_hist.device is 'Device class';
comment on column ttc_hist.w is
    'Smallest window it fits: 0 is 30 min, 1 is 24 h, 2 is 7 d, 3 is any';
comment on column ttc_hist.bucket is 'floor(ln(max(seconds, 1)) / ln 1.02)';
comment on column ttc_hist.n is 'Sessions';
""",
    "visitor_day": """
create table visitor_day (
    visitor_id bigint not null,
    day date not null,
    constraint visitor_day_pkey primary key (visitor_id, day)
);
comment on table visitor_day is 'Days on which each visitor was active';
comment on column visitor_day.visitor_id is 'Visitor';
comment on column visitor_day.day is 'Local day with an event';
""",
    "active_gap": """
create table active_gap (
    day date not null,
    gap smallint not null,
    n bigint default 0 not null,
    constraint active_gap_pkey primary key (day, gap)
) with (fillfactor = 80);
comment on table active_gap is
    'Visitor-days by gap: distinct visitors of [A, B] are the sum with gap > day - A';
comment on column active_gap.day is 'Local day';
comment on column active_gap.gap is 'Days since the last active day; 32767 is first ever';
comment on column active_gap.n is 'Visitors';
""",
    "active_day": """
create table active_day (
    day date not null,
    dau bigint default 0 not null,
    wau bigint default 0 not null,
    mau bigint default 0 not null,
    constraint active_day_pkey primary key (day)
) with (fillfactor = 80);
comment on table active_day is 'Distinct active visitors by day, week and month';
comment on column active_day.day is 'Local day';
comment on column active_day.dau is 'Distinct visitors of the day';
comment on column active_day.wau is 'Distinct visitors of the 7 days ending then';
comment on column active_day.mau is 'Distinct visitors of the 30 days ending then';
""",
    "cohort_week": """
create table cohort_week (
    cohort date not null,
    week date not null,
    visitors bigint default 0 not null,
    constraint cohort_week_pkey primary key (cohort, week)
) with (fillfactor = 80);
comment on table cohort_week is 'Retention by week';
comment on column cohort_week.cohort is 'Monday of the week of the first active day';
comment on column cohort_week.week is 'Monday of the week';
comment on column cohort_week.visitors is 'Distinct visitors of the cohort active then';
""",
    "cohort_month": """
create table cohort_month (
    cohort date not null,
    month date not null,
    visitors bigint default 0 not null,
    constraint cohort_month_pkey primary key (cohort, month)
) with (fillfactor = 80);
comment on table cohort_month is 'Retention by month';
comment on column cohort_month.cohort is 'First of the month of the first active day';
comment on column cohort_month.month is 'First of the month';
comment on column cohort_month.visitors is 'Distinct visitors of the cohort active then';
""",
}


def upgrade() -> None:
    """Create what is missing."""
    create_missing(TABLES)
