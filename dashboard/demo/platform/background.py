"""Background jobs and errors, hour by hour like the journeys."""

import hashlib
import json
from typing import Final

import numpy as np
import psycopg

from dashboard.demo.platform.copying import Words, copy_rows, texts
from dashboard.demo.platform.hashing import Floats, Ints
from dashboard.demo.platform.incidents import QUEUE, QUEUE_REASON, Kind, total
from dashboard.demo.platform.levels import busyness
from dashboard.demo.platform.rhythm import HOUR_S, epoch
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.tables import instants

# queue, kind of job, runs per hour where traffic is 1, usual seconds, share that fails
QUEUES: Final = (
    ("bulk-messages", "send-batch", 20.0, 9.0, 0.012),
    (QUEUE, "import-contacts", 9.0, 22.0, 0.015),
    ("template-processing", "render-template", 9.0, 2.5, 0.006),
    ("email-notifications", "send-email", 26.0, 1.2, 0.010),
)
REASONS: Final = (
    "WhatsApp answered 429: rate limit of 13 messages per second",
    QUEUE_REASON,
    'Template "recordatorio_v2" was rejected by WhatsApp',
    "SMTP 421: try again later",
    "Timeout after 30000 ms",
)
ATTEMPTS: Final = 3
# kind, message, route, level: the first are common, the last three belong to the incidents
ERRORS: Final = (
    ("ValidationError", "Phone number is not valid", "/api/auth/login", "warning"),
    ("SlotTaken", "The slot was booked a moment ago", "/api/bookings", "warning"),
    ("TimeoutError", "Calendar did not answer within 5 s", "/api/availability", "error"),
    ("CardDeclined", "The gateway declined the card", "/api/checkout", "warning"),
    ("TypeError", "Cannot read 'rating' of undefined", "/api/providers/:id", "error"),
    ("RateLimited", "WhatsApp Business rate limit", "bulk-messages", "warning"),
    ("DeadlockDetected", "Deadlock while updating availability", "/api/bookings", "error"),
    ("ImageTooLarge", "Upload larger than 10 MB", "/api/messages", "warning"),
    ("AfipUnavailable", "AFIP did not issue the invoice number", "/api/checkout", "error"),
    ("GatewayTimeout", "MercadoPago webhook not confirmed", "/api/payments/webhook", "error"),
    ("SearchTimeout", "Search exceeded its budget of 500 ms", "/api/search", "error"),
    ("ImportColumnMissing", QUEUE_REASON, QUEUE, "error"),
)  # fmt: skip
_COMMON: Final = 1.0 / np.arange(1, len(ERRORS) - 2) ** 1.1
_BY_INCIDENT: Final[tuple[tuple[Kind, int, float], ...]] = (
    ("payments", 9, 140.0),
    ("latency", 10, 90.0),
    ("queue", 11, 40.0),
)
_JOBS_A: Final = 100_000  # job numbers per hour


def fingerprint(number: int) -> str:
    """Twelve hex digits that stay the same for one defect."""
    return hashlib.sha256(ERRORS[number][0].encode()).hexdigest()[:12]


