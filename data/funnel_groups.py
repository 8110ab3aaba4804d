"""Reads about the booking funnel by device, region, referral and tenant.

The largest groups by themselves, all others together: each table sums to the whole.
"""

import math
from dataclasses import dataclass
from typing import Final

from pandas import DataFrame

from data.cache import question
from data.database import Database
from data.funnel_source import (
    Statements,
    grain_of,
    is_narrowed,
    over_visits,
    values,
    window_of,
)
from data.period import Filters
from data.significance import two_proportions

MOST: Final = 10
"""Groups shown by themselves; a single one left over is shown too."""

# The comparison is asked for the groups of the period itself, so that "others" are the same.
_BY: Final = """
    -- data.funnel_groups.by_{name}
    with /* visits */,
    found as (
        select {name} as key, sum(sessions) as sessions, sum(s1) as s1, sum(s2) as s2,
            sum(s3) as s3, sum(s4) as s4, sum(s5) as s5, sum(c1) as c1, sum(c5) as c5
        from visits
        group by {name}
    ),
    ranked as (
        select *, case
            when cast(:chosen as integer[]) is not null
                then key = any(cast(:chosen as integer[]))
            else row_number() over (order by s1 desc, key)
                <= :most + (count(*) over () = :most + 1)::int
            end as is_shown
        from found
    ),
    groups as (
        select case when is_shown then key end as key, sum(sessions) as sessions, sum(s1) as s1,
            sum(s2) as s2, sum(s3) as s3, sum(s4) as s4, sum(s5) as s5, sum(c1) as c1,
            sum(c5) as c5, count(*) as groups
        from ranked
        group by case when is_shown then key end
    )
    select key::int as code, coalesce({names}.name, '') as name,
        coalesce({names}.{word}::text, '') as word, groups::int as groups,
        sessions::bigint as sessions, s1::bigint as s1, s2::bigint as s2, s3::bigint as s3,
        s4::bigint as s4, s5::bigint as s5, c1::bigint as c1, c5::bigint as c5
    from groups
    left join {names} on {names}.id = key
    order by key is null, s1 desc, key
"""

BY_DEVICE: Final = over_visits(_BY.format(name="device", names="devices", word="code"))
BY_REGION: Final = over_visits(_BY.format(name="province", names="provinces", word="iso"))
BY_REFERRAL: Final = over_visits(_BY.format(name="referral", names="referrals", word="code"))
BY_TENANT: Final = over_visits(_BY.format(name="tenant", names="organizations", word="id"))


@dataclass(frozen=True, slots=True)
class Group:
    """One group, or all that are not shown by themselves (code None).

    `word` is what the filter calls it; empty for what cannot be filtered by.
    """

    code: int | None
    name: str
    word: str
    groups: int
    sessions: int
    s1: int
    s2: int
    s3: int
    s4: int
    s5: int
    c1: int
    c5: int


NOBODY: Final = Group(None, "", "", 0, 0, 0, 0, 0, 0, 0, 0, 0)
COLUMNS: Final = (
    *("group", "groups", "sessions", "visits", "search", "provider_selected", "checkout", "booked"),
    *("still_converting", "rate_pct", "cases", "before_pct", "before_cases", "change_pp"),
    *("verdict", "p_value", "code"),
)


@question(ttl_s=30)
def by_device(db: Database, filters: Filters) -> DataFrame:
    """Which device class converts, against the comparison period.

    Grain: group, largest first; "Others" last. Columns: group str, groups int (how many it holds),
    sessions, visits, search, provider_selected, checkout, booked int (reached within the window),
    still_converting int, rate_pct float (booked / visits of entrants whose window is closed; NaN
    without), cases int (its denominator), before_pct, before_cases (comparison period), change_pp,
    verdict str in words, p_value float (NaN: no test), device str (its code; empty for what is no
    filter). Each count sums to the whole. Source:
    funnel_day, session_funnel.
    """
    return _by(db, BY_DEVICE, filters).rename(columns={"code": "device"})


@question(ttl_s=30)
def by_region(db: Database, filters: Filters) -> DataFrame:
    """Which region converts, against the comparison period.

    Grain and columns as by_device, region (ISO 3166-2) for device; the ten largest regions and all
    others together.
    """
    return _by(db, BY_REGION, filters).rename(columns={"code": "region"})


@question(ttl_s=30)
def by_referral(db: Database, filters: Filters) -> DataFrame:
    """Which origin of a visit converts, against the comparison period.

    Grain and columns as by_device, referral for device.
    """
    return _by(db, BY_REFERRAL, filters).rename(columns={"code": "referral"})


@question(ttl_s=30)
def by_tenant(db: Database, filters: Filters) -> DataFrame:
    """Which tenant converts, against the comparison period.

    Grain and columns as by_device, code for device; the ten largest tenants and all others
    together; sessions without a tenant are "No tenant". Empty under a region, device or referral:
    the cells of tenants do not know these. Source: funnel_tenant_day, session_funnel.
    """
    if is_narrowed(filters):
        return DataFrame(columns=list(COLUMNS))
    statements: Statements = BY_TENANT
    if filters.selection.tenant is None:
        statements = {("dimensions", w): s for (g, w), s in BY_TENANT.items() if g == "tenants"}
    return _by(db, statements, filters, by_dimension=False)


def _by(
    db: Database, statements: Statements, filters: Filters, *, by_dimension: bool = True
) -> DataFrame:
    statement = statements[grain_of(filters, by_dimension=by_dimension), window_of(filters)]
    found = db.rows(statement, Group, **values(filters), chosen=None, most=MOST)
    earlier: dict[int | None, Group] = {}
    before = filters.compared()
    if before:
        chosen = [each.code for each in found if each.code is not None]
        groups = db.rows(statement, Group, **values(before), chosen=chosen, most=MOST)
        earlier = {each.code: each for each in groups}
    rows = [_row(each, earlier.get(each.code, NOBODY)) for each in found]
    return DataFrame(rows, columns=list(COLUMNS))


def _row(group: Group, before: Group) -> tuple[object, ...]:
    rate, rate_before = _pct(group), _pct(before)
    found = two_proportions(group.c5, group.c1, before.c5, before.c1)
    still = (group.s1 - group.c1) - (group.s5 - group.c5)
    return (
        *(_words(group), group.groups, group.sessions),
        *(group.s1, group.s2, group.s3, group.s4, group.s5, still),
        *(rate, group.c1, rate_before, before.c1, rate - rate_before),
        *(found.words, found.p_value, group.word),
    )


def _words(group: Group) -> str:
    if group.code is None:
        return f"Others ({group.groups})"
    return group.name or ("No tenant" if not group.code else f"No. {group.code}")


def _pct(group: Group) -> float:
    return 100 * group.c5 / group.c1 if group.c1 else math.nan
