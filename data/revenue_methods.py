"""Reads of Revenue about how people pay: methods, instalments, approval, reasons of failure.

Attempts count on the local day of their creation, in the state that they have now, and days count
whole. Decided is every attempt that is not pending; approved is also what was refunded or charged
back later. One currency: see data.revenue.chosen_currency.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pandas import DataFrame
from sqlalchemy import TextClause, text

from data.cache import question
from data.database import Database
from data.narrow import FILTERS
from data.period import Filters
from data.revenue import chosen_currency

PAYERS_OWN: Final = (
    *("insufficient_funds", "card_declined", "expired_card", "invalid_card"),
    *("invalid_security_code", "high_risk", "call_for_authorize", "limit_exceeded"),
)
"""Reasons that no change of ours would help; the same as in the signal payment_failure_pct."""

_MARK: Final = "/* attempts */"
_CODES: Final = """
            and (cast(:device as text) is null
                or device = (select id from devices where code = :device))
            and (cast(:referral as text) is null
                or referral = (select id from referrals where code = :referral))"""
_DAYS: Final = "day >= :first_day and day <= :last_day and currency = :currency"
_SOURCES: Final = {
    "by_day": f"""
    attempts as (
        select method, instalments, status, reason, n, amount
        from pay_day
        where {_DAYS}{_CODES}
    )""",  # noqa: S608 - our own words
    "by_province": f"""
    attempts as (
        select method, instalments, status, reason, n, amount
        from pay_province_day
        where province = (select id from provinces where iso = :region) and {_DAYS}
    )""",  # noqa: S608 - our own words
    "by_payment": f"""
    attempts as (
        select method, instalments, status, reason, 1 as n, amount
        from payment_applied
        where {_DAYS}
            and {FILTERS}
    )""",  # noqa: S608 - our own words
}
"""From the fewest cells that know the viewer's filters."""


def _over_attempts(sql: str) -> Mapping[str, TextClause]:
    """Make the statement once for each source; `{source}` is the end of its name."""
    return {
        source: text(sql.replace(_MARK, cte.strip()).replace("{source}", source))
        for source, cte in _SOURCES.items()
    }


MATRIX: Final = _over_attempts("""
    -- data.revenue_methods.matrix_{source}
    with /* attempts */,
    plans as (
        select method, instalments, sum(n) as attempts,
            sum(n) filter (where status <> 'pending') as decided,
            sum(n) filter (where status in ('approved', 'refunded', 'charged_back')) as approved,
            sum(amount) filter (where status in ('approved', 'refunded', 'charged_back')) as amount
        from attempts
        group by method, instalments
    ),
    refusals as (
        select distinct on (method, instalments) method, instalments,
            coalesce(nullif(reason, ''), 'not_said') as reason, sum(n) as failed
        from attempts
        where status = 'rejected'
        group by method, instalments, reason
        order by method, instalments, failed desc, reason
    )
    select method, instalments, attempts::bigint as attempts,
        coalesce(decided, 0)::bigint as decided, coalesce(approved, 0)::bigint as approved,
        coalesce(amount, 0)::bigint as amount, :currency as currency,
        (100.0 * coalesce(approved, 0) / nullif(decided, 0))::float8 as approval_pct,
        (amount / nullif(approved, 0))::float8 as ticket,
        (100.0 * amount / nullif(sum(amount) over (), 0))::float8 as share_pct,
        reason, (100.0 * failed / nullif(decided, 0))::float8 as reason_pct
    from plans left join refusals using (method, instalments)
    order by sum(coalesce(amount, 0)) over (partition by method) desc, method, instalments
""")

REASONS: Final = _over_attempts("""
    -- data.revenue_methods.reasons_{source}
    with /* attempts */,
    decisions as (
        select sum(n) as decided from attempts where status <> 'pending'
    ),
    refusals as (
        select coalesce(nullif(reason, ''), 'not_said') as reason, method, sum(n) as failed,
            sum(amount) as amount
        from attempts
        where status = 'rejected'
        group by 1, method
    )
    select reason, case when reason = any(:payers_own) then 'payer' else 'gateway' end as fault,
        sum(failed)::bigint as failed, max(decided)::bigint as decided,
        (100.0 * sum(failed) / max(decided))::float8 as share_pct,
        sum(amount)::bigint as amount, :currency as currency,
        (array_agg(method order by failed desc, method))[1] as method
    from refusals cross join decisions
    group by reason
    order by failed desc, reason
""")

