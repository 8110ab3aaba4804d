"""Hours of money by jurisdiction alone: split further, there was hardly one payment in each."""

from typing import Final

from alembic import op

from data.migrations.steps import is_ours, run

revision = "0023"
down_revision = "0022"

COARSER: Final = """
alter table money_hour rename to money_hour_finer;
alter table money_hour_finer rename constraint money_hour_pkey to money_hour_finer_pkey;
create table money_hour (
    hour timestamptz not null,
    currency char(3) not null,
    province smallint not null,
    sales bigint default 0 not null,
    gross bigint default 0 not null,
    commission bigint default 0 not null,
    refunds bigint default 0 not null,
    refunded bigint default 0 not null,
    commission_back bigint default 0 not null,
    charged_back bigint default 0 not null,
    constraint money_hour_pkey primary key (hour, currency, province)
) with (fillfactor = 80);
insert into money_hour
select hour, currency, province, sum(sales), sum(gross), sum(commission), sum(refunds),
    sum(refunded), sum(commission_back), sum(charged_back)
from money_hour_finer
group by hour, currency, province;
drop table money_hour_finer;
comment on table money_hour is 'Sales and refunds by hour and jurisdiction';
comment on column money_hour.hour is 'Hour of the approval, or of the refund';
comment on column money_hour.currency is 'ISO 4217 code; never summed over';
comment on column money_hour.province is 'Jurisdiction';
comment on column money_hour.sales is 'Sales: payments approved then, whatever became of them';
comment on column money_hour.gross is 'Sum of the sales';
comment on column money_hour.commission is 'Part of the sales that the platform keeps';
comment on column money_hour.refunds is 'Refunds: payments paid back then, in full or in part';
comment on column money_hour.refunded is 'Sum paid back';
comment on column money_hour.commission_back is
    'Part of the commission that falls on refunded, rounded down';
comment on column money_hour.charged_back is 'Part of refunded that a charge-back took';
"""


def upgrade() -> None:
    """Sum the cells that are there, where the table is ours."""
    if is_ours(op.get_bind(), "money_hour"):
        run(COARSER)
