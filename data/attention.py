"""Reads about what needs a person now: status, open alerts, failing jobs, recent changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.health import HOLDS_S, Component, Status, components
from data.period import Filters

Severity = Literal["critical", "warning", "info"]

STATUSES: Final = text("""
    -- data.attention.statuses
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
    select names.component,
        case when checked_at < at - make_interval(secs => :holds_s) then 'unknown'
            else status end as status
    from names cross join moment
    cross join lateral (
        select status, checked_at
        from system_health_status as checks
        where checks.component = names.component
            and checked_at <= at and checked_at > at - interval '7 days'
        order by checked_at desc
        limit 1
    ) as latest
    where names.component is not null
    order by names.component
""")

ALERTS: Final = text("""
    -- data.attention.alerts
    select wanted.severity, count(alert.id) filter (where alert.status = 'open') as open,
        count(alert.id) filter (where alert.status = 'acknowledged') as acknowledged,
        count(alert.id) filter (where alert.status = 'silenced') as silenced,
        min(alert.started_at) filter (where alert.status in ('open', 'acknowledged')) as oldest_at
    from unnest(array['critical', 'warning', 'info']) with ordinality as wanted(severity, place)
    left join production_alerts as alert
        on alert.severity = wanted.severity and alert.status <> 'resolved'
    group by wanted.severity, wanted.place
    order by wanted.place
""")

FAILING: Final = text("""
    -- data.attention.failing_queues
    with moment as (
        select cast(:now as timestamptz) as at
    ),
    runs as (
        select queue, state, finished_at, coalesce(reason, '') as reason
        from job_history cross join moment
        where finished_at >= at - interval '1 hour' and finished_at < at
    ),
    reasons as (
        select queue, reason, count(*) as times,
            row_number() over (partition by queue order by count(*) desc, reason) as place
        from runs
        where state = 'failed'
        group by queue, reason
    ),
    queues as (
        select queue, count(*) as runs, count(*) filter (where state = 'failed') as failed,
            max(finished_at) filter (where state = 'failed') as last_failed_at
        from runs
        group by queue
    )
    select queue, runs, failed, reason, times as reason_times, last_failed_at
    from queues join reasons using (queue)
    where place = 1
    order by failed desc, queue
""")

FAILED_JOBS: Final = text("""
    -- data.attention.failed_jobs
    with moments as (
        select false as is_before, cast(:now as timestamptz) as at
        union all
        select true, :now_before
    )
    select count(*) filter (where not is_before) as failed,
        count(*) filter (where is_before) as before
    from moments join job_history
        on finished_at >= at - interval '1 hour' and finished_at < at and state = 'failed'
""")

CHANGES: Final = text("""
    -- data.attention.changes
    with moment as (
        select cast(:now as timestamptz) as at
    ),
    recent as (
        select at - interval '1 hour' as since, at as until from moment
    )
    select deployed_at as at, 'deploy' as kind, service || ' ' || version as title,
        case when status = 'succeeded' then coalesce(notes, '')
            else concat_ws(': ', replace(status, '_', ' '), notes) end as detail,
        coalesce(deployed_by, '') as who, deploys.id::text as subject_id
    from recent join deploys on deployed_at >= since and deployed_at < until
    union all
    select started_at, 'alert', title, severity, '', production_alerts.id::text
    from recent join production_alerts on started_at >= since and started_at < until
    union all
    select resolved_at, 'resolved', title, coalesce(cause, ''), coalesce(members.name, ''),
        production_alerts.id::text
    from recent join production_alerts on resolved_at >= since and resolved_at < until
    left join team_members as members on members.id = resolved_by
    union all
    select occurred_at, split_part(action, '.', 1),
        coalesce(after ->> 'name', before ->> 'name', subject_id, subject_type),
        split_part(action, '.', 2), actor_name, coalesce(subject_id, '')
    from recent join activity_logs on occurred_at >= since and occurred_at < until
        and split_part(action, '.', 1) in ('flag', 'team')
    order by at desc, kind
