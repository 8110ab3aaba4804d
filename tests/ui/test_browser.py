"""What only a browser shows: what a refresh leaves alone, downloads, keyboard, accessibility."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from data import migrations
from data.database import Database
from tests.dashboard.serving import serving
from tests.eventually import eventually
from tests.postgres_server import PostgresServer
from tests.ui.browser import feed, fill, open_page, tab

pytestmark = pytest.mark.browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
VIEWPORTS = [("light", 1440), ("light", 1280), ("light", 390), ("dark", 1440), ("dark", 390)]
FIGURE = "[class*=st-key-panel-launch-monitor-is-the-api] .atl-fig"
MENU = "[class*=st-key-phead-launch-monitor-is-the-api] [data-testid=stPopover] button"


class Site:
    """A served Atalaya with data, and a way to let time pass in it."""

    def __init__(self, base: str, url: str) -> None:
        self.base, self.url, self._minute = base, url, 0

    def refresh(self, page: Page, times: int = 2) -> None:
        """Wait until the page has drawn newer answers, so often."""
        for _ in range(times):
            self._minute += 1
            feed(self.url, self._minute)
            before = page.locator(".atl-age").first.inner_text().split(" · ")[0]
            eventually(
                lambda before=before: (  # type: ignore[misc]  # binds the loop's value
                    page.locator(".atl-age").first.inner_text().split(" · ")[0] != before
                ),
                within_s=25,
            )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Site]:
    url = postgres.create("atalaya_browser")
    migrations.upgrade(url)
    db = Database(url, pool_size=2)
    fill(db, url)
    with serving(tmp_path_factory.mktemp("browser"), database_url=url, auth="demo") as served:
        yield Site(served.base, url)
    db.dispose()


def test_a_refresh_keeps_zoom_hover_scroll_and_the_node(site: Site, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site.base}/launch")
        page.wait_for_selector(f"{FIGURE} .xtick")
        box = page.locator(f"{FIGURE} .nsewdrag").first.bounding_box()
        assert box
        page.evaluate(f"document.querySelector('{FIGURE}').mark = 'same'")
        page.mouse.move(box["x"] + 60, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 160, box["y"] + 90, steps=5)
        page.mouse.up()
        zoom = f"document.querySelector('{FIGURE}')._fullLayout.xaxis.range.join()"
        eventually(lambda: page.evaluate(f"document.querySelector('{FIGURE}').layout.xaxis.range"))
        zoomed = page.evaluate(zoom)
        page.mouse.move(box["x"] + 100, box["y"] + 60)
        page.mouse.move(box["x"] + 110, box["y"] + 62)
        page.wait_for_selector(f"{FIGURE} .hoverlayer .legend")
        site.refresh(page)
        assert page.evaluate(zoom) == zoomed
        assert page.locator(f"{FIGURE} .hoverlayer .legend").count() == 1
        assert page.evaluate(f"document.querySelector('{FIGURE}').mark") == "same"


def test_a_refresh_keeps_the_chosen_row_the_search_the_focus_and_the_scroll(
    site: Site, browser: Browser
) -> None:
    with tab(browser) as page:
        open_page(page, f"{site.base}/launch?tab=API")
        row = page.locator("tr[data-id='/api/route-03']")
        row.focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"route=%2Fapi%2Froute-03"))
        page.keyboard.press("ArrowDown")
        scroll = page.locator(".atl-scroll").first
        scroll.evaluate("node => { node.style.maxHeight = '160px'; node.scrollTop = 60; }")
        site.refresh(page)
        expect(row).to_have_attribute("aria-selected", "true")
        assert page.evaluate("document.activeElement.dataset.id") == "/api/route-04"
        search = page.get_by_placeholder("Search rows").first
        search.fill("route-1")
        site.refresh(page, times=1)
        assert search.input_value() == "route-1"
        assert page.locator("tbody tr[data-id]").count() == 4
        page.reload()
        page.wait_for_selector("tr[data-id]")
        expect(row).to_have_attribute("aria-selected", "true")


def test_sorting_is_told_to_screen_readers_and_kept(site: Site, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site.base}/launch?tab=API")
        page.get_by_role("button", name="Route", exact=True).click()
        head = page.locator("th", has_text="Route").first
        expect(head).to_have_attribute("aria-sort", "ascending")
        page.get_by_role("button", name="Route", exact=True).press("Enter")
        expect(head).to_have_attribute("aria-sort", "descending")
        site.refresh(page, times=1)
        assert page.locator("tbody tr").first.get_attribute("data-id") == "/api/route-13"


def test_a_refresh_keeps_an_open_menu_and_the_dialog_behind_it(
    site: Site, browser: Browser
) -> None:
    with tab(browser) as page:
        open_page(page, f"{site.base}/launch")
        page.click(MENU)
        query = page.get_by_role("button", name="Show query")
        query.wait_for()
        site.refresh(page, times=1)
        expect(query).to_be_visible()
        query.click()
        dialog = page.get_by_test_id("stDialog")
        expect(dialog).to_contain_text("data.signals.samples")
        site.refresh(page, times=1)
        expect(dialog).to_be_visible()


def test_the_numbers_behind_a_figure_can_be_read_as_a_table(site: Site, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site.base}/launch")
        page.click(MENU)
        page.get_by_role("button", name="View as table").click()
        dialog = page.get_by_test_id("stDialog")
        expect(dialog.locator("th").first).to_contain_text("At")
        expect(dialog.locator("tbody tr").first).to_contain_text("ms")


@pytest.mark.parametrize("kind", ["CSV", "Excel", "PNG", "SVG"])
def test_a_panel_downloads(site: Site, browser: Browser, tmp_path: Path, kind: str) -> None:
    begins = {"CSV": b"\xef\xbb\xbf# Title", "Excel": b"PK", "PNG": b"\x89PNG", "SVG": b"<svg"}
    with tab(browser) as page:
        open_page(page, f"{site.base}/launch")
        page.wait_for_selector(f"{FIGURE} .xtick")
        page.click(MENU)
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        assert saved.name.startswith("atalaya-is-the-api-fast-enough-")
        assert saved.read_bytes().startswith(begins[kind])
        assert saved.stat().st_size > 500


def test_a_paused_page_stands_still(site: Site, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site.base}/launch")
        page.locator(".st-key-live label").first.click()
        clock = page.locator(".atl-age").first
        eventually(lambda: re.search(r" (9|1\d) s ago", clock.inner_text()))
        said = clock.inner_text().split(" · ")[0]
        eventually(lambda: re.search(r" 1[5-9] s ago", clock.inner_text()))
        assert clock.inner_text().split(" · ")[0] == said


def test_a_tile_leads_to_its_page_within_the_session(site: Site, browser: Browser) -> None:
    with tab(browser) as page:
        open_page(page, f"{site.base}/")
        page.evaluate("window.mark = 'same tab'")
        page.locator(".atl-verdict .atl-to").click()
        expect(page.get_by_role("heading", name="Launch monitor")).to_be_visible(timeout=20_000)
        assert page.url.endswith("/launch")
        assert page.evaluate("window.mark") == "same tab"


@pytest.mark.parametrize(("theme", "width"), VIEWPORTS)
@pytest.mark.parametrize("path", ["", "launch", "launch?tab=API"])
def test_no_page_breaks_an_accessibility_rule_or_scrolls_sideways(
    site: Site, browser: Browser, path: str, *, theme: Literal["light", "dark"], width: int
) -> None:
    with tab(browser, theme=theme, width=width) as page:
        open_page(page, f"{site.base}/{path}")
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
        told = [(v["id"], v["nodes"][0]["html"][:200]) for v in found.response["violations"]]
        assert told == []
        main = "document.querySelector('[data-testid=stMain]')"
        assert page.evaluate(f"{main}.scrollWidth - {main}.clientWidth") == 0


def _pins(site: Site) -> object:
    with psycopg.connect(site.url) as connection:
        row = connection.execute("select count(*) from saved_view_pins").fetchone()
    return row[0] if row else None


def test_a_view_is_saved_pinned_and_opened_again_and_a_name_is_no_markup(
    site: Site, browser: Browser
) -> None:
    with tab(browser) as page:
        open_page(page, f"{site.base}/launch?span=6h&tab=API")
        page.get_by_role("button", name="Views").click()
        page.get_by_placeholder("Name of this view").fill("Routes *of* <b>six</b> hours")
        page.get_by_placeholder("Name of this view").press("Enter")
        page.get_by_role("button", name="Save this view").click()
        expect(page.get_by_text("Saved as Routes")).to_be_visible()
        page.get_by_role("button", name="Save this view").click()
        expect(page.get_by_text("A view needs a name.")).to_be_visible()
        page.get_by_role("button", name=re.compile("^Pin Routes")).click()
        eventually(lambda: _pins(site) == 1)
        page.goto(f"{site.base}/")
        pinned = page.locator(".st-key-page-pins a")
        expect(pinned).to_have_text(re.compile(r"Routes \*of\* <b>six</b> hours"))
        pinned.click()
        expect(page.get_by_role("tab", name="API")).to_have_attribute("aria-selected", "true")
        expect(page).to_have_url(re.compile("span=6h"))
