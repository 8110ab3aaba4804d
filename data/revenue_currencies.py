"""Reads of Revenue about the currencies in which money is paid; each for itself, never added."""

from datetime import timedelta
from typing import Final

from pandas import DataFrame
from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.narrow import DIMENSIONS, FILTERS
from data.period import Filters

_PATTERN: Final = """
    -- data.revenue_currencies.{name}
    with entries as (
        {entries}
    ),
    sums as (
        select currency, sum(sales) as sales, sum(gross) as gross, sum(commission) as commission,
            sum(refunds) as refunds, sum(refunded) as refunded, sum(charged_back) as charged_back
        from entries
        group by currency
    )
    select currency, sales::bigint as sales, gross::bigint as gross, refunds::bigint as refunds,
        refunded::bigint as refunded, charged_back::bigint as charged_back,
        (gross - refunded)::bigint as net, commission::bigint as commission,
        (100.0 * commission / nullif(gross, 0))::float8 as take_rate_pct,
        (gross / nullif(sales, 0))::float8 as ticket
    from sums
    order by currency <> :currency, currency
"""
CURRENCIES: Final = text(
    _PATTERN.format(
        name="currencies",
        entries=f"""select currency, sales, gross, commission, refunds, refunded, charged_back
        from money_day
        where day >= :first_day and day <= :last_day
            and {DIMENSIONS}""",  # noqa: S608 - our own words
    )
)
CURRENCIES_OF_TENANT: Final = text(
    _PATTERN.format(
        name="currencies_of_tenant",
        entries=f"""select currency, 1 as sales, amount as gross, commission, 0 as refunds,
            0 as refunded, 0 as charged_back
        from payment_applied
        where sold_at >= :since and sold_at < :now
            and {FILTERS}
        union all
        select currency, 0, 0, 0, 1, refunded,
            case when status = 'charged_back' then refunded else 0 end
        from payment_applied
        where back_at >= :since and back_at < :now
            and {FILTERS}""",  # noqa: S608 - our own words
    )
)
OFFERED: Final = text("""
    -- data.revenue_currencies.offered
    select distinct currency
    from provider_top
    where window_days = 90
    order by currency
""")


@question(ttl_s=30)
def currencies(db: Database, filters: Filters) -> DataFrame:
    """The period's money in each currency; the business currency first. Never to be added.

    Grain: currency; those without money are absent. Columns: currency str, sales int, gross int,
    refunds int, refunded int (charged_back int of it), net int, commission int, take_rate_pct
    float, ticket float (both NaN without sales). Minor units of each row's currency. Source:
    money_day; for a tenant payment_applied.
    """
    first = filters.period.since.astimezone(filters.zone).date()
    last = max(filters.now - timedelta(microseconds=1), filters.period.since)
    days = {"first_day": first, "last_day": last.astimezone(filters.zone).date()}
    of_tenant = filters.selection.tenant is not None
    return db.frame(CURRENCIES_OF_TENANT if of_tenant else CURRENCIES, **(filters.sql() | days))


@question(ttl_s=300)
def offered(db: Database, filters: Filters) -> list[str]:
    """Currencies in which something was sold or paid back lately, the business currency first.

    The latest 90 days with payments, whatever the filters; the business currency is always there.
    Source: provider_top.
    """
    found = db.frame(OFFERED)["currency"]
    return [filters.currency, *(each for each in found if each != filters.currency)]
