"""The address is the view: what it keeps, and what it refuses to be."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.screen import Screen

pytestmark = pytest.mark.browser

SQL = "1h'; drop table sessions; --"
HTML = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
LONG = "á" * 1_700  # 10 kB as it travels
NONSENSE = "\u202e\ufffd?%00\\../../etc/passwd{{7*7}}"
MEANINGLESS = (SQL, HTML, LONG, NONSENSE)
LAUNCH = ("span", "compare", "tab")
OVERVIEW = ("compare", "region", "device", "referral", "tenant")


def _chosen(screen: Screen) -> dict[str, str]:
    """What the filters say, as a viewer reads them."""
    page = screen.page
    choices = page.locator('.st-key-page-bar input[role="combobox"]')
    found = {str(each.get_attribute("aria-label")): each.input_value() for each in choices.all()}
    spans = page.locator('.st-key-page-bar [role="radio"][aria-checked="true"]')
    tabs = page.locator('[role="tab"][aria-selected="true"]')
    return found | {
        "span": "".join(spans.all_inner_texts()),
        "tab": "".join(tabs.all_inner_texts()),
    }


@pytest.mark.parametrize(("path", "names"), [("/launch", LAUNCH), ("/", OVERVIEW)])
def test_a_value_that_means_nothing_changes_nothing(
    visit: Visit, path: str, names: tuple[str, ...]
) -> None:
    screen = visit().open(path)
    # The tenant is a choice as soon as the tenants are known.
    usual, titles = {"Tenant": "All tenants"} | _chosen(screen), screen.titles()
    for value in MEANINGLESS:
        screen.open(path, **dict.fromkeys(names, value))
        assert _chosen(screen).items() <= usual.items()
        assert screen.titles() == titles
        for panel in screen.panels():
            panel.becomes("ok", "empty")
        screen.assert_readable()
        assert value[:20] not in screen.text()
        assert screen.page.evaluate("window.hacked") is None


def test_reload_and_a_pasted_link_give_the_same_view(visit: Visit) -> None:
    screen = visit().open("/launch")
    page = screen.page
    page.get_by_role("radio", name="6h").click()
    page.get_by_role("combobox", name="Compare").click()
    page.get_by_role("option", name="vs yesterday").click()
    page.get_by_role("tab", name="API").click()
    expect(page).to_have_url(re.compile("span=6h.*tab=API"))
    wanted, titles = _chosen(screen.settled()), screen.titles()
    assert wanted == {"Compare": "vs yesterday", "span": "6h", "tab": "API"}
    page.reload()
    assert (_chosen(screen.settled()), screen.titles()) == (wanted, titles)
    pasted = visit()
    pasted.page.goto(page.url)
    assert (_chosen(pasted.settled()), pasted.titles()) == (wanted, titles)


def test_the_way_back_from_another_page_leads_to_the_same_view(visit: Visit) -> None:
    screen = visit().open("/launch", span="6h", tab="API")
    wanted = _chosen(screen)
    screen.follow("Overview").page.go_back()
    expect(screen.page.get_by_role("heading", name="Launch monitor")).to_be_visible()
    expect(screen.page).to_have_url(re.compile("span=6h.*tab=API"))
    assert _chosen(screen.settled()) == wanted
