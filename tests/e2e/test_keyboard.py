"""Everything can be reached and worked without a mouse."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.screen import WITHIN_MS

pytestmark = pytest.mark.browser

MOST_STOPS = 60
MOST_AROUND = 25
"""Letters of icons beside a name. The page itself is a stop too, with all its text."""
FOCUSED = """() => {
    const e = document.activeElement;
    const labelled = (e.getAttribute('aria-labelledby') || '').split(' ')
        .map(id => document.getElementById(id)?.innerText || '').join(' ');
    return (e.getAttribute('aria-label') || labelled.trim() || e.textContent || '').trim();
}"""

# A ring around it, or, as Streamlit does for what one types into, its box in the primary colour.
SHOWS_FOCUS = """() => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(--atl-primary)';
    const primary = getComputedStyle(probe).color;
    probe.remove();
    const styles = [];
    for (let e = document.activeElement; e && styles.length < 3; e = e.parentElement) {
        styles.push(getComputedStyle(e));
    }
    const ring = s => s.boxShadow !== 'none'
        || (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0);
    return ring(styles[0]) || styles.some(s => s.borderTopColor === primary);
}"""


def _tab_to(page: Page, name: str) -> list[str]:
    """Press Tab until something of this name has the focus; gives all stops on the way."""
    stops: list[str] = []
    while len(stops) < MOST_STOPS:
        page.keyboard.press("Tab")
        stops.append(str(page.evaluate(FOCUSED)))
        if name in stops[-1] and len(stops[-1]) < len(name) + MOST_AROUND:
            return stops
    raise AssertionError(f"{name!r} is not among {stops}")


def test_filters_live_switch_tabs_and_menu_are_reached_and_worked_by_keyboard(visit: Visit) -> None:
    screen = visit().open("/launch")
    page = screen.page
    _tab_to(page, "15m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="6h")).to_be_checked(timeout=WITHIN_MS)
    screen.settled()
    _tab_to(page, "Compare")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    _tab_to(page, "Live")
    page.keyboard.press("Space")
    expect(page.get_by_role("switch")).not_to_be_checked()
    _tab_to(page, "Health")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="API")).to_have_attribute("aria-selected", "true")
    screen.settled()
    _tab_to(page, "Actions for: Which route is slow?")
    page.keyboard.press("Enter")
    query = page.get_by_role("button", name="Show query")
    expect(query).to_be_visible(timeout=WITHIN_MS)
    _tab_to(page, "Show query")
    page.keyboard.press("Enter")
    dialog = page.get_by_test_id("stDialog")
    expect(dialog).to_contain_text("Prometheus", timeout=WITHIN_MS)
    page.keyboard.press("Escape")  # closes the menu behind it
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_focus_is_seen_wherever_it_is(visit: Visit) -> None:
    page = visit().open("/launch").page
    unseen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        if not page.evaluate(SHOWS_FOCUS):
            unseen.append(page.evaluate(FOCUSED))
    assert unseen == []
