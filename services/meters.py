"""Meters of the write side, exposed on /metrics."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

from services.errors import ServiceError

ACTIONS = Counter("atalaya_actions_total", "Actions by what came of them.", ["action", "result"])
DUTY_SECONDS = Histogram(
    "atalaya_worker_duty_seconds", "Seconds that a duty of the worker took.", ["duty", "result"]
)


@contextmanager
def counted(action: str) -> Iterator[None]:
    """Count an action as done, refused, conflict and so on, or as an error when it is a bug."""
    result = "error"
    try:
        yield
        result = "done"
    except ServiceError as refusal:
        result = refusal.result
        raise
    finally:
        ACTIONS.labels(action=action, result=result).inc()
