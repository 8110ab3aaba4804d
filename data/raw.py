"""Raw rows for analysts: events and payments as they stand, streamed as CSV.

Not questions: they are not cached and not held in memory. How many rows there are is asked first,
so that nobody waits for what is refused, or is cut without a word.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import TextClause

from data.database import Database
from data.narrow import narrowed
from data.period import Filters

MOST: Final = 500_000
"""Rows in one export; more is work for the database itself."""
EXPORT_MS: Final = 120_000
COUNT_MS: Final = 20_000

# What somebody else wrote must not run as a formula in a spreadsheet: an apostrophe goes first.
EVENTS: Final = narrowed(r"""
    -- data.raw.events
    with raw as (
        select occurred_at, name, visitor_id, session_id, event_id, device, province, referral,
            tenant, properties
        from analytics_events
        where occurred_at >= :since and occurred_at < :until
            and /* filters */
    )
    select raw.occurred_at, regexp_replace(event_names.name, '^([=+@|%\t\r\n-])', '''\1') as event,
        raw.visitor_id, raw.session_id, raw.event_id, devices.code as device,
        provinces.iso as region, referrals.code as referral, raw.tenant, raw.properties
    from raw
    join event_names on event_names.id = raw.name
    join devices on devices.id = raw.device
    join provinces on provinces.id = raw.province
    join referrals on referrals.id = raw.referral
    order by raw.occurred_at
""")
EVENT_COUNT: Final = narrowed("""
    -- data.raw.event_count
    select count(*) from (
        select 1 from analytics_events
        where occurred_at >= :since and occurred_at < :until
            and /* filters */
        limit :most
    ) as found
""")
PAYMENTS: Final = narrowed(r"""
    -- data.raw.payments
    with raw as (
        select created_at, approved_at, refunded_at, visitor_id, payment_id, booking_id,
            provider_id, gateway, method, instalments, status,
            regexp_replace(failure_reason, '^([=+@|%\t\r\n-])', '''\1') as failure_reason,
            currency, amount_minor, commission_minor, refunded_minor, device, province, referral,
            tenant
        from payments
        where created_at >= :since and created_at < :until
            and /* filters */
    )
    select raw.created_at, raw.approved_at, raw.refunded_at, raw.visitor_id, raw.payment_id,
        raw.booking_id, raw.provider_id, raw.gateway, raw.method, raw.instalments, raw.status,
        raw.failure_reason, raw.currency, raw.amount_minor, raw.commission_minor,
        raw.refunded_minor, devices.code as device, provinces.iso as region,
        referrals.code as referral, raw.tenant
    from raw
    join devices on devices.id = raw.device
    join provinces on provinces.id = raw.province
    join referrals on referrals.id = raw.referral
    order by raw.created_at
""")
PAYMENT_COUNT: Final = narrowed("""
    -- data.raw.payment_count
    select count(*) from (
        select 1 from payments
        where created_at >= :since and created_at < :until
            and /* filters */
        limit :most
    ) as found
""")
KINDS: Final[dict[str, tuple[TextClause, TextClause]]] = {
    "events": (EVENTS, EVENT_COUNT),
    "payments": (PAYMENTS, PAYMENT_COUNT),
}


def row_count(db: Database, filters: Filters, *, kind: str) -> int:
    """How many rows an export of this kind would hold now; MOST + 1 stands for "more than MOST".

    `kind` is a key of KINDS. Raises SourceDown.
    """
    count = db.scalar_within(KINDS[kind][1], timeout_ms=COUNT_MS, most=MOST + 1, **filters.sql())
    return int(str(count))


@contextmanager
def rows_as_csv(db: Database, filters: Filters, *, kind: str) -> Iterator[Iterator[bytes]]:
    """Stream the rows of the period, oldest first, with a header line; amounts in minor units.

    Times are of the business time zone, with their offset. Nothing is held in memory: the blocks
    come as the reader takes them, within EXPORT_MS. Sources: analytics_events; payments by
    created_at. Raises SourceDown, also between blocks.
    """
    statement = KINDS[kind][0]
    with db.csv(statement, zone=filters.zone, timeout_ms=EXPORT_MS, **filters.sql()) as blocks:
        yield blocks
