"""The booking that a payment is for, beside what it contributes to the cells."""

from typing import Final

from alembic import op

from data.migrations.steps import is_ours, run

revision = "0021"
down_revision = "0020"

# What a payment was for is looked up once and kept; for another booking it is looked up anew.
BOOKING: Final = """
alter table payment_applied add column booking_id bigint;
comment on column payment_applied.booking_id is 'What is paid for; null for nothing known';
"""


def upgrade() -> None:
    """Add the column, where the table is ours."""
    if is_ours(op.get_bind(), "payment_applied"):
        run(BOOKING)
