"""The web server of one process: Streamlit's pages, our routes, and the threads beside them."""

import asyncio
import gc
import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any, Final

import streamlit as st
import structlog
from starlette.middleware import Middleware
from streamlit import file_util

from dashboard import http_health, http_metrics, logs, runtime
from dashboard.http_exports import Exports, offers
from dashboard.http_headers import SecurityHeaders, content_policy
from dashboard.http_limits import RateLimit, SizeLimit
from dashboard.http_metrics import MetricsGuard
from dashboard.http_requests import RequestLog, not_found_routes
from dashboard.http_return import ReturnToPage
from dashboard.http_static import Precompressed, StaticFiles
from dashboard.listening import Listener, Teller
from dashboard.meters import PAGE_ERRORS
from dashboard.push import Hub
from dashboard.settings import Settings
from dashboard.tickets import tickets
from dashboard.ui import assets, live, news
from data.errors import SourceDown
from services import team

SCRIPT: Final = Path(__file__).with_name("app.py")
# Everything that pages import, so that no viewer waits for it and the collector never walks it.
WARM: Final = ("pandas", "plotly.graph_objects", "pyarrow", "xlsxwriter", "babel.dates", "stripe")
STOPS: Final = (signal.SIGTERM, signal.SIGINT)
RETRY_OWNER_S: Final = 5.0
# A full collection walks all open sessions: about a second with 200, in which nobody is served, and
# Python's own thresholds ask for one every few seconds. Streamlit makes a class for each component
# in each run, which is garbage at once; larger young generations catch it. Measured with 200
# viewers: p95 of a refresh 797 -> 63 ms, CPU of one 14.4 -> 12.8 ms. Full ones still come, rarely.
COLLECT_AFTER: Final = (7_000, 10, 200)

