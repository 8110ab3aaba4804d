"""Reads of Revenue about who shares in it: services, providers, regions, devices, referrals.

Each list adds up to the key figures of the period: what does not fit is in its last row. One
currency: see data.revenue.chosen_currency. Local days count whole, up to now.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from pandas import DataFrame
from sqlalchemy import TextClause, text

from data.cache import question
from data.database import Database
from data.narrow import DIMENSIONS, FILTERS
from data.period import Filters
from data.revenue import chosen_currency

TOP: Final = 20
"""How many are listed by name; the others share the last row."""
WINDOWS: Final = (7, 30, 90)
"""Days over which providers are summed beforehand, ending with the newest day of payments."""

_PATTERN: Final = """
    -- data.revenue_shares.{name}
    with entries as (
        {entries}
    ),
    sums as (
        select {keys}, sum(sales) as sales, sum(gross) as gross, sum(commission) as commission,
            sum(refunds) as refunds, sum(refunded) as refunded
        from entries
        group by {keys}
    ),
    places as (
        select *, row_number() over (order by gross desc, {keys}) as place
        from sums
    ),
    listed as (
        select least(place, :top + 1) as rank, {cut}, count(*) as merged,
            sum(sales) as sales, sum(gross) as gross, sum(commission) as commission,
            sum(refunds) as refunds, sum(refunded) as refunded
        from places
        group by least(place, :top + 1), {cuts}
    )
    select rank::int as rank,
        case when rank > :top then merged || ' others' else {word} end as name, {more},
        sales::bigint as sales, gross::bigint as gross,
        (100.0 * gross / nullif(sum(gross) over (), 0))::float8 as share_pct,
        refunds::bigint as refunds, refunded::bigint as refunded,
        (gross - refunded)::bigint as net, commission::bigint as commission,
        (100.0 * commission / nullif(gross, 0))::float8 as take_rate_pct,
        (gross / nullif(sales, 0))::float8 as ticket, :currency as currency
    from listed {names}
    order by rank
"""
_DAYS: Final = "day >= :first_day and day <= :last_day and currency = :currency"
_CELLS: Final = "{keys}, sales, gross, commission, refunds, refunded"
_PAYMENTS: Final = f"""select {{keys}}, 1 as sales, amount as gross, commission,
            0 as refunds, 0 as refunded
        from payment_applied
        where sold_at >= :since and sold_at < :now and currency = :currency
            and {FILTERS}
        union all
        select {{keys}}, 0, 0, 0, 1, refunded
        from payment_applied
        where back_at >= :since and back_at < :now and currency = :currency
            and {FILTERS}"""  # noqa: S608 - our own words


def _statement(
    name: str, entries: str, *, keys: Sequence[str], words: dict[str, str]
) -> TextClause:
    """Sum entries by their keys and list the largest; `words` names what is listed."""
    cuts = {key: f"case when place <= :top then {key} end" for key in keys}
    joined = ", ".join(keys)
    return text(
        _PATTERN.format(
            name=name,
            entries=entries.format(keys=joined),
            keys=joined,
            cut=", ".join(f"{case} as {key}" for key, case in cuts.items()),
            cuts=", ".join(cuts.values()),
            **words,
        )
    )


_SERVICE: Final = {
    "word": "coalesce(nullif(service, ''), 'Unknown')",
    "more": "coalesce(kind, '') as kind",
    "names": "",
}
_PROVIDER: Final = {
    "word": "coalesce(providers.name, 'Provider ' || provider_id)",
    "more": "coalesce(provider_id::text, '') as provider",
    "names": "left join providers on providers.id = provider_id",
}
_CODED: Final = {
    "province": {
        "word": "provinces.name",
        "more": "provinces.iso as code",
        "names": "left join provinces on provinces.id = province",
    },
    "device": {
        "word": "devices.name",
        "more": "devices.code as code",
        "names": "left join devices on devices.id = device",
    },
    "referral": {
        "word": "referrals.name",
        "more": "referrals.code as code",
        "names": "left join referrals on referrals.id = referral",
    },
}
_MONEY_DAY: Final = f"""select {_CELLS}
        from money_day
        where {_DAYS}
            and {DIMENSIONS}"""  # noqa: S608 - our own words

SERVICES: Final = _statement(
    "services",
    f"select {_CELLS} from service_day where {_DAYS}",  # noqa: S608 - our own words
    keys=("kind", "service"),
    words=_SERVICE,
)
SERVICES_BY_PAYMENT: Final = _statement(
    "services_by_payment", _PAYMENTS, keys=("kind", "service"), words=_SERVICE
)
# Sums over 7, 30 and 90 days are ready, in the wanted order, when they end with the day that
# is asked for; there is no answer when they do not.
PROVIDERS_READY: Final = text("""
    -- data.revenue_shares.providers_ready
    with ready as (
        select provider_id, sales, gross, commission, refunds, refunded
        from provider_top
        where window_days = :days and currency = :currency
            and (select as_of from rollup_state where id = 1) = :last_day
    ),
    whole as (
        select count(*) as n, sum(sales) as sales, sum(gross) as gross,
            sum(commission) as commission, sum(refunds) as refunds, sum(refunded) as refunded
        from ready
    ),
    best as (
        select row_number() over (order by gross desc, provider_id) as rank, *
        from ready
        order by gross desc, provider_id
        limit :top
    ),
    listed as (
        select * from best
        union all
        select :top + 1, null, whole.sales - sum(best.sales), whole.gross - sum(best.gross),
            whole.commission - sum(best.commission), whole.refunds - sum(best.refunds),
            whole.refunded - sum(best.refunded)
        from whole cross join best
        where n > :top
        group by whole.sales, whole.gross, whole.commission, whole.refunds, whole.refunded
    )
    select rank::int as rank,
        case when rank > :top then n - :top || ' others'
            else coalesce(providers.name, 'Provider ' || provider_id) end as name,
        coalesce(provider_id::text, '') as provider,
        listed.sales::bigint as sales, listed.gross::bigint as gross,
        (100.0 * listed.gross / nullif(whole.gross, 0))::float8 as share_pct,
        listed.refunds::bigint as refunds, listed.refunded::bigint as refunded,
        (listed.gross - listed.refunded)::bigint as net, listed.commission::bigint as commission,
        (100.0 * listed.commission / nullif(listed.gross, 0))::float8 as take_rate_pct,
        (listed.gross / nullif(listed.sales, 0))::float8 as ticket, :currency as currency
    from listed cross join whole
    left join providers on providers.id = provider_id
    order by rank
