"""What goes wrong (or very well) on the platform: planted stories, and trouble that people provoke.

History, live feed and metrics all ask `strength`: that is why a story shows in all of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np

from dashboard.demo.platform.hashing import Floats
from dashboard.demo.platform.rhythm import epoch, local_midnight

Kind = Literal["payments", "latency", "queue", "surge", "viral"]

DEPLOY_LEAD_S: Final = 75  # from a bad deploy to the first slow answers
RAMP_S: Final = 90.0  # nothing breaks or heals in one instant
VIRAL_CODE: Final = "CORTEYCOLOR25"
SURGE_PROVINCE: Final = "AR-X"
SLOW_ROUTE: Final = "/api/search"
QUEUE: Final = "contact-import"
QUEUE_REASON: Final = 'Column "telefono" missing in row 1: the export format changed'


@dataclass(frozen=True, slots=True)
class Incident:
    """One stretch of trouble. `target` is a gateway, route, province, queue or invite code."""

    kind: Kind
    since: datetime
    until: datetime
    target: str
    peak: float = 1.0  # 1 is the full effect


def strength(incident: Incident, epoch_s: Floats) -> Floats:
    """0 outside, `peak` inside, with a short ramp at both ends."""
    rise = (epoch_s - epoch(incident.since)) / RAMP_S
    fall = (epoch(incident.until) - epoch_s) / RAMP_S
    return np.asarray(incident.peak * np.clip(np.minimum(rise, fall), 0.0, 1.0))


def total(
    incidents: tuple[Incident, ...], kind: Kind, epoch_s: Floats, *, target: str | None = None
) -> Floats:
    """The strongest effect of one kind (of one target) at each moment."""
    worst = np.zeros_like(epoch_s, dtype=np.float64)
    for incident in incidents:
        if incident.kind == kind and target in (None, incident.target):
            worst = np.maximum(worst, strength(incident, epoch_s))
    return worst


def _latest(anchor: datetime, hours: tuple[float, ...], *, over_for: timedelta) -> datetime:
    """The last time that the clock showed one of these local hours, long enough before the anchor.

    Trouble at five in the morning would hurt nobody and be seen by nobody.
    """
    midnight = local_midnight(anchor)
    times = [midnight + timedelta(days=day, hours=hour) for day in (-1, 0) for hour in hours]
    return max(time for time in times if time + over_for <= anchor)


def planted(anchor: datetime) -> tuple[Incident, ...]:
    """The stories of docs/demo-stories.md, at their distance from the anchor."""
    evening = local_midnight(anchor) - timedelta(hours=6)  # yesterday 18:00 local

    def ago(
        kind: Kind, target: str, *, hours: float, minutes: float, peak: float = 1.0
    ) -> Incident:
        since = anchor - timedelta(hours=hours)
        return Incident(kind, since, since + timedelta(minutes=minutes), target, peak)

    def recent(kind: Kind, target: str, *, starts: tuple[float, ...], minutes: float) -> Incident:
        since = _latest(anchor, starts, over_for=timedelta(minutes=minutes + 20))
        return Incident(kind, since, since + timedelta(minutes=minutes), target)

    return (
        recent("payments", "mercadopago", starts=(12.67, 19.33), minutes=40),
        recent("latency", SLOW_ROUTE, starts=(10.5, 16.17), minutes=52),
        recent("queue", QUEUE, starts=(8.75, 14.0), minutes=150),
        Incident("surge", evening, evening + timedelta(hours=5), SURGE_PROVINCE),
        ago("viral", VIRAL_CODE, hours=6 * 24, minutes=48 * 60),
        # Older trouble, so that the months behind have something to compare with.
        ago("payments", "mercadopago", hours=18 * 24 + 7, minutes=25, peak=0.7),
        ago("payments", "payu", hours=33 * 24 + 4, minutes=75, peak=0.9),
        ago("payments", "todopago", hours=61 * 24 + 9, minutes=55, peak=0.8),
        ago("latency", "/api/checkout", hours=26 * 24 + 5, minutes=35, peak=0.6),
        ago("latency", SLOW_ROUTE, hours=47 * 24 + 2, minutes=65, peak=0.8),
        ago("queue", "bulk-messages", hours=12 * 24 + 6, minutes=90, peak=0.6),
        ago("queue", "email-notifications", hours=40 * 24 + 3, minutes=45, peak=0.5),
    )


def provoked(kind: Kind, *, at: datetime, minutes: float) -> Incident:
    """Trouble that a person asks for: the same effects as the planted stories, from now on."""
    target = {"payments": "mercadopago", "latency": SLOW_ROUTE, "queue": QUEUE}[kind]
    if kind == "latency":  # a release goes live first
        at += timedelta(seconds=DEPLOY_LEAD_S + 5)
    return Incident(kind, at, at + timedelta(minutes=minutes), target)
