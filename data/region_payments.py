"""Reads about how each jurisdiction pays: methods and how often they are approved."""

from typing import Final

from pandas import DataFrame
from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters
from data.region_days import ASKED, IN_REGION, REFERRED, asked

# A payment that was refunded or charged back later had been approved.
_APPROVED: Final = "status in ('approved', 'refunded', 'charged_back')"
_SHARES: Final = """
    methods as (
        select coalesce(nullif(name, ''), 'Not placed') as province, method,
            sum(paid)::bigint as paid, sum(decided)::bigint as decided
        from attempts
        left join provinces on provinces.id = attempts.province and iso <> ''
        group by provinces.id, name, method
    ),
    weighed as (
        select province, method, paid, decided,
            sum(paid) over (partition by province)::bigint as province_paid,
            sum(paid) over (partition by method) as method_paid
        from methods
    )
    select province, method, paid, province_paid, decided,
        100.0 * paid / nullif(province_paid, 0)::float8 as share_pct,
        100.0 * paid / nullif(decided, 0)::float8 as approval_pct
    from weighed
    order by province = 'Not placed', province_paid desc, province, method_paid desc, method
"""

MIX: Final = text(f"""
    -- data.region_payments.payment_mix
    with {ASKED},
    attempts as (
        select province, method, coalesce(sum(n) filter (where {_APPROVED}), 0) as paid,
            coalesce(sum(n) filter (where status <> 'pending'), 0) as decided
        from pay_province_day
        where day >= :first_day and day < :end_day and {IN_REGION}
        group by province, method
    ),{_SHARES}""")  # noqa: S608 - our own names

# Cells of jurisdictions do not know the device and the origin of a payment. Named in full, both
# codes lead into the index on (province, device, day).
MIX_NARROWED: Final = text(f"""
    -- data.region_payments.payment_mix_narrowed
    with {ASKED},
    attempts as (
        select province, method, count(*) filter (where {_APPROVED}) as paid,
            count(*) filter (where status <> 'pending') as decided
        from payment_applied
        where province = any(array(select id from provinces
                where cast(:region as text) is null or iso = :region))
            and device = any(array(select id from devices
                where cast(:device as text) is null or code = :device))
            and day >= :first_day and day < :end_day and {REFERRED}
        group by province, method
    ),{_SHARES}""")  # noqa: S608 - our own names


@question(ttl_s=30)
def payment_mix(db: Database, filters: Filters) -> DataFrame:
    """With which methods each jurisdiction pays, and how often an attempt is approved.

    Grain: (jurisdiction, method) with an attempt begun in the period, in its present state; the
    jurisdiction with most payments first. Columns: province, method str, paid int (approved,
    whatever became of them), province_paid int (the same of all methods), decided int (attempts
    that are not pending), share_pct float (paid of province_paid), approval_pct float (paid of
    decided), NaN of nothing. Attempts are counted, in any currency. By region, device and referral.
    Source: pay_province_day; payment_applied when a device or an origin is chosen.
    """
    chosen = filters.selection
    is_narrowed = chosen.device is not None or chosen.referral is not None
    return db.frame(MIX_NARROWED if is_narrowed else MIX, **asked(filters))
