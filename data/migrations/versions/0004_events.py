"""Sessions, events and payments."""

from data.migrations.steps import create_missing

revision = "0004"
down_revision = "0003"

TABLES = {
    "sessions": """
create table sessions (
    visitor_id bigint not null,
    session_id bigint not null,
    started_at timestamptz default now() not null,
    last_seen_at timestamptz default now() not null,
    user_id bigint,
    device smallint default 0 not null,
    province smallint default 0 not null,
    referral smallint default 0 not null,
    tenant integer default 0 not null,
    city text,
    connection text,
    constraint sessions_pkey primary key (visitor_id, session_id),
    constraint sessions_connection_check check (connection in ('2g', '3g', '4g', 'wifi'))
);
create index sessions_last_seen_at_idx
    on sessions (last_seen_at) include (device, province, referral, tenant);
create index sessions_started_at_idx
    on sessions (started_at) include (device, province, referral, tenant);
create index sessions_user_id_idx on sessions (user_id) where user_id is not null;
comment on table sessions is 'Visits: one row per (visitor_id, session_id)';
comment on column sessions.visitor_id is 'Anonymous id; does not change at sign-in';
comment on column sessions.session_id is 'Number of the session within the visitor';
comment on column sessions.started_at is 'First event';
comment on column sessions.last_seen_at is 'Latest event';
comment on column sessions.user_id is 'Client, once signed in';
comment on column sessions.device is 'Device class, 0 unknown';
comment on column sessions.province is 'Jurisdiction, 0 unknown';
comment on column sessions.referral is 'Origin, 0 unknown';
comment on column sessions.tenant is 'Organization, 0 for none';
comment on column sessions.city is 'City';
comment on column sessions.connection is '2g, 3g, 4g or wifi; null when the client did not say';
""",
    "analytics_events": """
create table analytics_events (
    occurred_at timestamptz not null,
    tx xid8 default pg_current_xact_id() not null,
    visitor_id bigint not null,
    session_id bigint not null,
    event_id uuid not null,
    name smallint default 0 not null,
    device smallint default 0 not null,
    province smallint default 0 not null,
    referral smallint default 0 not null,
    tenant integer default 0 not null,
    properties jsonb,
    constraint analytics_events_pkey primary key (visitor_id, session_id, event_id, occurred_at)
) partition by range (occurred_at);
create index analytics_events_name_occurred_at_idx
    on analytics_events (name, occurred_at) include (session_id, visitor_id, device, province);
create index analytics_events_occurred_at_brin
    on analytics_events using brin (occurred_at) with (pages_per_range = 32);
create index analytics_events_tx_idx on analytics_events (tx);
comment on table analytics_events is
    'Product events, append-only, one partition per local day of the business time zone';
comment on column analytics_events.occurred_at is 'When it happened; picks the day partition';
comment on column analytics_events.tx is
    'Transaction that wrote this row last; must move on every update';
comment on column analytics_events.visitor_id is 'Visitor';
comment on column analytics_events.session_id is 'Session within the visitor';
comment on column analytics_events.event_id is 'Given by the producer; a resend repeats it';
comment on column analytics_events.name is 'Event name code (event_names)';
comment on column analytics_events.device is 'Device class, 0 unknown';
comment on column analytics_events.province is 'Jurisdiction, 0 unknown';
comment on column analytics_events.referral is 'Origin, 0 unknown';
comment on column analytics_events.tenant is 'Organization, 0 for none';
comment on column analytics_events.properties is 'Whatever the producer added';
create table analytics_events_default partition of analytics_events default;
comment on table analytics_events_default is
    'Events of days that have no partition yet';
""",
    "payments": """
create table payments (
    created_at timestamptz default now() not null,
    tx xid8 default pg_current_xact_id() not null,
    visitor_id bigint not null,
    payment_id bigint not null,
    version integer default 1 not null,
    booking_id bigint,
    provider_id bigint not null,
    tenant integer default 0 not null,
    province smallint default 0 not null,
    device smallint default 0 not null,
    referral smallint default 0 not null,
    gateway text not null,
    method text not null,
    instalments smallint default 1 not null,
    status text not null,
    failure_reason text,
    amount_minor bigint not null,
    commission_minor bigint default 0 not null,
    currency char(3) default 'ARS' not null,
    approved_at timestamptz,
    refunded_at timestamptz,
    refunded_minor bigint default 0 not null,
    constraint payments_pkey primary key (visitor_id, payment_id),
    constraint payments_gateway_check
        check (gateway in ('mercadopago', 'todopago', 'payu', 'stripe')),
    constraint payments_method_check
        check (method in (
            'credit_card', 'debit_card', 'bank_transfer', 'cash', 'account_money'
        )),
    constraint payments_status_check
        check (status in ('pending', 'approved', 'rejected', 'refunded', 'charged_back')),
    constraint payments_amount_minor_not_negative_check check (amount_minor >= 0),
    constraint payments_commission_minor_not_negative_check check (commission_minor >= 0),
    constraint payments_refunded_minor_not_negative_check check (refunded_minor >= 0),
    constraint payments_instalments_not_negative_check check (instalments >= 0)
);
create index payments_approved_at_idx on payments (approved_at) where approved_at is not null;
create index payments_booking_id_idx on payments (booking_id) where booking_id is not null;
create index payments_created_at_idx
    on payments (created_at)
    include (status, gateway, amount_minor, commission_minor, currency);
create index payments_provider_id_created_at_idx on payments (provider_id, created_at);
create index payments_refunded_at_idx on payments (refunded_at) where refunded_at is not null;
create index payments_tx_idx on payments (tx);
comment on table payments is
    'Payments through the gateways; a later version replaces an earlier one';
comment on column payments.created_at is 'When it was begun; never changes';
comment on column payments.tx is
    'Transaction that wrote this row last; must move on every update';
comment on column payments.visitor_id is 'Visitor who pays';
comment on column payments.payment_id is 'Number of the payment within the visitor';
comment on column payments.version is 'Grows with each change; the highest wins';
comment on column payments.booking_id is 'What is paid for';
comment on column payments.provider_id is 'Provider who earns';
comment on column payments.tenant is 'Organization, 0 for none';
comment on column payments.province is 'Jurisdiction, 0 unknown';
comment on column payments.device is 'Device class, 0 unknown';
comment on column payments.referral is 'Origin, 0 unknown';
comment on column payments.gateway is 'mercadopago, todopago, payu or stripe';
comment on column payments.method is
    'credit_card, debit_card, bank_transfer, cash or account_money';
comment on column payments.instalments is 'Number of cuotas: 1, 3, 6, 12';
comment on column payments.status is 'pending, approved, rejected, refunded or charged_back';
comment on column payments.failure_reason is 'Why it was rejected, in the gateway''s word';
comment on column payments.amount_minor is 'Amount in minor units';
comment on column payments.commission_minor is 'Part of it that the platform keeps';
comment on column payments.currency is 'ISO 4217 code';
comment on column payments.approved_at is 'When the gateway approved';
comment on column payments.refunded_at is 'When it was paid back';
comment on column payments.refunded_minor is 'Amount paid back';
""",
}


def upgrade() -> None:
    """Create what is missing."""
    create_missing(TABLES)
