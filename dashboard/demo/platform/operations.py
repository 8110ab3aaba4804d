"""How the platform is run: deploys, checks, jobs, errors, alerts, and what members are told."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import psycopg

from dashboard.demo.platform.alerts import write_alerts
from dashboard.demo.platform.background import write_background
from dashboard.demo.platform.checks import write_checks
from dashboard.demo.platform.incidents import DEPLOY_LEAD_S, SLOW_ROUTE
from dashboard.demo.platform.rhythm import DAY_S, LOCAL_S, epoch, moment
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.world import World

SERVICES: Final = ("api", "web", "worker")
NOTES: Final = (
    "Faster availability", "New texts of reminders", "Dependencies", "Fix of the booking form",
    "Reports for providers", "Retry of failed messages", "Smaller images on mobile",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deploy:
    """One release going live."""

    service: str
    version: str
    at: datetime
    notes: str
    rolled_back_at: datetime | None = None


def deploys(setting: Setting, *, since: datetime, until: datetime) -> list[Deploy]:
    """Releases of (since, until], oldest first; bad ones with the moment of their rollback."""
    launch = epoch(setting.launch)
    found: list[Deploy] = []
    first, last = int((epoch(since) - launch) // DAY_S), int((epoch(until) - launch) // DAY_S)
    for day in range(max(first, 0), last + 1):
        rng = np.random.default_rng([setting.seed, 14, day])
        midnight = launch + day * DAY_S
        weekday = moment(midnight + LOCAL_S).weekday()
        minutes = np.sort(rng.integers(10 * 60, 18 * 60, rng.poisson(1.3 if weekday < 5 else 0.15)))
        for number, minute in enumerate(minutes):
            at = moment(midnight + minute * 60.0)
            service = str(rng.choice(SERVICES, p=[0.5, 0.3, 0.2]))
            found.append(Deploy(service, _version(at, number), at, str(rng.choice(NOTES))))
    for incident in setting.incidents:
        if incident.kind == "latency" and incident.target == SLOW_ROUTE:
            at = incident.since - timedelta(seconds=DEPLOY_LEAD_S)
            found.append(Deploy("api", _version(at, 7), at, "Search by free text", incident.until))
            back = Deploy("api", _version(at - timedelta(days=1), 8), incident.until,
                          f"Rolled back {_version(at, 7)}: search was slow")  # fmt: skip
            found.append(back)
    return sorted((d for d in found if since < d.at <= until), key=lambda d: d.at)


def _version(at: datetime, number: int) -> str:
    return f"{at:%Y.%m.%d}.{number + 1}"


def write_deploys(
    connection: psycopg.Connection, setting: Setting, *, since: datetime, until: datetime
) -> None:
    """Releases of the span, and rollbacks of earlier ones that fall into it."""
    for deploy in deploys(setting, since=since, until=until):
        sha = hashlib.sha256(f"{setting.seed}{deploy.service}{deploy.version}".encode()).hexdigest()
        connection.execute(
            "insert into deploys (service, version, deployed_at, deployed_by, commit_sha, notes) "
            "values (%s, %s, %s, 'ci', %s, %s)",
            [deploy.service, deploy.version, deploy.at, sha[:40], deploy.notes],
        )
    for bad in deploys(setting, since=since - timedelta(days=2), until=until):
        if bad.rolled_back_at and bad.rolled_back_at <= until:
            connection.execute(
                "update deploys set status = 'rolled_back' "
                "where version = %s and service = %s and status <> 'rolled_back'",
                [bad.version, bad.service],
            )


_NOTIFY: Final = """
    insert into notifications (member_id, kind, severity, title, body, link, created_at, read_at)
    select m.id, 'system', a.severity, a.title, coalesce(a.cause, ''), '/alerts', a.started_at,
        case when a.started_at < %(now)s - interval '1 day'
            then a.started_at + interval '9 minutes' end
    from production_alerts a cross join team_members m
    where a.severity <> 'info' and a.started_at > %(since)s and a.started_at <= %(now)s
        and m.role in ('on_call', 'admin', 'owner') and m.status = 'active'
    order by a.started_at, m.id
"""


def write_operations(
    connection: psycopg.Connection, world: World, *, since: datetime, until: datetime
) -> None:
    """Everything of (since, until] that is not made by visitors."""
    setting = world.setting
    write_deploys(connection, setting, since=since, until=until)
    write_background(connection, setting, since_s=epoch(since), until_s=epoch(until))
    write_checks(connection, setting, since_s=epoch(since), until_s=epoch(until))
    write_alerts(connection, setting, since=since, until=until)
    connection.execute(_NOTIFY, {"since": since, "now": until})
