"""The stage, and a viewer in front of it: a browser that notes everything that goes wrong."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage

from tests.e2e.screen import Screen
from tests.e2e.stage import Stage, raised

LOOPBACK: Final = {"127.0.0.1", "localhost", "::1", None}

Visit = Callable[..., Screen]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with raised(tmp_path_factory.mktemp("stage")) as up:
        yield up


@contextmanager
def watched(context: BrowserContext) -> Iterator[None]:
    """Fail when a page complains in its console, or asks anything of another machine."""
    complaints: list[str] = []
    context.on("console", lambda said: complaints.extend(_complaint(said)))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    asked: set[str | None] = set()
    context.on("request", lambda request: asked.add(_host(request.url)))
    context.on("page", lambda page: page.on("websocket", lambda ws: asked.add(_host(ws.url))))
    yield
    assert not complaints, complaints
    assert asked <= LOOPBACK, asked - LOOPBACK


@pytest.fixture
def visit(browser: Browser, stage: Stage) -> Iterator[Visit]:
    """Open a fresh viewer's tab: `visit()`, or `visit(base=…, width=390, color_scheme="dark")`."""
    with ExitStack() as tabs:

        def open_tab(*, base: str = "", width: int = 1440, **options: object) -> Screen:
            context = browser.new_context(
                viewport={"width": width, "height": 1000},
                locale="es-AR",
                timezone_id="America/Argentina/Buenos_Aires",
                accept_downloads=True,
                **options,  # type: ignore[arg-type]  # any of the browser's own options
            )
            tabs.enter_context(watched(context))
            tabs.callback(context.close)
            return Screen(context.new_page(), base or stage.url)

        yield open_tab


def _complaint(said: ConsoleMessage) -> list[str]:
    url = str(said.location["url"])
    # Streamlit finds out where it is mounted by asking below the page's own address first.
    if said.type != "error" or re.search("/[a-z]+/_stcore/(health|host-config)$", url):
        return []
    return [f"{said.text} ({url})"]


def _host(url: str) -> str | None:
    return None if re.match("(data|blob|about|chrome-error):", url) else urlsplit(url).hostname
