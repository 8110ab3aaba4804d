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
_NUMBERS: Final = 100_000  # job numbers per hour
_AGAIN: Final = 2.5  # further tries of a job that fails, where nothing else works


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
        starts = launch + np.array(day) * float(HOUR_S)
        rates = busyness(setting, starts + HOUR_S / 2) * (setting.events / 1e6) ** 0.3
        jobs = [_jobs(setting, *each) for each in zip(day, starts, rates, strict=True)]
        _write_jobs(connection, jobs, since_s=since_s, until_s=until_s)
        errors = [_errors(setting, *each) for each in zip(day, starts, rates, strict=True)]
        _write_errors(connection, errors, since_s=since_s, until_s=until_s)


def _jobs(setting: Setting, hour: int, start_s: float, rate: float) -> dict[str, Floats]:
    """Jobs added in one hour. An hour is drawn alone, so that it can be drawn again."""
    rng = np.random.default_rng([setting.seed, 12, hour])
    # Drawn at the rate of the worst case: people try a failing import again and again.
    usual = np.array([q[2] for q in QUEUES])
    drawn = rng.poisson(usual * rate * (1 + _AGAIN))
    queue = np.repeat(np.arange(len(QUEUES)), drawn)
    n = len(queue)
    added = start_s + HOUR_S * rng.random(n)
    trouble = np.select(
        [queue == k for k in range(len(QUEUES))],
        [total(setting.incidents, "queue", added, target=q[0]) for q in QUEUES],
        0.0,
    )
    wanted = rng.random(n) < (1 + _AGAIN * trouble) / (1 + _AGAIN)
    fails = np.array([q[4] for q in QUEUES])[queue]
    failed = rng.random(n) < fails + (0.95 - fails) * trouble
    wait = rng.exponential(2.5, n) + 0.2
    started = added + wait * (1 + 30 * trouble) + np.where(failed, 45.0, 0.0)
    took = np.array([q[3] for q in QUEUES])[queue] * rng.lognormal(0, 0.5, n)
    typical = (trouble > 0) | (rng.random(n) < 0.6)
    columns = {
        "queue": queue,
        "number": hour * _NUMBERS + np.arange(n),
        "added": added,
        "started": started,
        "finished": started + took * np.where(failed, 0.4, 1.0),
        "failed": failed,
        "reason": np.where(failed, np.where(typical, queue, len(REASONS) - 1), -1),
    }
    return {name: column[wanted] for name, column in columns.items()}


def _write_jobs(
    connection: psycopg.Connection,
    hours: list[dict[str, Floats]],
    *,
    since_s: float,
    until_s: float,
) -> None:
    jobs = {name: np.concatenate([hour[name] for hour in hours]) for name in hours[0]}
    kept = (jobs["finished"] > since_s) & (jobs["finished"] <= until_s)
    rows = np.flatnonzero(kept)[np.argsort(jobs["finished"][kept], kind="stable")]
    jobs = {name: column[rows] for name, column in jobs.items()}
    queue, number = jobs["queue"].astype(np.int64), jobs["number"].astype(np.int64)
    sizes = [json.dumps({"items": 50 * (1 + size)}) for size in range(20)]
    copy_rows(
        connection,
        "job_history",
        {
            "queue": Words(queue, [q[0] for q in QUEUES]),
            "job_id": texts([str(n) for n in number.tolist()]),
            "name": Words(queue, [q[1] for q in QUEUES]),
            "state": Words(jobs["failed"].astype(np.int64), ("completed", "failed")),
            "attempts": np.where(jobs["failed"], ATTEMPTS, 1).astype(np.int32),
            "reason": Words(jobs["reason"].astype(np.int64), REASONS),
            "enqueued_at": instants(jobs["added"]),
            "started_at": instants(jobs["started"]),
            "finished_at": instants(jobs["finished"]),
            "data": Words(number % len(sizes), sizes, json=True),
        },
    )


def _errors(setting: Setting, hour: int, start_s: float, rate: float) -> tuple[Ints, Floats]:
    """Kind and moment of an hour's errors: the usual ones, and those that incidents bring."""
    rng = np.random.default_rng([setting.seed, 13, hour])
    usual = rng.poisson(8.0 * rate)
    kinds = [rng.choice(len(_COMMON), usual, p=_COMMON / _COMMON.sum())]
    moments = [start_s + HOUR_S * rng.random(usual)]
    for incident, number, per_hour in _BY_INCIDENT:
        tried = start_s + HOUR_S * rng.random(rng.poisson(per_hour))
        happened = tried[rng.random(len(tried)) < total(setting.incidents, incident, tried)]
        kinds.append(np.full(len(happened), number))
        moments.append(happened)
    return np.concatenate(kinds), np.concatenate(moments)


def _write_errors(
    connection: psycopg.Connection,
    hours: list[tuple[Ints, Floats]],
    *,
    since_s: float,
    until_s: float,
) -> None:
    kind = np.concatenate([hour[0] for hour in hours])
    at = np.concatenate([hour[1] for hour in hours])
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
