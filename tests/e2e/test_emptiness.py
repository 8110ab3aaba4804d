"""A platform on its first day: all tables are there, and nothing is in them."""

from collections.abc import Collection, Iterator

import pytest
from playwright.sync_api import expect

from data import migrations
from data.database import Database
from tests import factories
from tests.dashboard.serving import Served, serving
from tests.e2e.conftest import Visit
from tests.e2e.screen import Screen
from tests.e2e.stage import Stage

pytestmark = pytest.mark.browser

NAME = "first_day"
OBJECTIVES = "Could we restore in time?"
COUNTED = (
    "Are bookings on their usual course?",
    "Is revenue on its usual course?",
    "What is alerting?",
)


@pytest.fixture(scope="module")
def new(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on an empty database, without Prometheus and Redis; somebody must look, though."""
    url = stage.postgres.create(NAME)
    migrations.upgrade(url)
    database = Database(url, pool_size=1)
    factories.member(database, role="owner", name="Ana Paz")
    database.dispose()
    with serving(tmp_path_factory.mktemp("first_day"), database_url=url) as served:
        yield served


def _assert_says_why(screen: Screen, *, counted: Collection[str] = ()) -> None:
    """Each panel is empty and says so in a sentence; a count of nothing is a true zero."""
    panels = screen.panels()
    assert panels
    for panel in panels:
        panel.becomes("ok" if panel.title in counted else "empty")
        if panel.title not in counted:
            assert len(panel.note.inner_text().split()) >= 6, panel.title
    screen.assert_readable()


def test_every_panel_of_an_empty_launch_monitor_says_why_it_is_empty_and_what_to_do(
    new: Served, visit: Visit
) -> None:
    screen = visit(base=new.base).open("/launch")
    tabs = screen.page.get_by_role("tab").all_inner_texts()
    assert tabs
    for name in tabs:
        screen.page.get_by_role("tab", name=name).click()
        expect(screen.page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        _assert_says_why(screen.settled(), counted=(OBJECTIVES,))
    for row in screen.panel(OBJECTIVES).body.locator("tbody tr").all():
        expect(row).to_contain_text("Unknown")
    screen.page.get_by_role("tab", name=tabs[0]).click()
    expect(screen.panel("Is the API fast enough?").note).to_contain_text("doctor says why")
    expect(screen.page.locator(".atl-verdict")).to_contain_text("nobody knows")
    expect(screen.figure("API p95").locator(".atl-number")).to_have_text("–")  # noqa: RUF001 - the sign for unknown


def test_an_empty_overview_counts_what_is_known_and_calls_nothing_green(
    new: Served, visit: Visit
) -> None:
    screen = visit(base=new.base).open("/")
    _assert_says_why(screen, counted=COUNTED)
    expect(screen.figure("Bookings today").locator(".atl-number")).to_have_text("0")
    expect(screen.figure("Conversion today").locator(".atl-number")).to_have_text("–")  # noqa: RUF001 - the sign for unknown
    assert "Operational" not in screen.text()
