"""Signing in at a real OIDC provider, in a real browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import oidc_provider_mock
import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from sqlalchemy import text

from dashboard.demo.parts.ports import free_port
from data.database import Database
from tests.browser import Tab, tab
from tests.dashboard.serving import Served, serving
from tests.factories import insert

pytestmark = pytest.mark.browser

SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of this test only
PATIENCE_MS = 30_000
REFRESH_MS = 5_000
REMOVE = text("update team_members set status = 'removed', removed_at = now() where email = :email")


@contextmanager
def _provider(lifetime: timedelta = timedelta(hours=1)) -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread(access_token_max_age=lifetime) as provider:
        yield f"http://localhost:{provider.server_port}"


@contextmanager
def _serving(folder: Path, database_url: str, provider: str) -> Iterator[Served]:
    port = free_port()
    with serving(
        folder,
        port=port,
        database_url=database_url,
        owner_email="ana@example.com",
        auth="oidc",
        oidc_client_id="atalaya",
        oidc_client_secret=SECRET,
        oidc_metadata_url=f"{provider}/.well-known/openid-configuration",
        oidc_redirect_uri=f"http://127.0.0.1:{port}/oauth2callback",
        cookie_secret=SECRET,
    ) as served:
        yield served


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture(scope="module")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with (
        _provider() as provider,
        _serving(tmp_path_factory.mktemp("oidc"), database_url, provider) as served,
    ):
        yield served


@pytest.fixture
def team(database_url: str, server: Served) -> Iterator[Database]:
    """The team's table, of a server that is up."""
    database = Database(database_url, pool_size=2)
    yield database
    with database.write() as tx:
        tx.execute(text("delete from team_members where email <> 'ana@example.com'"))
    database.dispose()


@pytest.fixture
def opened(browser: Browser, server: Served) -> Iterator[Tab]:
    with tab(browser) as opened:
        opened.page.set_default_timeout(PATIENCE_MS)
        yield opened
        assert opened.errors_of(server.base) == []


def _sign_in(page: Page, email: str, *, button: str = "Sign in") -> None:
    page.get_by_role("button", name=button, exact=True).click()
    page.locator("input[name=sub]").fill(email)
    page.locator("[type=submit]").first.click()


def _sees(page: Page, words: str) -> None:
    expect(page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)


def _is_in(page: Page, name: str) -> None:
    expect(page.get_by_role("button", name=name)).to_be_visible(timeout=PATIENCE_MS)


def test_the_first_owner_signs_in_from_a_deep_link_and_lands_there(
    server: Served, opened: Tab
) -> None:
    opened.page.goto(f"{server.base}/launch?span=6h")
    _sees(opened.page, "Sign in to Atalaya")
    _sign_in(opened.page, "ana@example.com")
    _is_in(opened.page, "ana")
    expect(opened.page).to_have_url(f"{server.base}/launch?span=6h")
    expect(opened.page.get_by_role("heading", name="Launch monitor")).to_be_visible()


def test_who_signs_in_without_a_role_reads_how_to_get_one_and_comes_in_once_added(
    server: Served, team: Database, opened: Tab
) -> None:
    opened.page.goto(server.base)
    _sign_in(opened.page, "bea@example.com")
    _sees(opened.page, "You have no role in Atalaya")
    _sees(opened.page, "bea@example.com")
    expect(opened.page.get_by_text("Launch monitor")).to_have_count(0)
    insert(team, "team_members", email="bea@example.com", name="Bea", role="viewer")
    expect(opened.page.get_by_role("button", name="Check again")).to_be_visible()
    _check_until_in(opened.page, "Bea")


def _check_until_in(page: Page, name: str) -> None:
    """Press the button until the look-up, which is remembered for seconds, is made again."""
    inside, again = page.get_by_role("button", name=name), page.get_by_role("button", name="Check")
    for _ in range(20):
        again.or_(inside).first.click()
        with suppress(PlaywrightTimeout):
            inside.wait_for(timeout=1_000)
            return
    expect(inside).to_be_visible()


@pytest.mark.slow
def test_a_removed_member_loses_an_open_page_within_a_minute_untouched(
    server: Served, team: Database, opened: Tab
) -> None:
    insert(team, "team_members", email="carla@example.com", name="Carla", role="admin")
    sockets: list[WebSocket] = []
    opened.page.on("websocket", lambda socket: sockets.append(socket))  # noqa: PLW0108 - it is given attributes
    opened.page.goto(f"{server.base}/launch")
    _sign_in(opened.page, "carla@example.com")
    _is_in(opened.page, "Carla")
    with team.write() as tx:
        tx.execute(REMOVE, email="carla@example.com")
    expect(opened.page.get_by_text("You have no role in Atalaya")).to_be_visible(timeout=60_000)
    expect(opened.page.get_by_role("heading", name="Launch monitor")).to_have_count(0)
    with pytest.raises(PlaywrightTimeout):  # nothing of the live page comes any more
        sockets[-1].wait_for_event("framereceived", timeout=2 * REFRESH_MS)


def test_after_signing_out_the_page_asks_to_sign_in_again(server: Served, opened: Tab) -> None:
    opened.page.goto(server.base)
    _sign_in(opened.page, "ana@example.com")
    _is_in(opened.page, "ana")
    opened.page.get_by_role("button", name="ana").click()
    opened.page.get_by_role("button", name="Sign out").click()
    opened.page.wait_for_url("**/oauth2/end_session**")
    opened.page.goto(server.base)
    _sees(opened.page, "Sign in to Atalaya")


@pytest.mark.slow
def test_when_the_token_expires_the_page_asks_again_and_comes_back_to_it(
    browser: Browser, database_url: str, tmp_path: Path
) -> None:
    with (
        _provider(timedelta(seconds=8)) as provider,
        _serving(tmp_path, database_url, provider) as server,
        tab(browser) as opened,
    ):
        opened.page.goto(f"{server.base}/launch?span=24h")
        _sign_in(opened.page, "ana@example.com")
        _is_in(opened.page, "ana")
        expired = opened.page.get_by_text("Your sign-in has expired")
        expect(expired).to_be_visible(timeout=60_000)
        _sign_in(opened.page, "ana@example.com", button="Sign in again")
        _is_in(opened.page, "ana")
        expect(opened.page).to_have_url(f"{server.base}/launch?span=24h")
