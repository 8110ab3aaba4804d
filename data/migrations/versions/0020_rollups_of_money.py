"""Rollups of payments as sales and refunds, by every dimension; scores of providers."""

from typing import Final

from data.migrations.steps import create_missing, run

revision = "0020"
down_revision = "0019"

MONEY: Final = """\
    sales bigint default 0 not null,
    gross bigint default 0 not null,
    commission bigint default 0 not null,
    refunds bigint default 0 not null,
    refunded bigint default 0 not null,
    commission_back bigint default 0 not null,
    charged_back bigint default 0 not null,
"""
MEANINGS: Final = """\
comment on column TABLE.sales is 'Sales: payments approved then, whatever became of them';
comment on column TABLE.gross is 'Sum of the sales';
comment on column TABLE.commission is 'Part of the sales that the platform keeps';
comment on column TABLE.refunds is 'Refunds: payments paid back then, in full or in part';
comment on column TABLE.refunded is 'Sum paid back';
comment on column TABLE.commission_back is
    'Part of the commission that falls on refunded, rounded down';
comment on column TABLE.charged_back is 'Part of refunded that a charge-back took';
"""


def _meant(table: str) -> str:
    return MEANINGS.replace("TABLE", table)


TABLES: Final = {
    "money_hour": f"""
create table money_hour (
    hour timestamptz not null,
    currency char(3) not null,
    province smallint not null,
    device smallint not null,
    referral smallint not null,
{MONEY}    constraint money_hour_pkey primary key (hour, currency, province, device, referral)
) with (fillfactor = 80);
comment on table money_hour is 'Sales and refunds by hour and every dimension';
comment on column money_hour.hour is 'Hour of the approval, or of the refund';
comment on column money_hour.currency is 'ISO 4217 code; never summed over';
comment on column money_hour.province is 'Jurisdiction';
comment on column money_hour.device is 'Device class';
comment on column money_hour.referral is 'Origin';
{_meant("money_hour")}""",
    "money_day": f"""
create table money_day (
    day date not null,
    currency char(3) not null,
    province smallint not null,
    device smallint not null,
    referral smallint not null,
{MONEY}    constraint money_day_pkey primary key (day, currency, province, device, referral)
) with (fillfactor = 80);
comment on table money_day is 'Sales and refunds by local day and every dimension';
comment on column money_day.day is 'Local day of the approval, or of the refund';
comment on column money_day.currency is 'ISO 4217 code; never summed over';
comment on column money_day.province is 'Jurisdiction';
comment on column money_day.device is 'Device class';
comment on column money_day.referral is 'Origin';
{_meant("money_day")}""",
    "money_tenant_day": f"""
create table money_tenant_day (
    tenant integer not null,
    day date not null,
    currency char(3) not null,
{MONEY}    constraint money_tenant_day_pkey primary key (tenant, day, currency)
) with (fillfactor = 80);
comment on table money_tenant_day is 'Sales and refunds by tenant and local day';
comment on column money_tenant_day.tenant is 'Organization, 0 for none';
comment on column money_tenant_day.day is 'Local day of the approval, or of the refund';
comment on column money_tenant_day.currency is 'ISO 4217 code; never summed over';
{_meant("money_tenant_day")}""",
    "money_city_day": f"""
create table money_city_day (
    day date not null,
    province smallint not null,
    city text not null,
    device smallint not null,
    currency char(3) not null,
{MONEY}    constraint money_city_day_pkey primary key (day, province, city, device, currency)
) with (fillfactor = 80);
comment on table money_city_day is
    'Sales and refunds by local day, jurisdiction, city and device class';
comment on column money_city_day.day is 'Local day of the approval, or of the refund';
comment on column money_city_day.province is 'Jurisdiction';
comment on column money_city_day.city is 'City of the session that booked; empty for unknown';
comment on column money_city_day.device is 'Device class';
comment on column money_city_day.currency is 'ISO 4217 code; never summed over';
{_meant("money_city_day")}""",
    "service_day": f"""
create table service_day (
    day date not null,
    currency char(3) not null,
    kind text not null,
    service text not null,
{MONEY}    constraint service_day_pkey primary key (day, currency, kind, service)
) with (fillfactor = 80);
comment on table service_day is 'Sales and refunds by local day and service';
comment on column service_day.day is 'Local day of the approval, or of the refund';
comment on column service_day.currency is 'ISO 4217 code; never summed over';
comment on column service_day.kind is 'Kind of the provider; empty for unknown';
comment on column service_day.service is 'Name of the service; empty for unknown';
{_meant("service_day")}""",
    "provider_day": f"""
create table provider_day (
    provider_id bigint not null,
    day date not null,
    currency char(3) not null,
{MONEY}    constraint provider_day_pkey primary key (provider_id, day, currency)
) with (fillfactor = 80);
create index provider_day_day_brin on provider_day using brin (day);
comment on table provider_day is 'Sales and refunds by provider and local day';
comment on column provider_day.provider_id is 'Provider';
comment on column provider_day.day is 'Local day of the approval, or of the refund';
comment on column provider_day.currency is 'ISO 4217 code; never summed over';
{_meant("provider_day")}""",
    "provider_top": f"""
create table provider_top (
    window_days smallint not null,
    currency char(3) not null,
    provider_id bigint not null,
{MONEY}    constraint provider_top_pkey primary key (window_days, currency, provider_id)
) with (fillfactor = 80);
create index provider_top_rank_idx on provider_top (window_days, currency, gross desc, provider_id);
comment on table provider_top is 'Sales and refunds of providers in the latest days, for ranking';
comment on column provider_top.window_days is '7, 30 or 90 days ending at rollup_state.as_of';
comment on column provider_top.currency is 'ISO 4217 code; never summed over';
comment on column provider_top.provider_id is 'Provider';
{_meant("provider_top")}""",
    "provider_scores": """
create table provider_scores (
    window_days smallint not null,
    provider_id bigint not null,
    currency char(3),
    currencies smallint default 0 not null,
    sales bigint default 0 not null,
    gross bigint default 0 not null,
    commission bigint default 0 not null,
    refunded bigint default 0 not null,
    earnings bigint default 0 not null,
    bookings bigint default 0 not null,
    appointments bigint default 0 not null,
    completed bigint default 0 not null,
    cancelled bigint default 0 not null,
    no_show bigint default 0 not null,
    booked_minutes bigint default 0 not null,
    offered_minutes bigint default 0 not null,
    occupancy_pct double precision,
    cancelled_pct double precision,
    no_show_pct double precision,
    reviews bigint default 0 not null,
    rating double precision,
    responses bigint default 0 not null,
    response_s double precision,
    constraint provider_scores_pkey primary key (window_days, provider_id)
) with (fillfactor = 80);
comment on table provider_scores is
    'Earnings, bookings, occupancy, rating and response of each provider, by window';
comment on column provider_scores.window_days is '7, 30 or 90 local days, today included';
comment on column provider_scores.provider_id is 'Provider; every one has a row for each window';
comment on column provider_scores.currency is 'In which it earns most often; null: sells nothing';
comment on column provider_scores.currencies is 'Currencies of its money in the window';
comment on column provider_scores.sales is 'Payments approved, in that currency';
comment on column provider_scores.gross is 'Sum of the sales';
comment on column provider_scores.commission is 'Part of the sales that the platform keeps';
comment on column provider_scores.refunded is 'Sum paid back';
comment on column provider_scores.earnings is
    'Gross less commission, less what was paid back of both';
comment on column provider_scores.bookings is 'Bookings made in the window, paid or not';
comment on column provider_scores.appointments is
    'Confirmed bookings that begin in the window, up to now';
comment on column provider_scores.completed is 'Appointments that took place';
comment on column provider_scores.cancelled is 'Appointments cancelled after they were confirmed';
comment on column provider_scores.no_show is 'Appointments to which nobody came';
comment on column provider_scores.booked_minutes is
    'Minutes of the window that are booked and not cancelled';
comment on column provider_scores.offered_minutes is
    'Minutes on offer in the window, since the provider joined';
comment on column provider_scores.occupancy_pct is 'Booked of offered minutes; null: none on offer';
comment on column provider_scores.cancelled_pct is 'Cancelled of appointments; null: none';
comment on column provider_scores.no_show_pct is 'No-shows of those due; null: none due';
comment on column provider_scores.reviews is 'Reviews written in the window';
comment on column provider_scores.rating is 'Average of these reviews; null: none';
comment on column provider_scores.responses is 'Bookings made in the window and confirmed';
comment on column provider_scores.response_s is 'Median seconds from booking to confirmation';
""",
    "provider_scores_state": """
create table provider_scores_state (
    id smallint default 1 not null,
    today date not null,
    scored_at timestamptz not null,
    constraint provider_scores_state_pkey primary key (id),
    constraint provider_scores_state_one_row_check check (id = 1)
) with (fillfactor = 80);
comment on table provider_scores_state is 'How old the provider scores are';
comment on column provider_scores_state.id is 'Always 1: there is one row';
comment on column provider_scores_state.today is 'Local day with which the windows end';
comment on column provider_scores_state.scored_at is 'When the scores were computed';
""",
}

REBUILT: Final = """
create or replace function atalaya_rollup_names() returns text[]
language sql immutable
as $$
    select array[
        'roll_minute', 'roll_hour', 'roll_hour_prov', 'roll_day', 'session_funnel', 'funnel_day',
        'funnel_tenant_day', 'city_day', 'session_shape', 'step_hist', 'ttc_hist', 'visitor_day',
        'active_gap', 'active_day', 'cohort_week', 'cohort_month', 'payment_applied', 'pay_hour',
        'pay_day', 'pay_province_day', 'money_hour', 'money_day', 'money_tenant_day',
        'money_city_day', 'service_day', 'provider_day', 'provider_top'
    ]
$$;
"""


def upgrade() -> None:
    """Create what is missing, and let the rollups of payments be rebuilt like the others."""
    create_missing(TABLES)
    run(REBUILT)
