"""A live page: what it is told at once, and that it starts again after a pause."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from tests import factories
from tests.e2e.conftest import Visit
from tests.e2e.screen import WITHIN_MS
from tests.e2e.stage import Stage

pytestmark = pytest.mark.browser

TITLE = "Queue *contact-import* <b>stalls</b>"
FORGET = text("delete from production_alerts where title = :title")
PUSHED_S = 15
ALL_OLDER = """(than) => [...document.querySelectorAll('.atl-age')]
    .every(age => Number(age.innerText.match(/([0-9]+) s ago/)?.[1]) >= than)"""


@contextmanager
def _alert(stage: Stage) -> Iterator[None]:
    with stage.database() as db:
        factories.alert(db, title=TITLE, severity="critical", started_at=datetime.now(UTC))
        try:
            yield
        finally:
            with db.write() as tx:
                tx.execute(FORGET, title=TITLE)


def test_a_new_alert_is_on_every_open_page_without_waiting_for_a_refresh(
    stage: Stage, visit: Visit
) -> None:
    screens = [visit().open("/launch"), visit().open("/")]
    for screen in screens:
        expect(screen.page.locator(".atl-alerts")).not_to_contain_text("Critical")
        screen.page.locator(".st-key-live label").first.click()  # no refresh can bring it
        expect(screen.page.get_by_role("switch")).not_to_be_checked()
        screen.settled()
        screen.page.evaluate("window.stayed = true")
    with _alert(stage):
        began = monotonic()
        for screen in screens:
            expect(screen.page.locator(".atl-alerts")).to_contain_text(
                "Critical alerts: 1", timeout=WITHIN_MS
            )
        # Half of the time after which a page would look by itself.
        assert monotonic() - began < PUSHED_S
        for screen in screens:
            toast = screen.page.locator(".atl-toast")
            expect(toast).to_contain_text(f"New alert: {TITLE}")
            expect(toast.locator("b, em")).to_have_count(0)
            assert screen.page.evaluate("window.stayed")
    for screen in screens:
        expect(screen.page.locator(".atl-alerts")).not_to_contain_text(
            "Critical", timeout=WITHIN_MS
        )


def test_a_page_that_was_paused_goes_on_when_it_is_live_again(visit: Visit) -> None:
    screen = visit().open("/launch")
    panel, switch = screen.panel("Is every component up?"), screen.page.get_by_role("switch")
    screen.page.locator(".st-key-live label").first.click()
    expect(switch).not_to_be_checked()
    # What was on its way is there: more than one refresh would have been due.
    screen.page.wait_for_function(ALL_OLDER, arg=6, timeout=WITHIN_MS)
    shown = panel.as_of
    screen.page.wait_for_function(ALL_OLDER, arg=14, timeout=WITHIN_MS)
    assert panel.as_of == shown
    screen.page.locator(".st-key-live label").first.click()
    expect(switch).to_be_checked()
    panel.moves_on()
    panel.moves_on()