_GATEWAYS: Final = """
    -- data.revenue_methods.{name}
    with attempts as (
        {attempts}
    ),
    counts as (
        select gateway, sum(n) as attempts,
            sum(n) filter (where status <> 'pending') as decided,
            sum(n) filter (where status in ('approved', 'refunded', 'charged_back')) as approved,
            sum(amount) filter (where status in ('approved', 'refunded', 'charged_back')) as amount,
            sum(n) filter (where status = 'rejected' and reason <> all(:payers_own)) as faults
        from attempts
        group by gateway
    )
    select gateway, attempts::bigint as attempts, coalesce(decided, 0)::bigint as decided,
        coalesce(approved, 0)::bigint as approved, coalesce(amount, 0)::bigint as amount,
        :currency as currency,
        (100.0 * coalesce(approved, 0) / nullif(decided, 0))::float8 as approval_pct,
        (100.0 * coalesce(faults, 0) / nullif(decided, 0))::float8 as fault_pct,
        (amount / nullif(approved, 0))::float8 as ticket,
        (100.0 * amount / nullif(sum(amount) over (), 0))::float8 as share_pct
    from counts
    order by amount desc, gateway
"""
GATEWAYS: Final = text(
    _GATEWAYS.format(
        name="gateways",
        attempts="""select gateway, status, reason, n, amount
        from pay_hour
        where hour >= :since and hour < :until and currency = :currency""",
    )
)
# Every place has its own part of the index, so that a period is read and nothing before it.
GATEWAYS_BY_PAYMENT: Final = text(
    _GATEWAYS.format(
        name="gateways_by_payment",
        attempts=f"""select gateway, status, reason, 1 as n, amount
        from provinces as place cross join devices as class
        join payment_applied on province = place.id and device = class.id
        where {_DAYS}
            and {FILTERS}""",  # noqa: S608 - our own words
    )
)
GATEWAYS_OF_TENANT: Final = text(
    _GATEWAYS.format(
        name="gateways_of_tenant",
        attempts=f"""select gateway, status, reason, 1 as n, amount
        from payment_applied
        where {_DAYS} and tenant <> 0
            and {FILTERS}""",  # noqa: S608 - our own words
    )
)


@question(ttl_s=30)
def matrix(db: Database, filters: Filters) -> DataFrame:
    """How each payment method does in each number of instalments, among the period's attempts.

    Grain: (method, instalments), the method with the most money first; pairs without attempts are
    absent. Columns: method str, instalments int, attempts int, decided int, approved int, amount
    int (of the approved), currency str, approval_pct float (of decided; NaN without), ticket float
    (NaN without approved), share_pct float (of all approved money), reason str (commonest one, null
    when none failed), reason_pct float (of decided). Minor units. Source: pay_day,
    pay_province_day for a region alone, else payment_applied.
    """
    return _asked(db, MATRIX, filters)


@question(ttl_s=30)
def reasons(db: Database, filters: Filters) -> DataFrame:
    """Why attempts of the period failed, as a share of all decided ones; the commonest first.

    Grain: reason ("not_said" when the gateway gave none); empty when none failed. Columns: reason
    str, fault "payer" or "gateway", failed int, decided int (the same in all rows), share_pct
    float, amount int (attempted; a later attempt may have succeeded), currency str, method str (in
    which it is commonest). Minor units. Source: as matrix.
    """
    return _asked(db, REASONS, filters, payers_own=list(PAYERS_OWN))


@question(ttl_s=30)
def gateways(db: Database, filters: Filters) -> DataFrame:
    """How each gateway does among the period's attempts; the one with the most money first.

    Grain: gateway. Columns: gateway str, attempts int, decided int, approved int, amount int (of
    the approved), currency str, approval_pct float and fault_pct float (failed for a reason that is
    not the payer's), both of decided and NaN without, ticket float (NaN without approved),
    share_pct float (of all approved money). Minor units. Source: pay_hour without filters, else
    payment_applied.
    """
    chosen = filters.selection
    values = _values(filters) | {"payers_own": list(PAYERS_OWN)}
    if chosen.tenant is not None:
        return db.frame(GATEWAYS_OF_TENANT, **values)
    is_narrow = chosen.region or chosen.device or chosen.referral
    # Hours are hours of UTC: where the local day begins within one, payments are counted.
    if is_narrow or filters.period.since.minute:
        return db.frame(GATEWAYS_BY_PAYMENT, **values)
    return db.frame(GATEWAYS, **values)


def _asked(
    db: Database, statements: Mapping[str, TextClause], filters: Filters, **more: object
) -> DataFrame:
    return db.frame(statements[_source(filters)], **_values(filters), **more)


def _source(filters: Filters) -> str:
    chosen = filters.selection
    if chosen.tenant is not None:
        return "by_payment"
    if chosen.region is None:
        return "by_day"
    return "by_payment" if chosen.device or chosen.referral else "by_province"


def _values(filters: Filters) -> dict[str, object]:
    last = max(filters.now - timedelta(microseconds=1), filters.period.since)
    return filters.sql() | {
        "first_day": filters.period.since.astimezone(filters.zone).date(),
        "last_day": last.astimezone(filters.zone).date(),
        "currency": chosen_currency(filters),
    }
