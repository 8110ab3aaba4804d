"""Regions in a browser: a click on the map filters the page, and the address says so."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from data import migrations
from data.database import Database
from services import rollups
from tests import factories
from tests.dashboard.serving import serving
from tests.data.region_visits import ZONE
from tests.eventually import eventually
from tests.postgres_server import PostgresServer
from tests.ui.browser import open_page, tab

pytestmark = pytest.mark.browser

# The middle of a province as the browser has drawn it.
MIDDLE = """code => {
    const of = (d) => d.customdata && d.customdata[0] === code;
    const fig = [...document.querySelectorAll('.atl-fig')].find((f) => f._fullData?.some(of));
    if (!fig) return null;
    const trace = fig._fullData.find(of), { xaxis, yaxis } = fig._fullLayout;
    const middle = (given) => {
        const known = Array.from(given).filter(Number.isFinite);
        return (Math.min(...known) + Math.max(...known)) / 2;
    };
    fig.scrollIntoView({ block: 'center' });
    const at = fig.getBoundingClientRect();
    return [at.left + xaxis._offset + xaxis.l2p(middle(trace.x)),
            at.top + yaxis._offset + yaxis.l2p(middle(trace.y))];
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[str]:
    """A served page over five visits in Buenos Aires, two in Córdoba and one in Mendoza."""
    url = postgres.create("atalaya_regions")
    migrations.upgrade(url)
    db = Database(url, pool_size=2)
    factories.member(db, email="ana@example.com", name="Ana Pereyra", role="owner")
    at = datetime.now(UTC) - timedelta(minutes=5)
    for number, province in enumerate(["AR-B"] * 5 + ["AR-X"] * 2 + ["AR-M"], start=1):
        factories.event(db, at=at, visitor_id=number, session_id=number, province=province)
    rollups.refresh(db, ZONE)
    with serving(tmp_path_factory.mktemp("regions"), database_url=url, auth="demo") as served:
        yield served.base
    db.dispose()


def click(page: Page, province: str) -> None:
    page.mouse.move(5, 5)
    found = eventually(lambda: page.evaluate(MIDDLE, province))
    page.mouse.move(*found)
    page.mouse.click(*found)


def sessions(page: Page, count: int) -> None:
    first = page.locator(".st-key-page-first .atl-number").first
    expect(first).to_have_text(str(count), timeout=20_000)


def test_a_click_on_the_map_filters_the_page_and_a_second_one_takes_it_back(
    site: str, browser: Browser
) -> None:
    with tab(browser) as page:
        open_page(page, f"{site}/regions")
        sessions(page, 8)
        click(page, "AR-X")
        sessions(page, 2)
        expect(page).to_have_url(re.compile("region=C%C3%B3rdoba"))
        page.reload()
        sessions(page, 2)
        chosen = page.locator("tr[aria-selected=true]")
        expect(chosen.first).to_contain_text("Córdoba")
        click(page, "AR-M")
        sessions(page, 1)
        expect(page).to_have_url(re.compile("region=Mendoza"))
        click(page, "AR-M")
        sessions(page, 8)
        expect(page).not_to_have_url(re.compile("region="))


def test_a_row_of_the_ranking_filters_the_page_from_the_keyboard(
    site: str, browser: Browser
) -> None:
    with tab(browser) as page:
        open_page(page, f"{site}/regions")
        row = page.locator("tr[data-id=AR-B]").last
        row.focus()
        page.keyboard.press("Enter")
        sessions(page, 5)
        expect(page).to_have_url(re.compile("region=Buenos"))
        row.focus()
        page.keyboard.press("Enter")
        sessions(page, 8)