def write_background(
    connection: psycopg.Connection, setting: Setting, *, since_s: float, until_s: float
) -> None:
    """Jobs that ended and errors that happened in (since, until]."""
    launch = epoch(setting.launch)
    # A job may begin in one hour and end in the next.
    hours = range(int((since_s - launch) // HOUR_S) - 1, int((until_s - launch) // HOUR_S) + 1)
    for begin in range(max(hours.start, 0), hours.stop, 24):
        day = range(begin, min(begin + 24, hours.stop))
        _write_jobs(connection, setting, day, since_s=since_s, until_s=until_s)
        _write_errors(connection, setting, day, since_s=since_s, until_s=until_s)


def _moments(setting: Setting, hour: int, rng: np.random.Generator, *, per_hour: float) -> Floats:
    start = epoch(setting.launch) + hour * HOUR_S
    busy = float(busyness(setting, np.array([start + HOUR_S / 2]))[0])
    size = (setting.events / 1e6) ** 0.3
    return np.sort(start + HOUR_S * rng.random(rng.poisson(per_hour * busy * size)))


def _write_jobs(
    connection: psycopg.Connection,
    setting: Setting,
    hours: range,
    *,
    since_s: float,
    until_s: float,
) -> None:
    queue, number, added = _added(setting, hours)
    rng_keys = np.random.default_rng([setting.seed, 11, hours.start])
    wait = rng_keys.exponential(2.5, len(added)) + 0.2
    seconds = np.array([q[3] for q in QUEUES])[queue]
    took = seconds * rng_keys.lognormal(0, 0.5, len(added))
    trouble = np.select(
        [queue == n for n in range(4)],
        [total(setting.incidents, "queue", added, target=q[0]) for q in QUEUES],
        0.0,
    )
    usual = np.array([q[4] for q in QUEUES])[queue]
    failed = rng_keys.random(len(added)) < usual + (0.95 - usual) * trouble
    started = added + wait * (1 + 30 * trouble) + np.where(failed, 45.0, 0.0)
    finished = started + took * np.where(failed, 0.4, 1.0)
    reason = np.where((trouble > 0) | (rng_keys.random(len(added)) < 0.6), queue, 4)
    kept = (finished > since_s) & (finished <= until_s)
    rows = np.flatnonzero(kept)[np.argsort(finished[kept], kind="stable")]
    sizes = 50 * (1 + number[rows] % 20)
    copy_rows(
        connection,
        "job_history",
        {
            "queue": Words(queue[rows], [q[0] for q in QUEUES]),
            "job_id": texts([str(n) for n in number[rows].tolist()]),
            "name": Words(queue[rows], [q[1] for q in QUEUES]),
            "state": Words(failed[rows].astype(np.int64), ("completed", "failed")),
            "attempts": np.where(failed[rows], ATTEMPTS, 1).astype(np.int32),
            "reason": Words(np.where(failed[rows], reason[rows], -1), REASONS),
            "enqueued_at": instants(added[rows]),
            "started_at": instants(started[rows]),
            "finished_at": instants(finished[rows]),
            "data": texts([json.dumps({"items": int(size)}) for size in sizes], json=True),
        },
    )


def _added(setting: Setting, hours: range) -> tuple[Ints, Ints, Floats]:
    """Queue, number and moment of every job added in these hours."""
    pieces = []
    for hour in hours:
        for queue, (name, _, per_hour, _, _) in enumerate(QUEUES):
            rng = np.random.default_rng([setting.seed, 12, hour, queue])
            middle = np.array([epoch(setting.launch) + (hour + 0.5) * HOUR_S])
            # People try a failing import again and again.
            again = 1 + 2.5 * float(total(setting.incidents, "queue", middle, target=name)[0])
            added = _moments(setting, hour, rng, per_hour=per_hour * again)
            number = hour * _JOBS_A + queue * (_JOBS_A // 4) + np.arange(len(added))
            pieces.append((np.full(len(added), queue), number, added))
    queues, numbers, moments = zip(*pieces, strict=True)
    return np.concatenate(queues), np.concatenate(numbers), np.concatenate(moments)


def _write_errors(
    connection: psycopg.Connection,
    setting: Setting,
    hours: range,
    *,
    since_s: float,
    until_s: float,
) -> None:
    kinds, moments = [], []
    for hour in hours:
        rng = np.random.default_rng([setting.seed, 13, hour])
        at = _moments(setting, hour, rng, per_hour=8.0)
        kinds.append(rng.choice(len(_COMMON), len(at), p=_COMMON / _COMMON.sum()))
        moments.append(at)
        for incident, number, per_hour in _BY_INCIDENT:
            start = epoch(setting.launch) + hour * HOUR_S
            tried = start + HOUR_S * rng.random(rng.poisson(per_hour))
            happened = tried[rng.random(len(tried)) < total(setting.incidents, incident, tried)]
            kinds.append(np.full(len(happened), number))
            moments.append(happened)
    kind, at = np.concatenate(kinds), np.concatenate(moments)
    kept = (at > since_s) & (at <= until_s)
    order = np.flatnonzero(kept)[np.argsort(at[kept], kind="stable")]
    kind, at = kind[order], at[order]
    contexts = [json.dumps({"stack": [f"{e[0]}: {e[1]}", f"    at {e[2]}"]}) for e in ERRORS]
    copy_rows(
        connection,
        "production_errors",
        {
            "fingerprint": Words(kind, [fingerprint(n) for n in range(len(ERRORS))]),
            "message": Words(kind, [e[1] for e in ERRORS]),
            "kind": Words(kind, [e[0] for e in ERRORS]),
            "route": Words(kind, [e[2] for e in ERRORS]),
            "level": Words(kind, [e[3] for e in ERRORS]),
            "user_id": 1 + (at * 7919).astype(np.int64) % 5_000,
            "occurred_at": instants(at),
            "context": Words(kind, contexts, json=True),
        },
    )
