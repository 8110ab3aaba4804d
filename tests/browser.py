"""Chromium, headless: it reaches this machine only, and remembers its console's complaints."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.real import need

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    program = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass(slots=True)
class Tab:
    """A page in a fresh profile, and the errors of its console."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.location['url']}: {message.text}")

    def errors_of(self, base: str) -> list[str]:
        """Those of one server, and those of no address: a test may pass through foreign pages.

        Without those of Streamlit's search for its own root, which it begins below each page.
        """
        ours = (each for each in self.errors if each.startswith((base, ":", "blob:")))
        return [each for each in ours if "/_stcore/h" not in each.partition(" ")[0]]


@contextmanager
def tab(browser: Browser, **options: Any) -> Iterator[Tab]:  # noqa: ANN401 - Playwright's own
    context = browser.new_context(locale="es-AR", **options)
    opened = Tab(context.new_page())
    opened.page.on("console", lambda message: opened.note(message))  # noqa: PLW0108 - slots
    opened.page.on("pageerror", lambda error: opened.errors.append(f": {error}"))
    try:
        yield opened
    finally:
        context.close()
