"""GET /metrics for Prometheus, and the guard that Streamlit's own metrics need as well."""

import hmac
import math
from ipaddress import ip_address
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime as streamlit_runtime
from streamlit.runtime.stats import ACTIVE_SESSIONS_FAMILY, GaugeStat

from dashboard import runtime
from dashboard.meters import REFRESHER_LAG, ROLLUPS_AGE, ROLLUPS_SET_ASIDE, SESSIONS
from dashboard.ui import live
from data.database import Database
from data.errors import SourceDown
from data.rollups import NOTHING, kept

GUARDED: Final = frozenset({"/metrics", "/_stcore/metrics"})
# A proxy on this machine also connects from loopback; these headers give it away.
FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "x-forwarded-host")


def route() -> Route:
    """The route of our meters. `MetricsGuard` decides who may read them."""
    return Route("/metrics", _metrics)


def connected_sessions() -> float:
    """Browser tabs with an open connection, by Streamlit's own count."""
    if not streamlit_runtime.exists():
        return 0
    stats = streamlit_runtime.get_instance().stats_mgr.get_stats([ACTIVE_SESSIONS_FAMILY])
    counts = stats.get(ACTIVE_SESSIONS_FAMILY, ())
    return sum(each.value for each in counts if isinstance(each, GaugeStat))


def note_rollups(db: Database) -> None:
    """How old the rollups are, as the database sees it; not a number while it is down."""
    try:
        found = kept(db)
    except SourceDown:
        found = NOTHING
    ROLLUPS_AGE.set(math.nan if found.age_s is None else found.age_s)
    ROLLUPS_SET_ASIDE.set(math.nan if found is NOTHING else found.set_aside)


def _metrics(_request: Request) -> Response:
    SESSIONS.set(connected_sessions())
    REFRESHER_LAG.set(live.refresher().lag_s())
    note_rollups(runtime.runtime().db)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


class MetricsGuard:
    """Pure ASGI: metrics for those who send the token; without a token set, for loopback only."""

    def __init__(self, app: ASGIApp, *, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 401 or 403."""
        if scope["type"] != "http" or scope["path"].rstrip("/") not in GUARDED:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if self._token is None:
            if is_local(request):
                return None
            return JSONResponse({"error": "loopback clients only"}, status_code=403)
        sent = request.headers.get("authorization", "")
        if hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode()):
            return None
        return JSONResponse(
            {"error": "a bearer token is needed"},
            status_code=401,
            headers={"WWW-Authenticate": "Bearer"},
        )


def is_local(request: Request) -> bool:
    """Whether the request comes from this machine and not through a proxy on it."""
    if any(name in request.headers for name in FORWARDED) or request.client is None:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
