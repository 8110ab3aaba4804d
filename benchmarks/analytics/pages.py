"""Going to each of the five pages, and changing a filter there, while events pour in."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from typing import Final

from playwright.sync_api import Page

from benchmarks.analytics import _pages
from benchmarks.browser import chromium, context, settled_panels
from benchmarks.foundation.switch import CLICK
from benchmarks.results import Result, percentile
from benchmarks.stage import ROOT, SEED, Stage
from dashboard.demo import environment

ROUNDS: Final = 12
QUICK_ROUNDS: Final = 1
SWITCH_MS: Final = 600
FILTER_MS: Final = 800
REST_MS: Final = 400
PER_S: Final = 2_000
MOST_S: Final = 900
ENDS_WITHIN_S: Final = 20
# What is changed on each page, and its values in turn: it stays chosen on the pages after it.
VALUES: Final = {
    "device": ("Mobile", "Desktop", "Tablet", "All devices"),
    "region": ("Mendoza", "Salta", "Chaco", "All regions"),
    "span": ("7d", "90d", "30d"),
}
FILTERS: Final = {
    "funnel": "device",
    "retention": "span",
    "revenue": "device",
    "regions": "device",
    "providers": "region",
}

# In the page: from the next press of a button until every panel in view and the first row have
# been told to wait or got another answer, all are drawn anew, and one more frame was painted.
CHANGE: Final = """
(names) => {
  const first = document.querySelector('.atl-first');
  const panels = names.map((n) => document.querySelector('.' + n)).filter((e) => benchInView(e));
  const hosts = [...panels.map((e) => e.querySelector('.atl')), ...(first ? [first] : [])];
  const texts = hosts.map((host) => host._text);
  const moved = new Set();
  const watch = new MutationObserver((all) => all.forEach((each) => moved.add(each.target)));
  hosts.forEach((host) => watch.observe(host, { attributeFilter: ['data-state'] }));
  const isNew = (panel) => {
    const host = panel.querySelector('.atl');
    const fig = host.querySelector('.atl-fig');
    return benchPanelDrawn(panel) && (!fig || !host._env.fig || fig.data === host._env.fig.data);
  };
  let pressed;
  addEventListener('pointerdown', () => { pressed = performance.now(); },
    { capture: true, once: true });
  const isDone = () => pressed && panels.every(isNew) && first?.dataset.state !== 'loading'
    && hosts.every((host, n) => moved.has(host) || host._text !== texts[n]);
  window.benchChange = benchUntil(isDone).then(() => {
    watch.disconnect();
    return performance.now() - pressed;
  });
}
"""


@dataclass(slots=True)
class Place:
    """A page of the five: where it is, its panels, and the filter that is changed on it."""

    name: str
    panels: list[str]
    filter: str
    values: Iterator[str]
    switches: list[float]
    changes: list[float]


def measure(stage: Stage) -> list[Result]:
    """p75 of the slowest page: of a switch to it, and of a changed filter on it."""
    rounds = QUICK_ROUNDS if stage.is_quick else ROUNDS
    with stage.connection() as connection:
        _pages.await_scores(connection)
    with chromium() as browser:
        page = context(browser).new_page()
        turns = {name: cycle(values) for name, values in VALUES.items()}
        places = [_learned(page, stage.address, name, turns) for name in _pages.NAMES]
        with _ingesting(stage) as rate:
            for number in range(rounds + 1):
                for place in places:
                    _visit(page, place, counts=number > 0)
            behind_s = _behind_s(stage)
    found: dict[str, object] = {
        **stage.size,
        "rounds": rounds,
        "events_per_s": rate,
        "rollups_behind_s": behind_s,
        "panels": {place.name: len(place.panels) for place in places},
    }
    switches, changes = (
        {place.name: each for place in places for each in [getattr(place, kind)]}
        for kind in ("switches", "changes")
    )
    return [
        _result("switch to the slowest of five pages, p75", switches, SWITCH_MS, found),
        _result("changed filter on the slowest of five pages, p75", changes, FILTER_MS, found),
    ]


def _result(
    name: str, times: dict[str, list[float]], target: float, found: dict[str, object]
) -> Result:
    own = {page: percentile(each, 0.75) for page, each in times.items()}
    every = [ms for each in times.values() for ms in each]
    context: dict[str, object] = {
        **found,
        "p75_ms": {page: round(ms) for page, ms in own.items()},
        "p50_ms": {page: round(median(each)) for page, each in times.items()},
        "p75_of_all_ms": round(percentile(every, 0.75)),
        "max_ms": round(max(every)),
    }
    return Result(name, max(own.values()), "ms", target, context=context)


def _learned(page: Page, address: str, name: str, turns: dict[str, "cycle[str]"]) -> Place:
    """Open a page once, to learn its panels."""
    page.goto(f"{address}/{name}", wait_until="commit")
    panels = settled_panels(page)
    return Place(name, panels, FILTERS[name], turns[FILTERS[name]], [], [])


def _visit(page: Page, place: Place, *, counts: bool) -> None:
    """Go there by the navigation from the page before, then change the filter."""
    took_ms = float(page.evaluate(CLICK, {"path": f"/{place.name}", "names": place.panels}))
    page.wait_for_function("() => benchAnswered()")
    page.wait_for_timeout(REST_MS)
    changed_ms = _change(page, place)
    page.wait_for_timeout(REST_MS)
    if counts:
        place.switches.append(took_ms)
        place.changes.append(changed_ms)


def _change(page: Page, place: Place) -> float:
    """Choose the filter's next value with the mouse; gives the time from the press."""
    value = next(place.values)
    within = page.locator(f".st-key-{place.filter}")
    if place.filter == "span":
        chosen = within.get_by_role("radio", name=value).or_(
            within.get_by_role("button", name=value)
        )
    else:
        within.locator("input").click()
        chosen = page.get_by_role("option", name=value, exact=True)
    chosen.wait_for()
    page.evaluate(CHANGE, place.panels)
    chosen.click()
    took_ms = float(page.evaluate("() => window.benchChange"))
    page.wait_for_function("() => benchAnswered()")
    return took_ms


@contextmanager
def _ingesting(stage: Stage) -> Iterator[dict[str, float]]:
    """Let another process write events meanwhile; its rate is in the answer after the end."""
    told = {
        "url": stage.house.postgres.url(environment.PLATFORM),
        "per_s": PER_S,
        "most_s": MOST_S,
        "seed": SEED,
    }
    rate: dict[str, float] = {}
    writer = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.analytics._ingester"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write(json.dumps(told) + "\n")
        writer.stdin.flush()
        if writer.stdout.readline().strip() != "writing":
            raise RuntimeError("The process that writes events did not begin.")
        yield rate
        said, _ = writer.communicate(timeout=ENDS_WITHIN_S)
        written, seconds = json.loads(said)
        rate.update(asked=PER_S, written=round(written / seconds), seconds=round(seconds))
    finally:
        if writer.poll() is None:
            writer.kill()
            writer.wait(ENDS_WITHIN_S)


def _behind_s(stage: Stage) -> float:
    """How old the rollups are while events still pour in."""
    with stage.connection() as connection:
        found = connection.execute(
            "select extract(epoch from now() - source_max_at)::float8 from rollup_state"
        ).fetchone()
    assert found is not None
    return round(float(found[0]), 1)
