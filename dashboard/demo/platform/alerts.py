"""Alerts that the incidents raise, with their end, and who took them."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg

from dashboard.demo.platform.checks import Hiccup, hiccups
from dashboard.demo.platform.incidents import SLOW_ROUTE, Incident
from dashboard.demo.platform.rhythm import epoch, moment
from dashboard.demo.platform.setting import Setting


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert from its first firing to its end."""

    rule: str
    title: str
    severity: str
    labels: dict[str, str]
    value: float
    threshold: float
    since: datetime
    until: datetime
    cause: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for one rule and one set of labels."""
        whole = json.dumps([self.rule, self.labels], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:16]


# Seconds that a rule waits before it fires, and after recovery before it clears.
_WAIT: Final = {"payments": 240, "latency": 330, "queue": 420, "surge": 600, "viral": 3600}
_CLEAR_S: Final = 180

_INSERT: Final = """
    insert into production_alerts (fingerprint, rule, title, severity, source, labels, value,
        threshold, started_at, last_seen_at, count)
    select %(fingerprint)s, %(rule)s, %(title)s, %(severity)s, 'prometheus', %(labels)s, %(value)s,
        %(threshold)s, %(since)s, %(since)s, 1
    where not exists (select from production_alerts
        where fingerprint = %(fingerprint)s and (status <> 'resolved' or started_at = %(since)s))
"""
_ACKNOWLEDGE: Final = """
    update production_alerts a
    set status = 'acknowledged', acknowledged_by = m.id, assigned_to = m.id,
        acknowledged_at = %(acknowledged)s, note = 'Looking at it'
    from (select id from team_members where role = 'on_call' order by id limit 1) m
    where a.fingerprint = %(fingerprint)s and a.started_at = %(since)s and a.status = 'open'
"""
_RESOLVE: Final = """
    update production_alerts
    set status = 'resolved', resolved_at = %(until)s, last_seen_at = %(until)s, count = %(count)s,
        cause = nullif(%(cause)s, ''), silenced_until = null
    where fingerprint = %(fingerprint)s and started_at = %(since)s and status <> 'resolved'
"""


def alerts(setting: Setting, *, since: datetime, until: datetime) -> list[Alert]:
    """Alerts that fired within a span, oldest first."""
    found = [
        alert
        for incident in setting.incidents
        for alert in _of_incident(incident)
        if alert.since < alert.until
    ]
    troubled = hiccups(setting, since_s=epoch(since) - 7200, until_s=epoch(until))
    found += [_of_hiccup(each) for each in troubled]
    touching = (a for a in found if a.since <= until and a.until > since - timedelta(hours=1))
    return sorted(touching, key=lambda alert: (alert.since, alert.rule))


def _of_hiccup(hiccup: Hiccup) -> Alert:
    return Alert(
        rule="third_party_degraded",
        title=f"{hiccup.component.upper()} answers slowly",
        severity="warning",
        labels={"component": hiccup.component},
        value=9.0,
        threshold=3.0,
        since=moment(hiccup.since_s + 120),
        until=moment(hiccup.until_s + 60),
        cause="The third party recovered by itself",
    )


def _of_incident(incident: Incident) -> Iterator[Alert]:
    since = incident.since + timedelta(seconds=_WAIT[incident.kind])
    until = incident.until + timedelta(seconds=_CLEAR_S)
    peak = incident.peak
    where = incident.target
    if incident.kind == "payments":
        failed = round(100 * (1 - 0.9975 * (1 - 0.78 * peak)), 1)
        yield Alert(
            "webhook_success_pct", f"Payment webhooks of {where} fail", "critical",
            {"provider": where}, 100 - failed, 98.0, since, until, f"{where} was unavailable",
        )  # fmt: skip
        yield Alert(
            "payment_failure_pct", "Payments fail for technical reasons", "critical",
            {}, round(60 * peak, 1), 2.0, since + timedelta(seconds=95), until,
            f"Follows from the outage of {where}",
        )  # fmt: skip
    elif incident.kind == "latency":
        yield Alert(
            "api_latency_p95", "API answers slowly (p95)", "critical", {"route": where},
            round(130 + 330 * peak), 200.0, since, until,
            f"Slow release of {where}, rolled back" if where == SLOW_ROUTE else "Missing index",
        )  # fmt: skip
    elif incident.kind == "queue":
        yield Alert(
            "queue_failed_pct", f"Jobs of {where} fail", "warning", {"queue": where},
            round(95 * peak, 1), 10.0, since, until, "Input in a new format",
        )  # fmt: skip
    elif incident.kind == "surge":
        yield Alert(
            "region_traffic", f"Traffic of {where} is three times its usual", "info",
            {"region": where}, 3.4, 2.0, since, until, "An event in the city",
        )  # fmt: skip
    else:
        yield Alert(
            "invite_code_uses", f"Invite code {where} spreads fast", "info",
            {"code": where}, 40.0, 10.0, since, until, "Shared on Instagram",
        )  # fmt: skip


def write_alerts(
    connection: psycopg.Connection, setting: Setting, *, since: datetime, until: datetime
) -> None:
    """Bring the table up to `until`: alerts begin, are taken, and end. Safe to repeat."""
    for alert in alerts(setting, since=since, until=until):
        taken = alert.since + timedelta(minutes=3, seconds=epoch(alert.since) % 240)
        given = {
            "fingerprint": alert.fingerprint,
            "rule": alert.rule,
            "title": alert.title,
            "severity": alert.severity,
            "labels": json.dumps(alert.labels),
            "value": alert.value,
            "threshold": alert.threshold,
            "since": alert.since,
            "until": alert.until,
            "cause": alert.cause,
            "acknowledged": taken,
            "count": max(1, round((alert.until - alert.since).total_seconds() / 60)),
        }
        connection.execute(_INSERT, given)
        # In history the on-call engineer took the critical ones; now the viewers of the demo do.
        if alert.severity == "critical" and since < taken <= min(until, setting.anchor):
            connection.execute(_ACKNOWLEDGE, given)
        if alert.until <= until:
            connection.execute(_RESOLVE, given)
