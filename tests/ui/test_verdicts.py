"""The verdict of a page: what is not known any more is not green."""

import pytest

from dashboard.ui.theme import ICONS
from dashboard.ui.verdicts import aged

GOOD = {"tone": "ok", "icon": ICONS["ok"], "head": "All is well."}
BAD = {"tone": "critical", "icon": ICONS["critical"], "head": "The API is slow."}


def test_a_fresh_verdict_stays_as_it_is() -> None:
    assert aged(GOOD, "") == {**GOOD, "stale": ""}


def test_a_good_verdict_that_is_old_is_not_green() -> None:
    said = aged(GOOD, "Prometheus does not answer.")
    assert (said["tone"], said["icon"]) == ("unknown", ICONS["unknown"])
    assert said["stale"] == "Prometheus does not answer."


@pytest.mark.parametrize("stale", ["", "Prometheus does not answer."])
def test_a_bad_verdict_stays_bad(stale: str) -> None:
    assert aged(BAD, stale)["tone"] == "critical"
