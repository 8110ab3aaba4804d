"""Rollups of payments as attempts, and what each payment contributes."""

from typing import Final

from alembic import op
from sqlalchemy import text

from data.migrations.steps import create_missing, is_ours, run

revision = "0019"
down_revision = "0018"

# Nothing has filled them yet: only the refresh that comes with these steps does. The last two are
# made anew by the next step.
OUTDATED: Final = ("payment_applied", "pay_hour", "pay_day", "provider_day", "provider_top")

_FORGET: Final = text("delete from atalaya_created_tables where name = :name")


TABLES: Final = {
    "payment_applied": """
create table payment_applied (
    visitor_id bigint not null,
    payment_id bigint not null,
    created_at timestamptz not null,
    sold_at timestamptz,
    back_at timestamptz,
    amount bigint not null,
    commission bigint not null,
    refunded bigint not null,
    commission_back bigint not null,
    provider_id bigint not null,
    day date not null,
    sold_day date,
    back_day date,
    tenant integer not null,
    province smallint not null,
    device smallint not null,
    referral smallint not null,
    instalments smallint not null,
    currency char(3) not null,
    gateway text not null,
    method text not null,
    status text not null,
    reason text not null,
    kind text not null,
    service text not null,
    city text not null,
    constraint payment_applied_pkey primary key (visitor_id, payment_id)
) with (fillfactor = 80);
create index payment_applied_back_idx on payment_applied (back_at)
    where back_at is not null;
create index payment_applied_place_idx on payment_applied (province, device, day);
create index payment_applied_sold_idx on payment_applied (sold_at)
    where sold_at is not null;
create index payment_applied_tenant_idx on payment_applied (tenant, day)
    where tenant <> 0;
create index payment_applied_tenant_sold_idx on payment_applied (tenant, sold_at)
    where tenant <> 0 and sold_at is not null;
comment on table payment_applied is
    'What each payment contributes to the cells now; a change applies the difference';
comment on column payment_applied.visitor_id is 'Visitor who pays';
comment on column payment_applied.payment_id is 'Payment within the visitor';
comment on column payment_applied.created_at is 'When it was begun';
comment on column payment_applied.sold_at is 'When it was approved; null: no sale';
comment on column payment_applied.back_at is 'When money went back; null: no refund';
comment on column payment_applied.amount is 'Amount';
comment on column payment_applied.commission is 'Part of the amount that the platform keeps';
comment on column payment_applied.refunded is 'Amount paid back; 0 without a refund';
comment on column payment_applied.commission_back is
    'Part of the commission that falls on refunded, rounded down';
comment on column payment_applied.provider_id is 'Provider who earns';
comment on column payment_applied.day is 'Local day of its creation';
comment on column payment_applied.sold_day is 'Local day of the sale';
comment on column payment_applied.back_day is 'Local day of the refund';
comment on column payment_applied.tenant is 'Organization, 0 for none';
comment on column payment_applied.province is 'Jurisdiction';
comment on column payment_applied.device is 'Device class';
comment on column payment_applied.referral is 'Origin';
comment on column payment_applied.instalments is 'Number of cuotas';
comment on column payment_applied.currency is 'ISO 4217 code';
comment on column payment_applied.gateway is 'Payment gateway';
comment on column payment_applied.method is 'Payment method';
comment on column payment_applied.status is 'Status that the cells contain';
comment on column payment_applied.reason is 'Why it is rejected; empty when it is not';
comment on column payment_applied.kind is
    'Kind of the provider when it was consumed; empty for unknown';
comment on column payment_applied.service is
    'Name of the service when it was consumed; empty for unknown';
comment on column payment_applied.city is 'City of the session that booked; empty for unknown';
""",
    "pay_hour": """
create table pay_hour (
    hour timestamptz not null,
    currency char(3) not null,
    gateway text not null,
    status text not null,
    reason text not null,
    n bigint default 0 not null,
    amount bigint default 0 not null,
    constraint pay_hour_pkey primary key (hour, currency, gateway, status, reason)
) with (fillfactor = 80);
comment on table pay_hour is
    'Payment attempts in their current state by hour of creation and gateway';
comment on column pay_hour.hour is 'Hour of creation';
comment on column pay_hour.currency is 'ISO 4217 code; never summed over';
comment on column pay_hour.gateway is 'Payment gateway';
comment on column pay_hour.status is 'Current status';
comment on column pay_hour.reason is 'Why it is rejected, in the gateway''s word; else empty';
comment on column pay_hour.n is 'Attempts';
comment on column pay_hour.amount is 'Sum of their amounts';
""",
    "pay_day": """
create table pay_day (
    day date not null,
    currency char(3) not null,
    device smallint not null,
    referral smallint not null,
    method text not null,
    instalments smallint not null,
    status text not null,
    reason text not null,
    n bigint default 0 not null,
    amount bigint default 0 not null,
    constraint pay_day_pkey primary key (
        day, currency, device, referral, method, instalments, status, reason
    )
) with (fillfactor = 80);
comment on table pay_day is 'Payment attempts in their current state by local day of creation';
comment on column pay_day.day is 'Local day of creation';
comment on column pay_day.currency is 'ISO 4217 code; never summed over';
comment on column pay_day.device is 'Device class';
comment on column pay_day.referral is 'Origin';
comment on column pay_day.method is 'Payment method';
comment on column pay_day.instalments is 'Number of cuotas';
comment on column pay_day.status is 'Current status';
comment on column pay_day.reason is 'Why it is rejected, in the gateway''s word; else empty';
comment on column pay_day.n is 'Attempts';
comment on column pay_day.amount is 'Sum of their amounts';
""",
    "pay_province_day": """
create table pay_province_day (
    province smallint not null,
    day date not null,
    currency char(3) not null,
    method text not null,
    instalments smallint not null,
    status text not null,
    reason text not null,
    n bigint default 0 not null,
    amount bigint default 0 not null,
    constraint pay_province_day_pkey primary key (
        province, day, currency, method, instalments, status, reason
    )
) with (fillfactor = 80);
comment on table pay_province_day is
    'Payment attempts in their current state by jurisdiction and local day of creation';
comment on column pay_province_day.province is 'Jurisdiction';
comment on column pay_province_day.day is 'Local day of creation';
comment on column pay_province_day.currency is 'ISO 4217 code; never summed over';
comment on column pay_province_day.method is 'Payment method';
comment on column pay_province_day.instalments is 'Number of cuotas';
comment on column pay_province_day.status is 'Current status';
comment on column pay_province_day.reason is
    'Why it is rejected, in the gateway''s word; else empty';
comment on column pay_province_day.n is 'Attempts';
comment on column pay_province_day.amount is 'Sum of their amounts';
""",
}


def upgrade() -> None:
    """Put new shapes in the place of old ones, where those are ours; create what is missing."""
    connection = op.get_bind()
    for name in OUTDATED:
        if is_ours(connection, name):
            run(f"drop table {name}")
            connection.execute(_FORGET, {"name": name})
    create_missing(TABLES)
