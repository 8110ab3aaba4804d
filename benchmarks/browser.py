"""A headless Chromium that reaches this machine only, and how to tell that a page is drawn."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ARGUMENTS: Final = (
    "--no-sandbox",  # needed as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Several tabs are measured in turn: one that waits must not be slowed down meanwhile.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
WIDTH: Final = 1440
HEIGHT: Final = 900
PATIENCE_MS: Final = 60_000

# In the page: `benchDrawn(names)` says whether all named panels are there, and those in view drawn.
# A panel is drawn when it shows what its answer holds: a plotted figure, rows, or cells.
DRAWN: Final = """
window.benchInView = (e) => {
  const r = e.getBoundingClientRect();
  return r.height > 0 && r.top < innerHeight && r.bottom > 0;
};
window.benchPanels = () => [...new Set([...document.querySelectorAll('[class*="st-key-panel-"]')]
  .map((e) => [...e.classList].find((c) => c.startsWith('st-key-panel-'))))];
window.benchInViewOf = (names) =>
  names.filter((name) => benchInView(document.querySelector('.' + name))).length;
window.benchAnswered = () => {
  const all = [...document.querySelectorAll('[class*="st-key-panel-"] .atl')];
  return all.length > 0 && all.every((e) => e.dataset.state && e.dataset.state !== 'loading');
};
window.benchPanelDrawn = (panel) => {
  const host = panel.querySelector('.atl');
  if (!host || !host.dataset.state || host.dataset.state === 'loading') return false;
  if (host.querySelector('.atl-fig')) return !!host._drawn;
  return !!host.querySelector('.atl-body:not([hidden]) > *, .atl-note:not([hidden]) > *');
};
window.benchDrawn = (names) => names.every((name) => {
  const panel = document.querySelector('.' + name);
  return panel && (!benchInView(panel) || benchPanelDrawn(panel));
});
window.benchFixedDrawn = (count) => {
  const charts = [...document.querySelectorAll('.stPlotlyChart')];
  return charts.length === count && charts.every((chart) =>
    !benchInView(chart) || chart.querySelectorAll('.scatterlayer .js-line').length > 1);
};
window.benchUntil = (isDone) => new Promise((done) => {
  const began = performance.now();
  const look = () => {
    if (isDone()) requestAnimationFrame(() => done(performance.now() - began));
    else requestAnimationFrame(look);
  };
  look();
});
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, closed at the end. Raises RuntimeError when there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise RuntimeError("Chromium is needed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def context(browser: Browser) -> BrowserContext:
    """A new viewer: empty cache, Argentine locale and time zone, a usual laptop's window."""
    made = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        locale="es-AR",
        timezone_id="America/Argentina/Buenos_Aires",
    )
    made.set_default_timeout(PATIENCE_MS)
    made.add_init_script(DRAWN)
    return made


def open_launch(page: Page, address: str) -> list[str]:
    """Open the Launch monitor and wait until it is drawn; gives the names of its panels."""
    page.goto(f"{address}/launch", wait_until="commit")
    return settled_panels(page)


def settled_panels(page: Page) -> list[str]:
    """Wait until every panel has its answer and those in view are drawn; gives their names."""
    page.wait_for_function("() => benchAnswered()")
    names: list[str] = page.evaluate("benchPanels()")
    page.wait_for_function("(names) => benchDrawn(names)", arg=names)
    return names
