"""GET /health/live: the process answers. GET /health/ready: it can work, or what it lacks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from data import revision, worker
from data.database import Database
from data.errors import SourceDown

# Three beats and a bit: one that is late is no alarm.
STALE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold. `problem` gives what is wrong in a sentence, or nothing."""

    name: str
    problem: Callable[[Database], str]


def routes(db: Database) -> list[Route]:
    """Both routes; public, so they say nothing that is secret."""

    def ready(_request: Request) -> Response:
        problems = {check.name: _problem(check, db) for check in CHECKS}
        fine = not any(problems.values())
        body = {
            "status": "ready" if fine else "not ready",
            "checks": {name: problem or "ok" for name, problem in problems.items()},
        }
        return JSONResponse(
            body, status_code=200 if fine else 503, headers={"Cache-Control": "no-store"}
        )

    return [Route("/health/live", _live), Route("/health/ready", ready)]


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


def _problem(check: Check, db: Database) -> str:
    try:
        return check.problem(db)
    except SourceDown as down:
        return str(down)


def _database(db: Database) -> str:
    db.ping()
    return ""


def _migrations(db: Database) -> str:
    return revision.difference(db)


def _worker(db: Database) -> str:
    last = worker.heartbeat(db)
    if last is None:
        return "No worker has started yet: run `python -m dashboard worker`."
    if last.age_s > STALE_S:
        return f"The worker was last heard {last.age_s:.0f} s ago: see whether it runs."
    return ""


CHECKS: Final = (
    Check("database", _database),
    Check("migrations", _migrations),
    Check("worker", _worker),
)
