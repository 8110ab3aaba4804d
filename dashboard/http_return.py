"""After a sign-in, back to the address that was opened. Streamlit itself returns everybody to `/`.

Each page that a browser opens leaves its address in a short-lived cookie; the redirect that ends a
successful sign-in is sent there instead.
"""

from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import quote, unquote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.http_limits import is_ours

COOKIE: Final = "atalaya_return"
SIGNED_IN: Final = "_streamlit_user="
CALLBACK: Final = "/oauth2callback"
NO_PAGES: Final = ("/_stcore/", "/static/", "/app/", "/media/", "/component/", "/auth/", CALLBACK)
LONGEST: Final = 2_000
KEPT_S: Final = 3_600


class ReturnToPage:
    """Pure ASGI; only for sign-in by OIDC."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the address of a page, or follow the one that was kept."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        request = Request(scope)

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if scope["path"] == CALLBACK:
                    self._follow(request, headers)
                elif _opens_a_page(request):
                    self._keep(request, headers)
            await send(message)

        await self._app(scope, receive, changed)

    def _keep(self, request: Request, headers: MutableHeaders) -> None:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if target != "/" and len(target) <= LONGEST:
            headers.append("set-cookie", self._cookie(quote(target, safe=""), KEPT_S))
        elif COOKIE in request.cookies:
            headers.append("set-cookie", self._cookie("", 0))

    def _follow(self, request: Request, headers: MutableHeaders) -> None:
        signed_in = any(each.startswith(SIGNED_IN) for each in headers.getlist("set-cookie"))
        target = unquote(request.cookies.get(COOKIE, ""))
        if signed_in and is_own_page(target):
            headers["location"] = target
            headers.append("set-cookie", self._cookie("", 0))

    def _cookie(self, value: str, max_age_s: int) -> str:
        cookie = SimpleCookie({COOKIE: value})
        attributes = {"path": "/", "max-age": max_age_s, "httponly": True, "samesite": "Lax"}
        for name, each in (attributes | {"secure": self._secure}).items():
            cookie[COOKIE][name] = each
        return cookie[COOKIE].OutputString()


def _opens_a_page(request: Request) -> bool:
    path = request.url.path
    return (
        "text/html" in request.headers.get("accept", "")
        and not is_ours(path)
        and not path.startswith(NO_PAGES)
    )


def is_own_page(target: str) -> bool:
    """Whether an address is a path of ours and cannot be taken for another host."""
    return (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and target.isprintable()
        and len(target) <= LONGEST
    )