""")


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """How the system stands; the tuples name components, worst first."""

    level: Literal["ok", "warning", "critical", "unknown"]
    down: tuple[str, ...]
    degraded: tuple[str, ...]
    maintenance: tuple[str, ...]
    unknown: tuple[str, ...]
    operational: int
    critical_alerts: int
    warning_alerts: int


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """The status that one component has now."""

    component: str
    status: Status


@dataclass(frozen=True, slots=True)
class AlertCount:
    """Unresolved alerts of one severity; `oldest_at` of those nobody silenced, None without any."""

    severity: Severity
    open: int
    acknowledged: int
    silenced: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailingQueue:
    """A queue in which jobs failed, with the commonest reason and how often it was given."""

    queue: str
    runs: int
    failed: int
    reason: str
    reason_times: int
    last_failed_at: datetime


@dataclass(frozen=True, slots=True)
class FailedJobs:
    """Failed jobs of the last hour and of the same hour in the comparison period."""

    failed: int
    before: int


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed: `kind` tells what `title` names and `detail` says."""

    at: datetime
    kind: Literal["deploy", "alert", "resolved", "flag", "team"]
    title: str
    detail: str
    who: str
    subject_id: str


@question(ttl_s=5)
def system_status(db: Database, filters: Filters) -> SystemStatus:
    """How the system stands, by its components' health checks and its open alerts.

    Critical: a component is down, or a critical alert is open or acknowledged. Warning: one is
    degraded, or a warning alert is. Unknown: none of these, but a component's last check is older
    than ten minutes, or there are no checks at all. Source: system_health_status,
    production_alerts.
    """
    found = db.rows(STATUSES, ComponentStatus, **filters.sql(), holds_s=HOLDS_S)
    counts = {one.severity: one.open + one.acknowledged for one in alerts_by_severity(db, filters)}
    by_status: dict[Status, tuple[str, ...]] = {
        status: tuple(one.component for one in found if one.status == status)
        for status in ("down", "degraded", "maintenance", "unknown", "operational")
    }
    level: Literal["ok", "warning", "critical", "unknown"] = "ok"
    if by_status["down"] or counts["critical"]:
        level = "critical"
    elif by_status["degraded"] or counts["warning"]:
        level = "warning"
    elif by_status["unknown"] or not found:
        level = "unknown"
    return SystemStatus(
        level,
        down=by_status["down"],
        degraded=by_status["degraded"],
        maintenance=by_status["maintenance"],
        unknown=by_status["unknown"],
        operational=len(by_status["operational"]),
        critical_alerts=counts["critical"],
        warning_alerts=counts["warning"],
    )


@question(ttl_s=5)
def alerts_by_severity(db: Database, filters: Filters) -> list[AlertCount]:  # noqa: ARG001 - now
    """Alerts that are not resolved, now, whatever period the viewer chose.

    Grain: severity, always critical, warning, info in this order. Source: production_alerts.
    """
    return db.rows(ALERTS, AlertCount)


@question(ttl_s=5)
def failing_queues(db: Database, filters: Filters) -> list[FailingQueue]:
    """Queues in which a job failed for good in the hour before the period's end, most first.

    `runs` counts all jobs that ended in that hour. A queue without failures is absent. Equally
    common reasons: the first by alphabet. Source: job_history.
    """
    return db.rows(FAILING, FailingQueue, **filters.sql())


@question(ttl_s=5)
def failed_jobs(db: Database, filters: Filters) -> KeyFigure:
    """Jobs that failed for good in the hour before the period's end, all queues.

    A count; compared with the same hour of the comparison period. Source: job_history.
    """
    found = db.one(FAILED_JOBS, FailedJobs, **filters.sql(), now_before=filters.now_before)
    counted = found or FailedJobs(0, 0)
    before = counted.before if filters.comparison else None
    return KeyFigure(counted.failed, before, unit="count")


@question(ttl_s=5)
def integrations(db: Database, filters: Filters) -> list[Component]:
    """Health of the third parties that the platform relies on, by name.

    Records and rules like data.health.components. Source: system_health_status.
    """
    return [one for one in components(db, filters) if one.kind == "third_party"]


@question(ttl_s=5)
def changes(db: Database, filters: Filters) -> list[Change]:
    """What changed in the hour before the period's end, newest first.

    Deploys (title service and version), alerts begun (detail: severity) and resolved (detail:
    cause), flag and team changes (title: the record, detail: the verb). Source: deploys,
    production_alerts, activity_logs.
    """
    return db.rows(CHANGES, Change, **filters.sql())
