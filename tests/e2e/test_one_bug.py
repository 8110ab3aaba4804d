"""One question has a bug: what a viewer sees, and what only the log says."""

import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.dashboard.serving import Served
from tests.e2e.broken_question import SECRET
from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage

pytestmark = pytest.mark.browser

BROKEN = "Do payment webhooks arrive?"


@pytest.fixture
def buggy(stage: Stage) -> Iterator[Served]:
    with stage.server(module="tests.e2e.broken_question") as served:
        yield served


def test_a_bug_costs_its_own_panel_only_shows_a_reference_and_goes_when_it_is_mended(
    buggy: Served, visit: Visit
) -> None:
    screen = visit(base=buggy.base).open("/launch")
    broken = screen.panel(BROKEN)
    broken.becomes("failed")
    for panel in screen.panels():
        if panel.title != BROKEN:
            panel.becomes("ok", "empty")
    words = broken.note.inner_text()
    reference = re.search(r"\b[2-9A-Z]{8}\b", words)
    assert reference is not None, words
    screen.assert_readable()
    assert "hunter2" not in screen.page.content()
    logged = next(line for line in buggy.program.log.splitlines() if reference[0] in line)
    assert SECRET in logged, "the log says what the page does not"

    buggy.program.process.send_signal(signal.SIGUSR1)
    broken.becomes("ok")
    expect(broken.note).to_be_hidden()
