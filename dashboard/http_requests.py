"""A reference for every request, in the response and in the log; and 404s that look like 404s."""

import logging
from time import monotonic
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.http_limits import OURS, is_ours
from dashboard.logs import reference

METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HEADER: Final = "X-Reference"
BUG: Final = 500

log: Final = structlog.get_logger(__name__)


class RequestLog:
    """Pure ASGI: binds a reference for whatever logs below, and logs our routes and all failures.

    The query is never logged: it may hold what people search for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        known = reference()
        status = BUG
        began = monotonic()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = known
            await send(message)

        with structlog.contextvars.bound_contextvars(reference=known, source="http"):
            try:
                await self._app(scope, receive, noted)
            finally:
                _log(scope, status, monotonic() - began)


def _log(scope: Scope, status: int, seconds: float) -> None:
    path = scope["path"]
    if status < BUG and (not is_ours(path) or path.startswith("/assets/")):
        return
    log.log(
        _level(path, status),
        "http.request",
        method=scope["method"],
        path=path,
        status=status,
        ms=round(seconds * 1000, 1),
    )


def _level(path: str, status: int) -> int:
    if status >= BUG:
        return logging.WARNING if path.startswith("/health/") else logging.ERROR
    # Probes and scrapes come every few seconds: when all is well they are not worth a line.
    return logging.DEBUG if path.startswith(("/health/", "/metrics")) else logging.INFO


def not_found_routes() -> list[Route]:
    """Every other path under our prefixes: a typing error in a probe must not look healthy."""
    return [
        Route(path, _not_found, methods=METHODS)
        for prefix in OURS
        for path in (prefix, prefix + "/{rest:path}")
    ]


async def _not_found(_request: Request) -> Response:
    return JSONResponse({"error": "not found"}, status_code=404)