""")
PROVIDERS: Final = _statement(
    "providers",
    f"select {_CELLS} from provider_day where {_DAYS}",  # noqa: S608 - our own words
    keys=("provider_id",),
    words=_PROVIDER,
)
PROVIDERS_BY_PAYMENT: Final = _statement(
    "providers_by_payment", _PAYMENTS, keys=("provider_id",), words=_PROVIDER
)
PLACES: Final = {
    key: _statement(f"by_{key}", _MONEY_DAY, keys=(key,), words=words)
    for key, words in _CODED.items()
}
PLACES_BY_PAYMENT: Final = {
    key: _statement(f"by_{key}_by_payment", _PAYMENTS, keys=(key,), words=words)
    for key, words in _CODED.items()
}


@question(ttl_s=30)
def services(db: Database, filters: Filters) -> DataFrame:
    """What the period's money was paid for: the services with the largest gross, and all others.

    Grain: (kind of provider, name of the service), at most TOP; what they leave is the last row, of
    rank TOP + 1. Columns: rank int, name str ("Unknown" without one), kind str, sales int, gross
    int, share_pct float (of all gross; NaN without), refunds int, refunded int, net int, commission
    int, take_rate_pct float, ticket float (both NaN without sales), currency str. Minor units.
    Source: service_day; with filters payment_applied.
    """
    return _listed(db, filters, SERVICES_BY_PAYMENT if _is_narrow(filters) else SERVICES)


@question(ttl_s=30)
def providers(db: Database, filters: Filters) -> DataFrame:
    """Who sold most in the period: the providers with the largest gross, and all others.

    Grain: provider, at most TOP; what they leave is the last row, of rank TOP + 1. Columns: those
    of services with provider str (its id, "" in the last row) instead of kind. Source: provider_top
    or provider_day, providers; with filters payment_applied.
    """
    if _is_narrow(filters):
        return _listed(db, filters, PROVIDERS_BY_PAYMENT)
    values = _values(filters, TOP)
    ready = db.frame(PROVIDERS_READY, **values) if values["days"] in WINDOWS else DataFrame()
    return db.frame(PROVIDERS, **values) if ready.empty else ready


@question(ttl_s=30)
def regions(db: Database, filters: Filters) -> DataFrame:
    """Where the buyers of the period were, by jurisdiction; the one with the largest gross first.

    Grain: jurisdiction; those without money are absent. Columns: those of services with code str
    (ISO 3166-2, "" for unknown) instead of kind. Source: money_day; for a tenant payment_applied.
    """
    return _placed(db, filters, "province")


@question(ttl_s=30)
def devices(db: Database, filters: Filters) -> DataFrame:
    """On what the buyers of the period paid; the device class with the largest gross first.

    Grain: device class; those without money are absent. Columns: those of regions, code being the
    device's. Source: money_day; for a tenant payment_applied.
    """
    return _placed(db, filters, "device")


@question(ttl_s=30)
def referrals(db: Database, filters: Filters) -> DataFrame:
    """Through what the buyers of the period came; the origin with the largest gross first.

    Grain: origin; those without money are absent. Columns: those of regions, code being the
    origin's. Source: money_day; for a tenant payment_applied.
    """
    return _placed(db, filters, "referral")


def _is_narrow(filters: Filters) -> bool:
    chosen = filters.selection
    return any((chosen.region, chosen.device, chosen.referral, chosen.tenant is not None))


def _placed(db: Database, filters: Filters, key: str) -> DataFrame:
    statements = PLACES if filters.selection.tenant is None else PLACES_BY_PAYMENT
    return _listed(db, filters, statements[key], top=100)


def _listed(db: Database, filters: Filters, statement: TextClause, *, top: int = TOP) -> DataFrame:
    return db.frame(statement, **_values(filters, top))


def _values(filters: Filters, top: int) -> dict[str, object]:
    first = filters.period.since.astimezone(filters.zone).date()
    until = max(filters.now - timedelta(microseconds=1), filters.period.since)
    last = until.astimezone(filters.zone).date()
    return filters.sql() | {
        "first_day": first,
        "last_day": last,
        "days": (last - first).days + 1,
        "currency": chosen_currency(filters),
        "top": top,
    }
