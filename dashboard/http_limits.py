"""Bounds on what a client may send to our own routes: size, and requests per address."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Everything else is Streamlit's, which has limits of its own.
OURS: Final = ("/health", "/metrics", "/api", "/hooks", "/assets")
MAX_BODY: Final = 1_000_000
MAX_CLIENTS: Final = 10_000


def is_ours(path: str) -> bool:
    """Whether the path is one of our routes or below one."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in OURS)


class BodyTooLarge(Exception):
    """More came than the header announced, or than is allowed."""


class SizeLimit:
    """Pure ASGI: answers 413 by the announced length, and to who sends more than announced."""

    def __init__(self, app: ASGIApp, *, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is received."""
        if scope["type"] != "http" or not is_ours(scope["path"]):
            await self._app(scope, receive, send)
            return
        received = 0
        started = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body:
                raise BodyTooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        too_large = JSONResponse({"error": f"more than {self._max_body} bytes"}, status_code=413)
        if _announced(scope) > self._max_body:
            await too_large(scope, receive, send)
            return
        try:
            await self._app(scope, counted, noted)
        except BodyTooLarge:
            if started:
                raise
            await too_large(scope, receive, send)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


class RateLimit:
    """Pure ASGI: a token bucket per address, `per_s` requests a second with bursts of `burst`.

    One process, one dictionary: for this a library would bring more packages than lines it saves.
    The oldest addresses are forgotten first, so memory is bounded. Assets are left out, because a
    page asks for all of them at once and they cost nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_s: float = 10,
        burst: int = 60,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._app = app
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 429."""
        limited = scope["type"] == "http" and is_ours(scope["path"])
        if limited and not scope["path"].startswith("/assets/") and not self._allows(scope):
            answer = JSONResponse(
                {"error": "too many requests"}, status_code=429, headers={"Retry-After": "1"}
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        address = scope["client"][0] if scope.get("client") else ""
        now = self._clock()
        tokens, seen = self._buckets.pop(address, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - seen) * self._per_s)
        allowed = tokens >= 1
        self._buckets[address] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return allowed
