"""What a viewer sees of a page: panels, key figures, filters, their words and states."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

from playwright.sync_api import Locator, Page, expect

WITHIN_MS: Final = 30_000
"""Patience with a busy machine; the states waited for come by themselves, without reload."""
CLOCK: Final = r"\d{2}:\d{2}:\d{2}"

# Icons are letters of a font: their names are in the document and not on the screen.
WORDS: Final = """() => {
    const icons = document.querySelectorAll('[data-testid="stIconMaterial"]');
    for (const icon of icons) icon.hidden = true;
    const words = document.querySelector('[data-testid="stApp"]').innerText;
    for (const icon of icons) icon.hidden = false;
    return words;
}"""
# What no reader may ever meet.
UNREADABLE: Final = re.compile(
    r"Traceback|\bNone\b|\bnan\b|\bNaN\b|\bNaT\b|\bundefined\b|\[object Object\]|\binf\b"
    r"|[a-z]+_[a-z_]+[a-z]\b(?!\.)|psycopg|sqlalchemy|streamlit\.|Exception\b"
)


class Panel:
    """One panel, found by the title over it."""

    def __init__(self, page: Page, title: str) -> None:
        heading = page.get_by_role("heading", name=title, exact=True)
        self.title = title
        self.root = page.locator('[class*="st-key-panel-"]').filter(has=heading)
        self.body = self.root.locator(".atl")
        self.note = self.body.locator(".atl-note")
        self.badge = self.body.locator(".atl-badge")
        self.age = self.body.locator(".atl-age")

    def becomes(self, *states: str) -> None:
        """Wait for one of the states."""
        wanted = re.compile("|".join(states))
        expect(self.body).to_have_attribute("data-state", wanted, timeout=WITHIN_MS)

    @property
    def state(self) -> str:
        return self.body.get_attribute("data-state") or ""

    def is_stale_because(self, reason: str) -> None:
        """Wait for the badge that says why, and how old the last good value is."""
        words = re.compile(rf"Stale: {re.escape(reason)} Last good value from {CLOCK}\.")
        expect(self.badge).to_have_text(words, timeout=WITHIN_MS)

    @property
    def as_of(self) -> str:
        """The clock time in the footer."""
        found = re.search(CLOCK, self.age.text_content() or "")
        return found[0] if found else ""

    def moves_on(self) -> None:
        """Wait for a later answer than the one that is shown."""
        before = self.as_of
        assert before, f"{self.title}: no time in the footer"
        expect(self.age).not_to_contain_text(before, timeout=WITHIN_MS)
        self.becomes("ok")

    def open_menu(self) -> Locator:
        """Open the panel's menu and give what is in it."""
        self.root.get_by_role("button", name=f"Actions for: {self.title}").click()
        opened = self.root.page.locator('[data-testid="stPopoverBody"]:has(.atl-tools)')
        expect(opened.get_by_role("button", name="Show query")).to_be_visible(timeout=WITHIN_MS)
        return opened


class Screen:
    """One browser tab of one viewer."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base

    def open(self, path: str = "/launch", **params: str) -> "Screen":
        """Open an address and wait until every panel has something to say."""
        query = urlencode(params, quote_via=quote)
        self.page.goto(self.base + path + (f"?{query}" if query else ""))
        return self.settled()

    def follow(self, title: str) -> "Screen":
        """Go to another page by the navigation."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
        expect(self.page.get_by_role("heading", name=title, level=2)).to_be_visible()
        return self.settled()

    def settled(self) -> "Screen":
        """Wait until no panel and no key figure is loading."""
        self.page.locator(".atl").first.wait_for(timeout=WITHIN_MS)
        self.page.wait_for_function(
            """() => {
                const parts = [...document.querySelectorAll('.atl, .atl-kpi')];
                const states = parts.map(each => each.dataset.state);
                const stale = document.querySelector('[data-stale="true"]');
                return states.length > 0 && !stale && !states.includes('loading');
            }""",
            timeout=WITHIN_MS,
        )
        return self

    def panel(self, title: str) -> Panel:
        return Panel(self.page, title)

    def titles(self) -> list[str]:
        """The titles of all panels of the open tab."""
        return self.page.locator('[class*="st-key-phead-"] h3').all_inner_texts()

    def panels(self) -> list[Panel]:
        return [self.panel(title.strip()) for title in self.titles()]

    def figure(self, label: str) -> Locator:
        """A key figure by its label."""
        name = self.page.locator(".atl-label", has_text=re.compile(f"^{re.escape(label)}$"))
        return self.page.locator(".atl-kpi").filter(has=name)

    def figures(self) -> Sequence[str]:
        """The labels of all key figures."""
        return self.page.locator(".atl-kpi .atl-label").all_inner_texts()

    def text(self) -> str:
        """All words on the page, as they are read."""
        words: str = self.page.evaluate(WORDS)
        return words

    def assert_readable(self) -> None:
        """Nothing that only a programmer would understand."""
        found = UNREADABLE.search(self.text())
        assert found is None, f"{found[0]!r} in: …{_around(self.text(), found)}…"


def _around(text: str, found: "re.Match[str]") -> str:
    return text[max(0, found.start() - 60) : found.end() + 60].replace("\n", " / ")
