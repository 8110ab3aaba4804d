"""Reads of Revenue about money that went back, each refund beside the sale that it undoes."""

from typing import Final

from pandas import DataFrame

from data.cache import question
from data.database import Database
from data.narrow import FILTERS, narrowed
from data.period import Filters
from data.revenue import chosen_currency
from data.rollup_source import by_day, day_values

MOST: Final = 1_000
"""The newest refunds that are listed; their numbers say how many there are."""

# Numbered from the oldest on, so that a list that is cut shows that it is; how many there are is
# known from the cells.
REFUNDS: Final = by_day(f"""
    -- data.revenue_refunds.refunds
    with /* money */,
    newest as (
        select *
        from payment_applied
        where back_at >= :since and back_at < :now and currency = :currency
            and {FILTERS}
        order by back_at desc, payment_id
        limit :most
    )
    select ((select sum(refunds) from money) + 1
            - row_number() over (order by back_at desc, payment_id))::bigint as number,
        back_at, refunded, sold_at, amount, currency,
        case when status = 'charged_back' then 'charge_back'
            when refunded < amount then 'partial_refund' else 'full_refund' end as kind,
        (back_day - coalesce(sold_day, day))::int as days_after,
        method, instalments::int as instalments, gateway, payment_id::text as reference
    from newest
    order by back_at desc, payment_id
""")  # noqa: S608 - our own words

AGES: Final = narrowed("""
    -- data.revenue_refunds.ages
    with ages as (
        select least(width_bucket(
            back_day - coalesce(sold_day, day), cast(:from_days as integer[])
        ), cardinality(cast(:from_days as integer[]))) as age, refunded
        from payment_applied
        where back_at >= :since and back_at < :now and currency = :currency and /* filters */
    )
    select (cast(:words as text[]))[greatest(age, 1)] as age, count(*) as refunds,
        sum(refunded)::bigint as refunded, :currency as currency
    from ages
    group by greatest(age, 1)
    order by greatest(age, 1)
""")
_AGES: Final = {
    0: "Same day",
    1: "Next day",
    2: "2 to 6 days",
    7: "7 to 13 days",
    14: "14 to 29 days",
    30: "30 days and more",
}


@question(ttl_s=30)
def refunds(db: Database, filters: Filters) -> DataFrame:
    """Refunds of the period, newest first, each with its sale; no personal data.

    Grain: refund (one payment has one at most), the newest MOST of them; number counts all of the
    period, so that the first row says how many there are. Columns: number int, back_at datetime
    UTC, refunded int, sold_at datetime UTC (null: paid back without ever being approved), amount
    int (of the sale), currency str, kind "full_refund", "partial_refund" or "charge_back",
    days_after int (local days since the sale), method str, instalments int, gateway str, reference
    str (number of the payment). Minor units of one currency. Source: payment_applied, money_day.
    """
    return db.frame(REFUNDS, **(day_values(filters) | _values(filters)), most=MOST)


@question(ttl_s=30)
def ages(db: Database, filters: Filters) -> DataFrame:
    """How long after the sale the period's refunds came.

    Grain: class of local days between sale and refund, shortest first; classes without a refund are
    absent. Columns: age str, refunds int, refunded int in minor units, currency str. Source:
    payment_applied.
    """
    return db.frame(AGES, **_values(filters), from_days=list(_AGES), words=list(_AGES.values()))


def _values(filters: Filters) -> dict[str, object]:
    return filters.sql() | {"currency": chosen_currency(filters)}
