"""The middlewares by themselves: what they let through, and what they answer instead."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.http_headers import SecurityHeaders, content_policy
from dashboard.http_limits import RateLimit, SizeLimit
from dashboard.http_requests import RequestLog
from dashboard.http_return import COOKIE, ReturnToPage, is_own_page
from dashboard.http_static import StaticFiles, preferred

ONE = "HR7iaask9daLMRRskMI++QeJtjWDOjyPA6lGzYGzKW4="  # sha256 of one()
SIGNED_IN = "_streamlit_user=signed; Path=/; HttpOnly"


async def _length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def _callback(request: Request) -> Response:
    response = RedirectResponse("/", status_code=302)
    if "ok" in request.query_params:
        response.headers.append("set-cookie", SIGNED_IN)
    return response


async def _page(_request: Request) -> Response:
    return PlainTextResponse("page")


async def _fails(_request: Request) -> Response:
    raise ZeroDivisionError


ROUTES = [
    Route("/api/length", _length, methods=["POST"]),
    Route("/upload", _length, methods=["POST"]),
    Route("/oauth2callback", _callback),
    Route("/fails", _fails),
    Route("/{path:path}", _page),
]


def _client(*middleware: Middleware) -> TestClient:
    app = Starlette(routes=ROUTES, middleware=list(middleware))
    return TestClient(app, follow_redirects=False, raise_server_exceptions=False)


def _drip(total: int) -> Iterator[bytes]:
    for _ in range(total // 100):
        yield b"x" * 100


def test_a_body_that_does_not_say_its_length_is_cut_off_at_the_limit() -> None:
    client = _client(Middleware(SizeLimit, max_body=1_000))
    assert client.post("/api/length", content=_drip(1_000)).text == "1000"
    assert client.post("/api/length", content=_drip(1_100)).status_code == 413


def test_streamlits_own_uploads_have_streamlits_own_limit() -> None:
    client = _client(Middleware(SizeLimit, max_body=1_000))
    assert client.post("/upload", content=b"x" * 5_000).text == "5000"


def test_a_burst_is_let_through_and_then_only_the_rate() -> None:
    now = [100.0]
    client = _client(Middleware(RateLimit, per_s=2, burst=3, clock=lambda: now[0]))
    assert [client.get("/api/x").status_code for _ in range(4)] == [200, 200, 200, 429]
    now[0] += 1
    assert [client.get("/api/x").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/api/x")
    assert refused.headers["retry-after"] == "1"
    assert client.get("/launch").status_code == 200
    assert client.get("/assets/1/panel.js").status_code == 200


def test_a_failure_has_the_headers_and_a_reference_too() -> None:
    client = _client(Middleware(RequestLog), Middleware(SecurityHeaders, policy="default-src x"))
    failed = client.get("/fails")
    assert failed.status_code == 500
    assert "ZeroDivisionError" not in failed.text


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("br;q=nonsense, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_best_encoding_that_the_client_takes_is_chosen(
    accepted: str, encoding: str | None
) -> None:
    assert preferred(accepted) == encoding


def test_only_listed_files_are_ours(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "big.js").write_text("x" * 2_000)
    (tmp_path / "js" / "small.js").write_text("x")
    (tmp_path / "logo.png").write_bytes(b"x" * 2_000)
    files = StaticFiles(tmp_path)
    assert len(files) == 1
    assert "/static/js/big.js" in files
    assert "/static/js/../js/big.js" not in files


def test_inline_scripts_are_allowed_by_their_hash_only(tmp_path: Path) -> None:
    index = tmp_path / "index.html"
    index.write_text("<script>one()</script><script src='x.js'></script>")
    policy = content_policy(index)
    script = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert script == f"script-src 'self' blob: 'sha256-{ONE}'"


def _opened(client: TestClient, address: str) -> str:
    response = client.get(address, headers={"accept": "text/html,*/*"})
    return str(response.headers.get("set-cookie", ""))


def test_a_sign_in_ends_at_the_address_that_was_opened() -> None:
    client = _client(Middleware(ReturnToPage, secure=True))
    kept = _opened(client, "/launch?span=6h&region=AR-B")
    assert "HttpOnly" in kept
    assert "Secure" in kept
    client.cookies.set(COOKIE, "%2Flaunch%3Fspan%3D6h%26region%3DAR-B")
    done = client.get("/oauth2callback?ok=1")
    assert done.headers["location"] == "/launch?span=6h&region=AR-B"
    assert SIGNED_IN in done.headers.get_list("set-cookie")
    assert any(each.startswith(f'{COOKIE}=""') for each in done.headers.get_list("set-cookie"))


def test_a_sign_in_that_failed_or_a_sign_out_goes_to_the_front_page() -> None:
    client = _client(Middleware(ReturnToPage, secure=False))
    client.cookies.set(COOKIE, "%2Flaunch")
    assert client.get("/oauth2callback").headers["location"] == "/"


def test_only_pages_are_remembered_and_the_front_page_forgets() -> None:
    client = _client(Middleware(ReturnToPage, secure=False))
    assert _opened(client, "/static/js/index.js") == ""
    assert _opened(client, "/api/events") == ""
    assert _opened(client, "/_stcore/health") == ""
    assert _opened(client, "/launch?x=" + "x" * 3_000) == ""
    assert _opened(client, "/") == ""
    client.cookies.set(COOKIE, "%2Flaunch")
    assert "Max-Age=0" in _opened(client, "/")


@pytest.mark.parametrize(
    "target",
    ["", "launch", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/\t/x"],
)
def test_a_cookie_that_points_elsewhere_is_not_followed(target: str) -> None:
    assert not is_own_page(target)
