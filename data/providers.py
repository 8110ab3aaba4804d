"""The leaderboard: every provider, one page at a time, in the order and for the words asked for.

Searching, ordering and cutting happen in Postgres. The order is total: ties are broken by the
provider's number, so that each provider is on exactly one page.
"""

import re
from typing import Final

from pandas import DataFrame
from sqlalchemy import TextClause, text

from data.cache import question
from data.database import Database
from data.period import Filters
from data.provider_figures import asked
from data.provider_market import benchmarks

PAGE_SIZE: Final = 50
FEWEST: Final = 30
"""Rates of fewer cases come after the others, in either order."""
LONGEST_QUERY: Final = 80
USUAL_SORT: Final = "-earnings"
SORT: Final = "-?(name|kind|province|earnings|bookings|occupancy|rating|cancelled|response)"
"""What the address may say about the order: a column, with - before it largest first."""

_BY_CASES: Final = "({cases} < :fewest)::int, {column}"
_KEYS: Final = {
    "name": "0, lower(providers.name)",
    "kind": "0, kind",
    "province": "0, provinces.name",
    "earnings": "(provider_scores.currency is distinct from :currency)::int, earnings",
    "bookings": "0, bookings",
    "occupancy": "0, occupancy_pct",
    "rating": _BY_CASES.format(cases="reviews", column="provider_scores.rating"),
    "cancelled": _BY_CASES.format(cases="appointments", column="cancelled_pct"),
    "response": _BY_CASES.format(cases="responses", column="response_s"),
}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

# A join that nothing asks for costs nothing: Postgres leaves it out. A page beyond the last one is
# the last one. The benchmarks are those of the market, whatever tenant and words are asked for.
_PAGE: Final = """
    -- data.providers.{name}
    with matching as (
        select provider_id, {key}
        from provider_scores
        left join providers on providers.id = provider_id
        left join provinces on provinces.id = providers.province
        left join provider_starts using (provider_id)
        where window_days = :days
            and (cast(:region as text) is null
                or province = (select id from provinces where iso = :region))
            and (cast(:tenant as integer) is null or organization_id = :tenant)
            and (:kind = '' or kind = :kind)
            and (:query = '' or providers.id = :number
                or sought like :pattern escape '!')
    ),
    size as (
        select count(*) as total, greatest((count(*) + :size - 1) / :size, 1) as pages
        from matching
    ),
    turned as (
        select total, pages, least(:page, pages) as page,
            (least(:page, pages) - 1) * :size as skipped
        from size
    ),
    listed as (
        select provider_id, later, key
        from matching
        order by later, key {direction} nulls last, provider_id
        limit :size
        offset (select skipped from turned)
    ),
    {benchmarks},
    rows as (
        select 3 as place, later, key, provider_id, providers.name, kind,
            provinces.name as province, city, currency, earnings, bookings::float8 as bookings,
            occupancy_pct, provider_scores.rating, reviews, cancelled_pct, appointments, response_s,
            responses
        from listed
        join provider_scores using (provider_id)
        join providers on providers.id = provider_id
        join provinces on provinces.id = providers.province
        where window_days = :days
        union all
        select place, 0, null, null, case place when 1 then :median_name else :top_name end, '',
            '', '', :currency, earnings, bookings, occupancy_pct, rating, null, cancelled_pct, null,
            response_s, null
        from benchmarks
    )
    select case when place = 3 then skipped + row_number() over (
            partition by place order by later, key {direction} nulls last, provider_id
        ) end as rank,
        coalesce(provider_id::text, '') as provider, name, kind, province,
        coalesce(city, '') as city, currency, earnings, bookings, occupancy_pct, rating, reviews,
        cancelled_pct, appointments, response_s, responses, page, pages, skipped, total,
        :sort as sort
    from rows cross join turned
    where total > 0
    order by place, later, key {direction} nulls last, provider_id
"""


def _statement(sort: str) -> TextClause:
    column, is_down = sort.removeprefix("-"), sort.startswith("-")
    later, _, key = _KEYS[column].rpartition(", ")
    return text(
        _PAGE.format(
            name=f"by_{column}_{'down' if is_down else 'up'}",
            key=f"{later} as later, {key} as key",
            direction="desc" if is_down else "asc",
            benchmarks=benchmarks(
                region="coalesce(cast(:region as text), '')", kind=":kind", currency=":currency"
            ),
        )
    )


PAGES: Final = {sort: _statement(sort) for name in _KEYS for sort in (name, f"-{name}")}


@question(ttl_s=30)
def leaderboard(db: Database, filters: Filters) -> DataFrame:
    """One page of all providers, in the chosen order, after what is usual in the market.

    Grain: provider, PAGE_SIZE at most, after two rows of the market (median, top decile) whose rank
    is NaN and whose provider is "". Empty when no provider matches. Columns: rank float (place in
    this order, among those that match), provider str (its id), name, kind, province, city str,
    currency str, earnings float (minor units of it; providers that earn in another currency than
    the chosen one come after), bookings float, occupancy_pct float, rating float, reviews float,
    cancelled_pct float, appointments float, response_s float (median seconds to confirm), responses
    float, and of the whole list: page, pages, skipped
    (rows before this page), total int, sort str. NaN: nothing to measure; it
    comes last. Rates of fewer than 30 cases come after the others. By region, tenant, kind and
    search. Source: provider_scores, provider_market, providers.
    """
    sort = filters.choice("sort", USUAL_SORT)
    sort = sort if sort in PAGES else USUAL_SORT
    query = searched(filters.choice("q", ""))
    return db.frame(
        PAGES[sort],
        **asked(filters),
        sort=sort,
        query=query,
        number=int(query) if re.fullmatch("[0-9]{1,18}", query, re.ASCII) else None,
        pattern=f"%{_escaped(_plain(query))}%",
        page=_page(filters.choice("page", "1")),
        size=PAGE_SIZE,
        fewest=FEWEST,
        median_name="Market median",
        top_name="Top decile",
    )


def searched(given: str) -> str:
    """Give what is searched for: one line of at most LONGEST_QUERY characters."""
    return _CONTROL.sub(" ", given).strip()[:LONGEST_QUERY]


def _plain(query: str) -> str:
    return query.lower().translate(str.maketrans("áéíóúüñ", "aeiouun"))


def _escaped(query: str) -> str:
    return re.sub(r"([!%_])", r"!\1", query)


def _page(given: str) -> int:
    return int(given) if re.fullmatch(r"[1-9][0-9]{0,6}", given, re.ASCII) else 1
