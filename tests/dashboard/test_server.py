"""What the web server answers beside its pages."""

import gzip
import http.client
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
import httpx
import pytest
from sqlalchemy import text

from data.database import Database
from tests.dashboard.serving import Served, serving
from tests.eventually import eventually
from tests.postgres_server import PostgresServer
from tests.program import running

TOKEN = "a-token-of-thirty-two-characters-or-more"  # noqa: S105 - of this test only
BEAT = text("""
    insert into worker_heartbeats (name, beat_at) values ('worker', now() - :age * interval '1 s')
    on conflict (name) do update set beat_at = excluded.beat_at
""")


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture(scope="module")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, database_url=database_url, owner_email="ana@example.com") as served:
        yield served


@pytest.fixture
def writer(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=2)
    yield database
    database.dispose()


def _beat(db: Database, *, age: float) -> None:
    with db.write() as tx:
        tx.execute(BEAT, age=age)


def test_a_server_without_a_worker_is_alive_and_not_ready(server: Served, writer: Database) -> None:
    with writer.write() as tx:
        tx.execute(text("delete from worker_heartbeats"))
    assert server.get("/health/live").json() == {"status": "alive"}
    ready = server.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json() == {
        "status": "not ready",
        "checks": {
            "database": "ok",
            "migrations": "ok",
            "worker": "No worker has started yet: run `python -m dashboard worker`.",
        },
    }


def test_readiness_follows_the_workers_sign_of_life(server: Served, writer: Database) -> None:
    _beat(writer, age=2)
    assert server.get("/health/ready").json()["status"] == "ready"
    _beat(writer, age=60)
    stale = server.get("/health/ready")
    assert stale.status_code == 503
    assert re.fullmatch(
        r"The worker was last heard 6\d s ago: see whether it runs\.",
        stale.json()["checks"]["worker"],
    )


def test_a_schema_that_is_behind_is_named_until_it_is_migrated(
    server: Served, writer: Database
) -> None:
    _beat(writer, age=0)
    with writer.write() as tx:
        head = tx.scalar(text("select version_num from atalaya_migrations"))
        tx.execute(text("update atalaya_migrations set version_num = '0001'"))
    behind = server.get("/health/ready")
    assert behind.status_code == 503
    assert "python -m dashboard migrate" in behind.json()["checks"]["migrations"]
    with writer.write() as tx:
        tx.execute(text("update atalaya_migrations set version_num = :head"), head=head)
    assert server.get("/health/ready").status_code == 200


@pytest.mark.slow
def test_readiness_goes_and_comes_with_postgres_and_tells_no_secret(
    disposable_postgres: PostgresServer, tmp_path: Path
) -> None:
    url = disposable_postgres.url("atalaya")
    with (
        running("worker", tmp_path / "worker.log", database_url=url),
        serving(tmp_path, database_url=url) as server,
    ):
        eventually(lambda: server.get("/health/ready").status_code == 200)
        disposable_postgres.stop()
        down = server.get("/health/ready")
        assert down.status_code == 503
        assert set(down.json()["checks"].values()) == {"Postgres does not answer."}
        assert str(disposable_postgres.port) not in down.text
        assert server.get("/health/live").status_code == 200
        disposable_postgres.start()
        eventually(lambda: server.get("/health/ready").status_code == 200)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/health", "/health/typo", "/metrics/x", "/api/typo", "/hooks/x/y", "/assets/x"]
)
def test_an_unknown_path_under_our_prefixes_is_a_404_and_not_the_page(
    server: Served, method: str, path: str
) -> None:
    found = httpx.request(method, server.base + path)
    assert found.status_code == 404
    assert "<html" not in found.text


def test_a_page_address_is_the_page(server: Served) -> None:
    found = server.get("/launch", accept="text/html")
    assert found.status_code == 200
    assert "<title>" in found.text


@pytest.mark.parametrize("path", ["/", "/health/live", "/api/typo", "/_stcore/health"])
def test_every_response_carries_the_security_headers(server: Served, path: str) -> None:
    headers = server.get(path).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-eval'" not in policy
    assert "script-src 'self' blob: 'sha256-" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert re.fullmatch(r"[2-9A-Z]{8}", headers["x-reference"])


def _script(server: Served) -> str:
    found = re.search(r'src="\./(static/js/index\.[^"]+\.js)"', server.get("/").text)
    assert found is not None
    return "/" + found[1]


def test_static_files_are_sent_compressed_and_unchanged(server: Served) -> None:
    path = _script(server)
    plain = server.get(path, accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    for encoding, decode in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        with httpx.stream(
            "GET", server.base + path, headers={"Accept-Encoding": encoding}
        ) as response:
            body = b"".join(response.iter_raw())
        assert response.headers["content-encoding"] == encoding
        assert response.headers["content-type"].startswith("text/javascript")
        assert "immutable" in response.headers["cache-control"]
        assert len(body) < len(plain.content) / 2
        assert decode(body) == plain.content


@pytest.mark.parametrize(
    "path", ["/static/../index.html", "/static/%2e%2e/%2e%2e/version.py", "/static/js/../../x.js"]
)
def test_no_path_leads_out_of_the_static_folder(server: Served, path: str) -> None:
    host = server.base.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)  # sends the path as it is
    connection.request("GET", path, headers={"Accept-Encoding": "br"})
    body = connection.getresponse().read()
    assert b"STREAMLIT_VERSION" not in body
    assert b"from streamlit" not in body


def test_metrics_name_what_the_shell_measures(server: Served) -> None:
    text_of = server.get("/metrics").text
    for name in (
        "atalaya_page_render_seconds",
        "atalaya_question_seconds",
        "atalaya_cache_requests_total",
        "atalaya_actions_total",
        "atalaya_sessions",
        "atalaya_refresher_lag_seconds",
        "atalaya_rollups_age_seconds",
    ):
        assert f"# TYPE {name.removesuffix('_total')}" in text_of or f"# TYPE {name}" in text_of


@pytest.mark.parametrize("path", ["/metrics", "/_stcore/metrics"])
def test_without_a_token_metrics_are_for_this_machine_and_not_for_a_proxy_on_it(
    server: Served, path: str
) -> None:
    assert server.get(path).status_code == 200
    for header in ("x_forwarded_for", "forwarded", "x_real_ip"):
        assert server.get(path, **{header: "203.0.113.9"}).status_code == 403


@pytest.mark.slow
def test_with_a_token_metrics_are_for_those_who_send_it(database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url=database_url, metrics_token=TOKEN) as server:
        assert server.get("/metrics").status_code == 401
        assert server.get("/metrics", authorization="Bearer wrong").status_code == 401
        assert server.get("/metrics", authorization=f"Bearer {TOKEN}").status_code == 200
        assert TOKEN not in server.program.log


def test_too_large_a_body_is_refused(server: Served) -> None:
    assert httpx.post(server.base + "/api/typo", content=b"x" * 1_000_001).status_code == 413


def test_the_first_owner_of_the_settings_is_made_at_start(server: Served, writer: Database) -> None:
    owners = text("select count(*) from team_members where email = 'ana@example.com'")
    eventually(lambda: writer.scalar(owners) == 1)


def test_without_sign_in_nothing_is_served_to_other_machines(
    database_url: str, tmp_path: Path
) -> None:
    with running("serve", tmp_path / "log", database_url=database_url, host="0.0.0.0") as program:  # noqa: S104
        assert program.process.wait(30) == 2
    assert "ATALAYA_AUTH=demo lets everybody in" in program.log
