"""A source goes away under an open page, and comes back: what a viewer sees meanwhile."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.fault_proxy import Mode
from tests.e2e.screen import CLOCK, WITHIN_MS, Screen
from tests.e2e.stage import Stage

pytestmark = pytest.mark.browser

FROM_PROMETHEUS = "Is the API fast enough?"
FROM_POSTGRES = "Is every component up?"
WAYS_TO_FAIL: Final[Mapping[Mode, str]] = {
    "refuse": "Prometheus does not answer.",
    "500": "Prometheus answered with status 500.",
    "garbage": "Prometheus sent something that is not a Prometheus answer.",
    "hang": "Prometheus took longer than 4 s.",
}
STAYED = "window.stayed"


@pytest.fixture
def whole(stage: Stage) -> Iterator[Stage]:
    """The stage, whole again at the end however the test ends."""
    try:
        yield stage
    finally:
        stage.restore()


def _open(visit: Visit, path: str = "/launch", **params: str) -> Screen:
    """Open a page whose sources all answer, and mark the tab: a reload would lose the mark."""
    screen = visit().open(path, **params)
    for panel in screen.panels():
        panel.becomes("ok", "empty")
    screen.page.evaluate(f"{STAYED} = true")
    return screen


def _assert_stands(screen: Screen) -> None:
    """Neither reloaded nor in pieces, and nothing on it is for programmers."""
    assert screen.page.evaluate(STAYED), "the page was reloaded"
    assert screen.page.get_by_role("heading", name="Something went wrong").count() == 0
    expect(screen.page.locator('[data-testid="stException"]')).to_have_count(0)
    screen.assert_readable()


def test_a_prometheus_that_fails_makes_its_own_panels_stale_and_no_other(
    whole: Stage, visit: Visit
) -> None:
    screen = _open(visit)
    broken, other = screen.panel(FROM_PROMETHEUS), screen.panel(FROM_POSTGRES)
    figure = screen.figure("API p95")
    for mode, reason in WAYS_TO_FAIL.items():
        whole.signals.become(mode)
        broken.is_stale_because(reason)
        expect(figure).to_contain_text(reason, timeout=WITHIN_MS)
        expect(figure).to_have_attribute("data-state", "stale")
        expect(broken.body.locator(".js-plotly-plot")).to_be_visible()
        other.moves_on()
        expect(other.badge).to_be_hidden()
        _assert_stands(screen)
    whole.signals.become("pass")
    broken.becomes("ok")
    expect(broken.badge).to_be_hidden()
    expect(figure).to_have_attribute("data-state", "ok", timeout=WITHIN_MS)
    _assert_stands(screen)


def test_who_comes_while_prometheus_is_gone_reads_since_when_and_sees_it_return(
    whole: Stage, visit: Visit
) -> None:
    whole.signals.become("refuse")
    screen = visit().open("/launch", span="15m")  # nobody has asked for this period before
    screen.page.evaluate(f"{STAYED} = true")
    missing = screen.panel(FROM_PROMETHEUS)
    missing.becomes("down")
    expect(missing.note).to_contain_text("Prometheus does not answer.")
    expect(missing.note).to_contain_text(re.compile(f"Missing since {CLOCK}"))
    expect(screen.figure("API p95")).to_contain_text("Prometheus does not answer.")
    screen.panel(FROM_POSTGRES).becomes("ok")
    _assert_stands(screen)
    whole.signals.become("pass")
    missing.becomes("ok")
    expect(missing.note).to_be_hidden()
    _assert_stands(screen)


def test_postgres_stops_and_starts_under_open_pages_that_can_be_used_meanwhile(
    whole: Stage, visit: Visit
) -> None:
    launch, overview = _open(visit), _open(visit, "/")
    whole.postgres.stop()
    for panel in (launch.panel(FROM_POSTGRES), *overview.panels()):
        panel.is_stale_because("Postgres does not answer.")
    launch.panel(FROM_PROMETHEUS).moves_on()
    for screen in (launch, overview):
        _assert_stands(screen)
    overview.follow("Launch monitor")
    overview.panel(FROM_PROMETHEUS).becomes("ok")
    overview.panel(FROM_POSTGRES).is_stale_because("Postgres does not answer.")
    overview.follow("Overview")
    expect(overview.page.locator(".atl-alerts")).to_have_text(re.compile("Alerts cannot be read"))
    whole.postgres.start()
    launch.panel(FROM_POSTGRES).becomes("ok")
    for panel in overview.settled().panels():
        panel.becomes("ok", "empty")
        expect(panel.badge).to_be_hidden(timeout=WITHIN_MS)
    for screen in (launch, overview):
        _assert_stands(screen)


def test_without_redis_every_panel_keeps_its_pace(whole: Stage, visit: Visit) -> None:
    screen = _open(visit)
    whole.redis.stop()
    for title in (FROM_POSTGRES, FROM_PROMETHEUS):
        screen.panel(title).moves_on()
    expect(screen.page.locator(".atl-badge:visible")).to_have_count(0)
    _assert_stands(screen)
