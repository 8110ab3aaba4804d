"""From COMMIT in Postgres to the new badge on open pages, while 100 viewers are connected."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final

import psycopg
from playwright.sync_api import Page

from benchmarks.browser import chromium, context, open_launch
from benchmarks.crowd import Crowd
from benchmarks.results import Result, percentile
from benchmarks.stage import Stage

VIEWERS: Final = 100
QUICK_VIEWERS: Final = 5
EVENTS: Final = 25
QUICK_EVENTS: Final = 3
APART_S: Final = 1.5
"""Longer than the server gathers events (0.5 s), so that each is sent by itself."""
SHOWN_WITHIN_MS: Final = 10_000
TARGET_MS: Final = 500

INSERT: Final = """
    insert into production_alerts
        (fingerprint, rule, title, severity, status, source, started_at, last_seen_at)
    values (%(name)s, 'benchmark', %(name)s, 'critical', 'open', 'benchmark', now(), now())
"""
CLEAN: Final = "delete from production_alerts where rule = 'benchmark'"
# Notes the moment at which the badge says something else.
WATCH: Final = """
() => {
  const said = () => document.querySelector('.atl-alerts')?.textContent;
  const before = said();
  window.benchNews = undefined;
  const observer = new MutationObserver(() => {
    if (said() !== undefined && said() !== before) {
      window.benchNews = performance.timeOrigin + performance.now();
      observer.disconnect();
    }
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""


@dataclass(slots=True)
class Seen:
    """What one series of events came to."""

    commits: list[float] = field(default_factory=list)
    """When each was committed, in perf_counter's seconds."""
    dom_ms: list[float] = field(default_factory=list)


def measure(stage: Stage) -> list[Result]:
    """p95 in a real browser, and p95 over all other viewers' event streams."""
    stage.restart_server()
    viewers = QUICK_VIEWERS if stage.is_quick else VIEWERS
    with chromium() as browser, _alerts(stage) as database:
        page = context(browser).new_page()
        open_launch(page, stage.address)
        page.wait_for_selector(".atl-alerts")
        with Crowd(stage.address, "launch", viewers) as crowd:
            _check(crowd)
            seen = _events(page, database, QUICK_EVENTS if stage.is_quick else EVENTS)
            heard = [one.at for one in crowd.heard if one.has_news]
    return _results(stage, crowd, seen, _delays(seen.commits, heard))


def _check(crowd: Crowd) -> None:
    """Make sure that every viewer can be told."""
    deaf = sum(1 for viewer in crowd.viewers if not viewer.ticket)
    if deaf:
        raise RuntimeError(f"{deaf} of {crowd.size} viewers have no ticket for the event stream")


def _events(page: Page, database: psycopg.Connection, count: int) -> Seen:
    seen = Seen()
    for number in range(count):
        page.evaluate(WATCH)
        committed, clock_ms = _commit(database, f"benchmark {number}")
        seen.commits.append(committed)
        page.wait_for_function("() => window.benchNews", timeout=SHOWN_WITHIN_MS)
        seen.dom_ms.append(float(page.evaluate("window.benchNews")) - clock_ms)
        time.sleep(max(0.0, APART_S - (time.perf_counter() - committed)))
    return seen


def _commit(database: psycopg.Connection, name: str) -> tuple[float, float]:
    """Insert an alert; gives the moment right before COMMIT, on both clocks."""
    with database.transaction():
        database.execute(INSERT, {"name": name})
        return time.perf_counter(), time.time() * 1000


@contextmanager
def _alerts(stage: Stage) -> Iterator[psycopg.Connection]:
    with stage.connection() as database:
        try:
            yield database
        finally:
            database.execute(CLEAN)


def _delays(commits: list[float], heard: list[float]) -> list[float]:
    """Ms from each commit to each event that it caused."""
    spans = pairwise([*commits, float("inf")])
    return [(at - began) * 1000 for began, until in spans for at in heard if began <= at < until]


def _results(stage: Stage, crowd: Crowd, seen: Seen, delays: list[float]) -> list[Result]:
    found = {
        **stage.size,
        "viewers": crowd.size,
        "events": len(seen.commits),
        "failures": crowd.journal.failures,
    }
    dom = {**found, "p50_ms": round(median(seen.dom_ms), 1), "max_ms": round(max(seen.dom_ms), 1)}
    others = {
        **found,
        "events_heard": len(delays),
        "events_expected": crowd.size * len(seen.commits),
        "p50_ms": round(median(delays), 1),
    }
    name = "commit to new DOM in Chromium with 100 viewers, p95"
    return [
        Result(name, percentile(seen.dom_ms, 0.95), "ms", TARGET_MS, context=dom),
        Result(
            "commit to news at each of 100 viewers, p95",
            percentile(delays, 0.95),
            "ms",
            TARGET_MS,
            context=others,
        ),
    ]
