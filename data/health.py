"""Reads about the health checks of components and third parties (system_health_status)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters

Status = Literal["operational", "degraded", "down", "maintenance", "unknown"]
Kind = Literal["component", "data_store", "third_party"]

CHECKED_EVERY_S: Final = 300
HOLDS_S: Final = 2 * CHECKED_EVERY_S
"""How long a check is believed: one may be late or lost; after two nobody knows."""

# Component by component along the primary key: the week's checks of all at once would be sorted.
COMPONENTS: Final = text("""
    -- data.health.components
    with recursive moment as (
        select cast(:now as timestamptz) as at
    ),
    names as (
        (select component from system_health_status order by component limit 1)
        union all
        select (
            select min(later.component) from system_health_status as later
            where later.component > names.component
        )
        from names where names.component is not null
    )
    select names.component, latest.kind, latest.checked_at, latest.latency_ms,
        coalesce(latest.message, '') as message,
        case when latest.checked_at < at - make_interval(secs => :holds_s) then 'unknown'
            else latest.status end as status,
        case when latest.checked_at < at - make_interval(secs => :holds_s) then latest.checked_at
            else run.since end as since,
        100 * extract(epoch from coalesce(up_24h, interval '0'))::float8
            / nullif(extract(epoch from known_24h), 0)::float8 as uptime_24h_pct,
        100 * extract(epoch from coalesce(up_7d, interval '0'))::float8
            / nullif(extract(epoch from known_7d), 0)::float8 as uptime_7d_pct,
        coalesce(extract(epoch from known_24h), 0)::float8 as known_24h_s,
        coalesce(extract(epoch from known_7d), 0)::float8 as known_7d_s
    from names cross join moment
    cross join lateral (
        select kind, status, latency_ms, message, checked_at
        from system_health_status as checks
        where checks.component = names.component
            and checked_at <= at and checked_at > at - interval '7 days'
        order by checked_at desc
        limit 1
    ) as latest
    cross join lateral (
        select max(checked_at) filter (where status <> latest.status) as other_at,
            sum(held) filter (where status in ('operational', 'degraded')) as up_7d,
            sum(held) filter (where status <> 'maintenance') as known_7d,
            sum(held) filter (where status in ('operational', 'degraded')
                and checked_at > at - interval '24 hours') as up_24h,
            sum(held) filter (where status <> 'maintenance'
                and checked_at > at - interval '24 hours') as known_24h
        from (
            select status, checked_at, least(
                lead(checked_at, 1, at) over (order by checked_at) - checked_at,
                make_interval(secs => :holds_s)) as held
            from system_health_status as checks
            where checks.component = names.component
                and checked_at <= at and checked_at > at - interval '7 days'
        ) as checks
    ) as week
    cross join lateral (
        select checked_at as since
        from system_health_status as checks
        where checks.component = names.component
            and checked_at <= at and checked_at > coalesce(other_at, at - interval '7 days')
        order by checked_at
        limit 1
    ) as run
    where names.component is not null
    order by names.component
""")


@dataclass(frozen=True, slots=True)
class Component:
    """One component, data store or third party as its checks see it; see `components`."""

    component: str
    kind: Kind
    status: Status
    since: datetime
    checked_at: datetime
    latency_ms: float | None
    message: str
    uptime_24h_pct: float | None
    uptime_7d_pct: float | None
    known_24h_s: float
    known_7d_s: float


@question(ttl_s=5)
def components(db: Database, filters: Filters) -> list[Component]:
    """Health of every component, data store and third party at the period's end, by name.

    Grain: component; one without a check in the last seven days is absent. A check counts until the
    next, at most ten minutes; after that the status is "unknown" since the last check. `since` is
    the first check of the current status (the oldest of seven days at most). Uptime (%) weighs by
    time: known seconds that were not down, of known seconds; maintenance and time without checks
    are in neither, degraded counts as up, and nothing known is None. Source: system_health_status.
    """
    return db.rows(COMPONENTS, Component, **filters.sql(), holds_s=HOLDS_S)
