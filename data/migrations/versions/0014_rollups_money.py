"""Rollups of payments."""

from data.migrations.steps import create_missing

revision = "0014"
down_revision = "0013"

TABLES = {
    "payment_applied": """
create table payment_applied (
    visitor_id bigint not null,
    payment_id bigint not null,
    hour timestamptz not null,
    day date not null,
    provider_id bigint not null,
    method text not null,
    instalments smallint not null,
    status text not null,
    amount bigint not null,
    commission bigint not null,
    tenant integer default 0 not null,
    constraint payment_applied_pkey primary key (visitor_id, payment_id)
) with (fillfactor = 80);
create index payment_applied_tenant_idx on payment_applied (tenant, day) where tenant <> 0;
comment on table payment_applied is
    'What each payment contributes to the cells now; a change applies the difference';
comment on column payment_applied.visitor_id is 'Visitor who pays';
comment on column payment_applied.payment_id is 'Payment within the visitor';
comment on column payment_applied.hour is 'Hour of its creation';
comment on column payment_applied.day is 'Local day of its creation';
comment on column payment_applied.provider_id is 'Provider who earns';
comment on column payment_applied.method is 'Payment method';
comment on column payment_applied.instalments is 'Number of cuotas';
comment on column payment_applied.status is 'Status that the cells contain';
comment on column payment_applied.amount is 'Amount that the cells contain';
comment on column payment_applied.commission is 'Commission that the cells contain';
comment on column payment_applied.tenant is 'Organization, 0 for none';
""",
    "pay_hour": """
create table pay_hour (
    hour timestamptz not null,
    method text not null,
    instalments smallint not null,
    status text not null,
    n bigint default 0 not null,
    amount bigint default 0 not null,
    commission bigint default 0 not null,
    constraint pay_hour_pkey primary key (hour, method, instalments, status)
) with (fillfactor = 80);
comment on table pay_hour is 'Current state of payments by hour of creation';
comment on column pay_hour.hour is 'Hour of creation';
comment on column pay_hour.method is 'Payment method';
comment on column pay_hour.instalments is 'Number of cuotas';
comment on column pay_hour.status is 'Current status';
comment on column pay_hour.n is 'Payments';
comment on column pay_hour.amount is 'Sum of amounts in minor units';
comment on column pay_hour.commission is 'Sum of commissions in minor units';
""",
    "pay_day": """
create table pay_day (
    day date not null,
    method text not null,
    instalments smallint not null,
    status text not null,
    n bigint default 0 not null,
    amount bigint default 0 not null,
    commission bigint default 0 not null,
    constraint pay_day_pkey primary key (day, method, instalments, status)
) with (fillfactor = 80);
comment on table pay_day is 'Current state of payments by local day of creation';
comment on column pay_day.day is 'Local day of creation';
comment on column pay_day.method is 'Payment method';
comment on column pay_day.instalments is 'Number of cuotas';
comment on column pay_day.status is 'Current status';
comment on column pay_day.n is 'Payments';
comment on column pay_day.amount is 'Sum of amounts in minor units';
comment on column pay_day.commission is 'Sum of commissions in minor units';
""",
    "provider_day": """
create table provider_day (
    day date not null,
    provider_id bigint not null,
    n bigint default 0 not null,
    net bigint default 0 not null,
    constraint provider_day_pkey primary key (day, provider_id)
) with (fillfactor = 80);
create index provider_day_provider_id_day_idx on provider_day (provider_id, day);
comment on table provider_day is 'What providers earned by local day';
comment on column provider_day.day is 'Local day of creation';
comment on column provider_day.provider_id is 'Provider';
comment on column provider_day.n is 'Payments approved now';
comment on column provider_day.net is 'Amount less commission';
""",
    "provider_top": """
create table provider_top (
    window_days smallint not null,
    provider_id bigint not null,
    n bigint default 0 not null,
    net bigint default 0 not null,
    constraint provider_top_pkey primary key (window_days, provider_id)
) with (fillfactor = 80);
create index provider_top_rank_idx on provider_top (window_days, net desc, provider_id);
comment on table provider_top is 'What providers earned in the latest days, for ranking';
comment on column provider_top.window_days is '7, 30 or 90 days ending at rollup_state.as_of';
comment on column provider_top.provider_id is 'Provider';
comment on column provider_top.n is 'Payments approved now';
comment on column provider_top.net is 'Amount less commission';
""",
}


def upgrade() -> None:
    """Create what is missing."""
    create_missing(TABLES)