log: Final = structlog.get_logger(__name__)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsInvalid rather than serve without sign-in."""
    settings.check_serving()
    runtime.configure(settings)
    if settings.cookie_secret is not None:
        # Streamlit reads this before it has the secrets that we hand over; replicas must agree.
        os.environ["STREAMLIT_SERVER_COOKIE_SECRET"] = settings.cookie_secret.get_secret_value()
    for each in STOPS:
        # Uvicorn raises the signal again when it is done; the default would be death by signal.
        signal.signal(each, lambda *_: sys.exit(0))
    try:
        application(settings).run(config=streamlit_config(settings))
    finally:
        runtime.close()


def streamlit_config(settings: Settings) -> dict[str, object]:
    """What Streamlit is told beyond .streamlit/config.toml."""
    config: dict[str, object] = {
        "server.port": settings.port,
        "server.address": settings.host,
        "server.headless": True,
    }
    if settings.auth == "demo":
        # Without sign-in, a foreign site must not reach us by a name that resolves to loopback.
        config["server.allowedHosts"] = ["localhost", "127.0.0.1", "::1"]
    return config


def application(settings: Settings) -> st.App:
    """The ASGI application of one process; `runtime.configure` comes first."""
    hub = Hub(tickets)
    routes = [
        *http_health.routes(runtime.runtime().db),
        http_metrics.route(),
        hub.route(),
        Exports(runtime.runtime().db, offers).route(),
        *assets.routes(),
        *not_found_routes(),
    ]
    files = StaticFiles(Path(file_util.get_static_dir()) / "static")
    return st.App(
        SCRIPT,
        routes=routes,
        middleware=_middleware(settings, files),
        lifespan=_lifespan(settings, hub, files),
        on_script_error=report,
        secrets=secrets(settings),
    )


def _middleware(settings: Settings, files: StaticFiles) -> list[Middleware]:
    """From the outside in."""
    token = settings.metrics_token
    policy = content_policy(Path(file_util.get_static_dir()) / "index.html")
    back: list[Middleware] = []
    if settings.auth == "oidc":
        secure = (settings.oidc_redirect_uri or "").startswith("https://")
        back = [Middleware(ReturnToPage, secure=secure)]
    return [
        Middleware(RequestLog),
        Middleware(SecurityHeaders, policy=policy),
        # A whole office may share one address, and all its tabs come back at once after a restart.
        Middleware(RateLimit, per_s=50, burst=500),
        Middleware(SizeLimit),
        Middleware(MetricsGuard, token=token.get_secret_value() if token else None),
        *back,
        Middleware(Precompressed, files=files),
    ]


def secrets(settings: Settings) -> dict[str, Any] | None:
    """What st.login needs, in the shape of its secrets; nothing for the other modes."""
    if settings.auth != "oidc" or not settings.cookie_secret or not settings.oidc_client_secret:
        return None
    return {
        "auth": {
            "redirect_uri": settings.oidc_redirect_uri,
            "cookie_secret": settings.cookie_secret.get_secret_value(),
            "client_id": settings.oidc_client_id,
            "client_secret": settings.oidc_client_secret.get_secret_value(),
            "server_metadata_url": settings.oidc_metadata_url,
            "client_kwargs": {"scope": "openid profile email"},
        }
    }


def report(error: Exception) -> bool:
    """Log what a page or callback raised, and show a sentence with its reference instead."""
    known = logs.reference()
    PAGE_ERRORS.inc()
    log.error("page.failed", reference=known, exc_info=error)
    st.error(
        f"Something went wrong here. It has been noted as **{known}**: reload the page, and give "
        "this reference if it happens again.",
        icon=":material/error:",
    )
    return True


def _lifespan(settings: Settings, hub: Hub, files: StaticFiles) -> Callable[[st.App], Any]:
    @asynccontextmanager
    async def lifespan(_app: st.App) -> AsyncIterator[Mapping[str, Any]]:
        stopping = Event()
        hub.open()
        teller = Teller(hub, read=lambda: news.payload(news.read_again()))
        listener = Listener(settings.database_url.get_secret_value(), teller.tell)
        await asyncio.to_thread(warm_up)
        with _ends_streams(hub, stopping):
            listener.start()
            teller.start()
            _thread("atalaya-static", files.warm, stopping)
            _thread("atalaya-owner", ensure_owner, settings, stopping)
            log.info("server.started", host=settings.host, port=settings.port, auth=settings.auth)
            try:
                yield {"hub": hub}
            finally:
                stopping.set()
                hub.close()
                listener.stop()
                teller.stop()
                live.refresher().stop()
                await asyncio.to_thread(listener.join, 5)
                log.info("server.stopped")

    return lifespan


def warm_up() -> None:
    """Import what pages need, put it out of the garbage collector's sight, and make it patient."""
    for name in WARM:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def ensure_owner(settings: Settings, stopping: Event) -> None:
    """Make the first owner of ATALAYA_OWNER_EMAIL, as soon as Postgres answers."""
    if settings.owner_email is None:
        return
    structlog.contextvars.bind_contextvars(source="cli", reference=logs.reference())
    while not stopping.is_set():
        try:
            if team.ensure_first_owner(runtime.runtime().db, email=settings.owner_email):
                log.info("team.first_owner")
        except SourceDown as down:
            log.warning("team.first_owner_waits", reason=str(down))
            stopping.wait(RETRY_OWNER_S)
        else:
            return


@contextmanager
def _ends_streams(hub: Hub, stopping: Event) -> Iterator[None]:
    """End all streams on SIGTERM and SIGINT: uvicorn waits for open responses before it ends us."""
    former = {each: signal.getsignal(each) for each in STOPS}

    def end(number: int, frame: FrameType | None) -> None:
        stopping.set()
        hub.close()
        handler = former[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for each in former:
        signal.signal(each, end)
    yield


def _thread(name: str, target: Callable[..., None], *args: object) -> None:
    Thread(target=target, args=args, name=name, daemon=True).start()
