"""200 viewers of the Launch monitor, served by one process, refreshed every 5 s, data changing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psutil

from benchmarks.crowd import Crowd
from benchmarks.results import Result, percentile
from benchmarks.stage import Stage
from benchmarks.viewer import Run

VIEWERS: Final = 200
WATCHED_S: Final = 40
QUICK_VIEWERS: Final = 8
QUICK_WATCHED_S: Final = 11
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """What the viewers saw and what it cost the server."""

    runs: list[Run]
    cpu_s: float
    seconds: float
    rss_mb: float
    context: dict[str, object]


def measure(stage: Stage) -> list[Result]:
    """p95 of a refresh, CPU per viewer-refresh, and memory of the server's process."""
    stage.restart_server()
    load = _load(stage)
    times = [run.ms for run in load.runs]
    cpu_ms = load.cpu_s * 1000 / len(load.runs)
    viewers = load.context["viewers"]
    return [
        Result(
            "refresh with 200 viewers, p95",
            percentile(times, 0.95),
            "ms",
            500,
            context=load.context,
        ),
        Result("CPU per viewer-refresh", cpu_ms, "ms", 12, context={"viewers": viewers}),
        Result("memory with 200 viewers", load.rss_mb, "MB", 500, context={"viewers": viewers}),
    ]


def _load(stage: Stage) -> Load:
    viewers = QUICK_VIEWERS if stage.is_quick else VIEWERS
    seconds = QUICK_WATCHED_S if stage.is_quick else WATCHED_S
    with Crowd(stage.address, "launch", viewers) as crowd:
        server = stage.server
        began, cpu = time.perf_counter(), _cpu_s(server)
        time.sleep(seconds)
        until, cpu = time.perf_counter(), _cpu_s(server) - cpu
        rss_mb = server.memory_info().rss / MEGABYTE
    runs = [run for run in crowd.journal.refreshes(began, until) if run.ended <= until]
    return Load(
        runs, cpu, until - began, rss_mb, {**stage.size, **_context(crowd, runs, began, until)}
    )


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _context(crowd: Crowd, runs: Sequence[Run], began: float, until: float) -> dict[str, object]:
    times = [run.ms for run in runs]
    full = [run.ms for run in crowd.journal.runs if not run.fragment]
    return {
        "viewers": crowd.size,
        "seconds": round(until - began, 1),
        "refreshes": len(runs),
        "refreshes_expected": round(crowd.size * (until - began) / 5),
        "p50_ms": percentile(times, 0.5),
        "max_ms": max(times),
        "kB_per_refresh": sum(run.received.bytes for run in runs) / len(runs) / 1000,
        "messages_per_refresh": sum(run.received.messages for run in runs) / len(runs),
        "places_changed_per_refresh": sum(run.received.changed for run in runs) / len(runs),
        "timer_ticks_while_still_running": crowd.journal.ticks_in_flight,
        "whole_page_p50_ms": percentile(full, 0.5),
        "whole_page_p95_ms": percentile(full, 0.95),
        "failures": crowd.journal.failures,
    }
