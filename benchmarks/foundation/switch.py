"""From the Overview to the Launch monitor within the open app, beside a page of 8 fixed charts.

Both are measured in the same browser, in turn, so that whatever slows one slows the other.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import httpx
from playwright.sync_api import Browser, Page

from benchmarks.browser import chromium, context, open_launch, settled_panels
from benchmarks.results import Result, percentile
from benchmarks.stage import ROOT, Stage
from dashboard.demo.parts.ports import LOOPBACK, free_port

SWITCHES: Final = 24
QUICK_SWITCHES: Final = 3
WARM_UPS: Final = 2
CHARTS: Final = 8
REST_MS: Final = 400
READY_S: Final = 30
ENDS_WITHIN_S: Final = 20
FIXED_CHARTS: Final = Path(__file__).with_name("_fixed_charts.py")

# Clicks the link of the navigation and gives the milliseconds until `isDone` holds and is painted.
CLICK: Final = """
async ({ path, names, count }) => {
  const link = [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')]
    .find((a) => new URL(a.href).pathname === path);
  const isDone = names ? () => benchDrawn(names) : () => benchFixedDrawn(count);
  const drawn = benchUntil(() => location.pathname === path && isDone());
  link.click();
  return await drawn;
}
"""


def measure(stage: Stage) -> list[Result]:
    """p75 of our switch, and the ratio to the same switch to fixed charts."""
    with _fixed_charts() as other, chromium() as browser:
        ours, panels, in_view = _prepare_ours(browser, stage.address)
        fixed = _prepare_fixed(browser, other)
        times = _in_turn(ours, panels, fixed, QUICK_SWITCHES if stage.is_quick else SWITCHES)
    mine, theirs = (percentile(each, 0.75) for each in times)
    found = {
        **stage.size,
        "switches": len(times[0]),
        "panels": len(panels),
        "panels_in_view": in_view,
        "p50_ms": round(median(times[0]), 1),
        "max_ms": round(max(times[0]), 1),
        "fixed_charts_p50_ms": round(median(times[1]), 1),
        "fixed_charts_p75_ms": round(theirs, 1),
    }
    return [
        Result("switch to the Launch monitor, p75", mine, "ms", 500, context=found),
        Result("switch, ratio to 8 fixed charts", mine / theirs, "x", 1.0, context=found),
    ]


def _in_turn(ours: Page, panels: list[str], fixed: Page, switches: int) -> list[list[float]]:
    """Times of both kinds, the first ones left out."""
    times: list[list[float]] = [[], []]
    for number in range(WARM_UPS + switches):
        for kind, taken in enumerate((_switch_ours(ours, panels), _switch_fixed(fixed))):
            if number >= WARM_UPS:
                times[kind].append(taken)
    return times


def _prepare_ours(browser: Browser, address: str) -> tuple[Page, list[str], int]:
    """Open the Launch monitor once, to learn its panels, and go to the Overview."""
    page = context(browser).new_page()
    panels = open_launch(page, address)
    in_view = page.evaluate(
        "(names) => names.filter((n) => benchInView(document.querySelector('.' + n))).length",
        panels,
    )
    _go(page, "/")
    settled_panels(page)
    return page, panels, int(in_view)


def _prepare_fixed(browser: Browser, address: str) -> Page:
    page = context(browser).new_page()
    page.goto(address)
    page.wait_for_selector(".stMetric")
    return page


def _switch_ours(page: Page, panels: list[str]) -> float:
    page.bring_to_front()
    page.wait_for_timeout(REST_MS)
    took_ms = float(page.evaluate(CLICK, {"path": "/launch", "names": panels}))
    page.wait_for_timeout(REST_MS)
    _go(page, "/")
    settled_panels(page)
    return took_ms


def _switch_fixed(page: Page) -> float:
    page.bring_to_front()
    page.wait_for_timeout(REST_MS)
    took_ms = float(page.evaluate(CLICK, {"path": "/charts", "count": CHARTS}))
    page.wait_for_timeout(REST_MS)
    _go(page, "/")
    page.wait_for_selector(".stMetric")
    return took_ms


def _go(page: Page, path: str) -> None:
    """Follow a link of the navigation and wait until the page before has left."""
    page.evaluate(
        """(path) => [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')]
        .find((a) => new URL(a.href).pathname === path).click()""",
        path,
    )
    page.wait_for_function(
        """() => location.pathname === '/' && !document.querySelector('.stPlotlyChart')
        && !document.querySelector('[class*="st-key-panel-launch-"]')"""
    )


@contextmanager
def _fixed_charts() -> Iterator[str]:
    """Serve the page of fixed charts with the same configuration; gives its address."""
    port = free_port()
    address = f"http://{LOOPBACK}:{port}"
    serve = [sys.executable, "-m", "streamlit", "run", str(FIXED_CHARTS)]
    where = [f"--server.port={port}", f"--server.address={LOOPBACK}"]
    server = subprocess.Popen([*serve, *where], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _await_health(server, address)
        yield address
    finally:
        server.terminate()
        server.wait(ENDS_WITHIN_S)


def _await_health(server: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{address}/_stcore/health", timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"the page of fixed charts did not start within {READY_S} s")
