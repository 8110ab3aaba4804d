"""Behind a proxy that signs people in: its header counts only with its secret."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from data.database import Database
from tests.dashboard.serving import Served, serving
from tests.dashboard.session import Session, session, words
from tests.eventually import eventually
from tests.factories import insert
from tests.program import running

SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of this test only
WRONG = "fedcba9876543210fedcba9876543210"
ANA = ("X-Forwarded-Email", "ana@example.com")
CARLA = ("X-Forwarded-Email", "carla@example.com")
VOUCHED = ("X-Atalaya-Proxy-Secret", SECRET)
NOT_THE_WAY = "This is not the way in"
REMOVE = text("update team_members set status = 'removed', removed_at = now() where email = :email")


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture(scope="module")
def team(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=2)
    for email, role in (("ana@example.com", "viewer"), ("carla@example.com", "admin")):
        insert(database, "team_members", email=email, name=email.split("@")[0], role=role)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def server(
    database_url: str, team: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("proxy")
    settings = {"database_url": database_url, "auth": "proxy", "proxy_secret": SECRET}
    with serving(folder, **settings) as served:
        yield served


def _shown(server: Served, *headers: tuple[str, str]) -> str:
    with session(server.base, *headers) as tab:
        return words(tab.run())


def test_a_member_vouched_for_by_the_proxy_is_in(server: Served) -> None:
    shown = _shown(server, ANA, VOUCHED)
    assert "Launch monitor" in shown
    assert "ana@example.com" in shown


@pytest.mark.parametrize(
    "headers",
    [
        (ANA,),
        (ANA, ("X-Atalaya-Proxy-Secret", "")),
        (ANA, ("X-Atalaya-Proxy-Secret", WRONG)),
        (ANA, ("X-Atalaya-Proxy-Secret", SECRET[:-1])),
        (ANA, VOUCHED, ("X-Atalaya-Proxy-Secret", WRONG)),
        (),
    ],
)
def test_a_forged_header_lets_nobody_in(
    server: Served, headers: tuple[tuple[str, str], ...]
) -> None:
    shown = _shown(server, *headers)
    assert NOT_THE_WAY in shown
    assert "Launch monitor" not in shown
    assert SECRET not in shown


def test_two_addresses_are_no_address(server: Served) -> None:
    shown = _shown(server, ANA, CARLA, VOUCHED)
    assert "no confirmed e-mail address" in shown
    assert "Launch monitor" not in shown


def test_a_page_of_another_site_cannot_connect(server: Served) -> None:
    with pytest.raises(Exception, match="403"):
        session(server.base, ANA, VOUCHED, origin="http://evil.example").__enter__()


def test_the_secret_is_not_in_the_log(server: Served) -> None:
    _shown(server, ANA, ("X-Atalaya-Proxy-Secret", WRONG))
    assert SECRET not in server.program.log
    assert WRONG not in server.program.log


@pytest.mark.slow
def test_the_fragments_of_a_removed_member_run_no_more_whatever_the_browser_asks(
    server: Served, team: Database
) -> None:
    with session(server.base, CARLA, VOUCHED) as tab:
        fragments = _refreshing(tab)
        assert all(tab.drawn(fragment) for fragment in fragments)
        with team.write() as tx:
            tx.execute(REMOVE, email="carla@example.com")
        eventually(lambda: "You have no role" in words(tab.run()), within_s=60)
        assert [tab.drawn(fragment) for fragment in fragments] == [[] for _ in fragments]


def _refreshing(tab: Session) -> list[str]:
    found = [sent for sent in tab.run() if sent.WhichOneof("type") == "auto_rerun"]
    assert found
    return [sent.auto_rerun.fragment_id for sent in found]


def test_a_proxy_without_a_secret_is_refused_at_start(database_url: str, tmp_path: Path) -> None:
    settings = {"database_url": database_url, "auth": "proxy"}
    with running("serve", tmp_path / "log", **settings) as program:
        assert program.process.wait(30) == 2
    assert "ATALAYA_AUTH=proxy also needs ATALAYA_PROXY_SECRET" in program.log
