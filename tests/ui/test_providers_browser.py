"""Providers in a browser: headings, pages, rows and Back do what they say; the address follows."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from data import migrations
from data.database import Database
from services import rollups
from services.rollups import provider_scores
from tests import factories
from tests.dashboard.serving import serving
from tests.postgres_server import PostgresServer
from tests.ui.browser import open_page, tab

pytestmark = pytest.mark.browser

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
SLOW_MS = 20_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[str]:
    """A served page over 120 providers; the more bookings, the later in the alphabet."""
    url = postgres.create("atalaya_providers")
    migrations.upgrade(url)
    db = Database(url, pool_size=2)
    factories.member(db, email="ana@example.com", name="Ana Pereyra", role="owner")
    now = datetime.now(UTC)
    joined = now - timedelta(days=40)
    for number in range(120):
        row = factories.provider(db, name=f"Barbería {number:03}", created_at=joined)
        for n in range(number // 40):
            factories.booking(db, provider_id=row["id"], created_at=now - timedelta(days=1 + n))
        if number >= 118:
            paid = {"created_at": now - timedelta(days=2), "approved_at": now - timedelta(days=2)}
            factories.payment(db, provider_id=row["id"], amount_minor=number * 10_000, **paid)
    rollups.refresh(db, ZONE, now=now + timedelta(minutes=1))
    assert provider_scores.score(db, ZONE)
    with serving(tmp_path_factory.mktemp("providers"), database_url=url, auth="demo") as served:
        yield served.base
    db.dispose()


def shows(page: Page, words: str) -> None:
    expect(page.locator(".atl-pager span")).to_have_text(words, timeout=SLOW_MS)


def first(page: Page) -> str:
    return page.locator(".atl-table tbody tr[data-id]").first.inner_text()


def test_the_list_is_turned_sorted_opened_and_left_by_clicks(site: str, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site}/providers")
        shows(page, "1 to 50 of 120")
        assert "Barbería 119" in first(page)
        page.get_by_role("button", name="Next").click()
        shows(page, "51 to 100 of 120")
        expect(page).to_have_url(re.compile(r"page=2$"))

        page.locator(".atl-table th button", has_text="Provider").click()
        shows(page, "1 to 50 of 120")
        expect(page).to_have_url(re.compile(r"sort=name"))
        assert "Barbería 000" in first(page)
        heading = page.locator(".atl-table th", has_text="Provider")
        expect(heading).to_have_attribute("aria-sort", "ascending")

        page.locator(".atl-table tbody tr[data-id]").nth(6).click()
        verdict = page.locator(".atl-verdict:visible")
        expect(verdict).to_contain_text("Barbería 006", timeout=SLOW_MS)
        expect(page).to_have_url(re.compile(r"provider=\d+"))
        page.go_back()
        shows(page, "1 to 50 of 120")
        expect(page).to_have_url(re.compile(r"sort=name$"))
        page.go_back()
        shows(page, "51 to 100 of 120")
        expect(page).to_have_url(re.compile(r"\?page=2$"))


def test_a_link_opens_a_provider_and_a_button_leads_to_all(site: str, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site}/providers?provider=3")
        expect(page.locator(".atl-verdict:visible")).to_contain_text("Barbería 002")
        page.get_by_role("button", name="All providers").click()
        shows(page, "1 to 50 of 120")
        expect(page).to_have_url(re.compile(r"/providers$"))
        page.go_back()
        expect(page.locator(".atl-verdict:visible")).to_contain_text("Barbería 002")


def test_what_is_not_of_the_list_is_no_row_to_choose(site: str, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site}/providers?q=barberia+119")
        shows(page, "1 to 1 of 1")
        assert page.locator(".atl-table tbody tr").count() == 3
        assert page.locator(".atl-table tbody tr[data-id]").count() == 1
        assert page.locator(".atl-table th button").count() == 9, "the rank is no column to sort by"


def test_a_row_of_revenue_opens_its_provider(site: str, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site}/revenue?tab=Who+shares")
        page.locator(".atl-link", has_text="Barbería 118").click(timeout=SLOW_MS)
        expect(page.locator(".atl-verdict:visible")).to_contain_text(
            "Barbería 118", timeout=SLOW_MS
        )
        expect(page).to_have_url(re.compile(r"/providers\?provider=119$"))
        page.go_back()
        expect(page.get_by_role("heading", name="Revenue")).to_be_visible(timeout=SLOW_MS)
        expect(page).to_have_url(re.compile(r"/revenue\?tab=Who\+shares$"))
