"""Reads of the Launch monitor that come from the platform's metrics.

Metrics know no region, device, referral or tenant: these figures are the whole platform's, whatever
the viewer filters. Definitions, units and thresholds of the signals are in signals.toml.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

import numpy as np
from pandas import DataFrame, Series

from data.answers import KeyFigure
from data.cache import question
from data.period import Filters
from data.signal_figures import key_figure, sparks
from data.signal_queries import Moment, merged
from data.signals import Signals
from data.together import together

TTL_S: Final = 5
LONGEST_TABLE: Final = timedelta(hours=1)
_TREND_POINTS: Final = 30
_RANK: Final = ("", "warning", "critical")


@question(ttl_s=TTL_S)
def api_p95(signals: Signals, filters: Filters) -> KeyFigure:
    """95th percentile of the time all API requests took, over five minutes, at the period's end.

    Unit ms, interpolated within the histogram's buckets. Unknown without requests. Signal
    api_latency_p95.
    """
    return key_figure(signals, filters, "api_latency_p95")


@question(ttl_s=TTL_S)
def error_rate(signals: Signals, filters: Filters) -> KeyFigure:
    """Share of API requests answered with a 5xx status, over five minutes, at the period's end.

    Unit %, numerator failed requests, denominator all requests. Unknown without requests; zero when
    there were requests and none failed. Signal error_rate_pct.
    """
    return key_figure(signals, filters, "error_rate_pct")


@question(ttl_s=TTL_S)
def webhook_success(signals: Signals, filters: Filters) -> KeyFigure:
    """Share of payment webhooks handled without failure, all providers, over 15 minutes.

    Unit %, numerator succeeded, denominator received. Unknown when none arrived. Signal
    webhook_success_overall_pct.
    """
    return key_figure(signals, filters, "webhook_success_overall_pct")


@question(ttl_s=TTL_S)
def db_p95(signals: Signals, filters: Filters) -> KeyFigure:
    """95th percentile of the platform's database query time, over five minutes.

    Unit ms. Unknown without queries. Signal db_query_p95.
    """
    return key_figure(signals, filters, "db_query_p95")


@question(ttl_s=TTL_S)
def websocket_connections(signals: Signals, filters: Filters) -> KeyFigure:
    """WebSocket connections open at the period's end, all processes together.

    A count. Signal websocket_connections.
    """
    return key_figure(signals, filters, "websocket_connections")


@question(ttl_s=TTL_S)
def memory(signals: Signals, filters: Filters) -> KeyFigure:
    """Resident memory of the fullest platform process, as a share of its limit.

    Unit %. Signal memory_used_pct.
    """
    return key_figure(signals, filters, "memory_used_pct")


@question(ttl_s=TTL_S)
def latency(signals: Signals, filters: Filters) -> DataFrame:
    """How long API requests take: median, 95th and 99th percentile.

    Grain: (at, series), buckets without requests absent. Columns: at datetime UTC, series "p50",
    "p95" or "p99", value float ms over the five minutes (or the step, when longer) before `at`.
    """
    return _lines(
        signals,
        filters,
        {"api_latency_p50": "p50", "api_latency_p95": "p95", "api_latency_p99": "p99"},
    )


@question(ttl_s=TTL_S)
def endpoints(signals: Signals, filters: Filters) -> DataFrame:
    """What each API route carries and how well, over the period's last hour at the longest.

    Grain: route, busiest first. Columns: route str; rate float requests/s; error_pct float, share
    of 5xx; p95_ms float; requests float, cases behind the two (NaN where nobody counts); level str
    "", "warning" or "critical" by the thresholds of p95 and errors; trend list of p95 in ms over
    the period, None where nothing was measured. NaN is unknown.
    """
    names = {
        "request_rate": "rate",
        "error_rate_pct_by_route": "error_pct",
        "api_latency_p95_by_route": "p95_ms",
    }
    return _table(signals, filters, "route", names, trend="api_latency_p95_by_route")


@question(ttl_s=TTL_S)
def webhooks(signals: Signals, filters: Filters) -> DataFrame:
    """Share of payment webhooks that succeeded, by provider.

    Grain: (at, series), series the provider; buckets without webhooks absent. Value float % over
    the 15 minutes (or the step, when longer) before `at`. The target is 99 %.
    """
    return signals.range("webhook_success_pct", filters.period)


@question(ttl_s=TTL_S)
def webhook_latency(signals: Signals, filters: Filters) -> DataFrame:
    """95th percentile of the time that handling a payment webhook took, by provider.

    Grain: (at, series), series the provider; buckets without webhooks absent. Value float ms.
    """
    return signals.range("webhook_latency_p95", filters.period)


@question(ttl_s=TTL_S)
def db_query_time(signals: Signals, filters: Filters) -> DataFrame:
    """95th percentile of the platform's database query time.

    Grain: at (series ""), buckets without queries absent. Value float ms.
    """
    return signals.range("db_query_p95", filters.period)


@question(ttl_s=TTL_S)
def slow_queries(signals: Signals, filters: Filters) -> DataFrame:
    """The platform's database queries, slowest first, over the period's last hour at the longest.

    Grain: query. Columns: query str; rate float calls/s; p95_ms float; requests float, calls behind
    the percentile; level str by the threshold; trend list of p95 in ms over the period.
    """
    names = {"db_query_rate_by_query": "rate", "db_query_p95_by_query": "p95_ms"}
    found = _table(signals, filters, "query", names, trend="db_query_p95_by_query")
    return found.sort_values("p95_ms", ascending=False, ignore_index=True)


@question(ttl_s=TTL_S)
def websocket_trend(signals: Signals, filters: Filters) -> DataFrame:
    """WebSocket connections open at each moment, all processes together.

    Grain: at (series ""). Value float, a count.
    """
    return signals.range("websocket_connections", filters.period)


@question(ttl_s=TTL_S)
def saturation(signals: Signals, filters: Filters) -> DataFrame:
    """How full the platform is: memory, CPU and database connections, each of its limit.

    Grain: (at, series), series "Memory" (fullest process), "CPU" (of one core, busiest process) or
    "Connection pool". Value float %.
    """
    return _lines(
        signals,
        filters,
        {
            "memory_used_pct": "Memory",
            "cpu_used_pct": "CPU",
            "db_pool_used_pct": "Connection pool",
        },
    )


@question(ttl_s=TTL_S)
def cache_hits(signals: Signals, filters: Filters) -> DataFrame:
    """Share of look-ups that each cache layer answered itself.

    Grain: (at, series), series the layer (l1 memory, l2 Redis, l3 database); a layer is asked only
    what the one before it missed, and is absent where it was not asked. Value float %.
    """
    return signals.range("cache_hit_pct", filters.period)


@question(ttl_s=TTL_S)
def rate_limited(signals: Signals, filters: Filters) -> DataFrame:
    """Requests that the rate limiter turned away, by route.

    Grain: (at, series), series the route; routes that never rejected are absent. Value float, per
    second over the five minutes (or the step, when longer) before `at`.
    """
    return signals.range("rate_limited_rate", filters.period)


def _lines(signals: Signals, filters: Filters, names: Mapping[str, str]) -> DataFrame:
    """Put signals of one line each into one frame, under the names that people read."""
    lines = signals.ranges(names, filters.period)
    return merged({said: lines[name] for name, said in names.items()})


def _table(
    signals: Signals, filters: Filters, label: str, names: Mapping[str, str], *, trend: str
) -> DataFrame:
    """Lay signals by the same label side by side, the first one's largest first."""
    looked_back = min(LONGEST_TABLE, filters.period.until - filters.period.since)
    window_s = int(looked_back.total_seconds())
    step_s = filters.period.step_s(_TREND_POINTS)
    found, line = together(
        lambda: signals.readings(names, filters.now, window_s=window_s),
        lambda: signals.range(trend, filters.period, step_s=step_s),
    )
    trends = sparks(line, signals.grid(trend, filters.period, step_s=step_s))
    values = {(one.series, one.signal): one.value for one in found}
    levels, cases = _levels(signals, found), _cases(found)
    order = sorted(levels)
    columns: dict[str, object] = {label: Series(order, dtype="str")}
    for name, column in names.items():
        known = [values.get((series, name), math.nan) for series in order]
        columns[column] = Series(known, dtype="float64")
    columns["requests"] = Series([cases[series] for series in order], dtype="float64")
    columns["level"] = Series([levels[series] for series in order], dtype="str")
    columns["trend"] = Series([list(trends.get(key, ())) for key in order], dtype="object")
    largest = names[next(iter(names))]
    return DataFrame(columns).sort_values(largest, ascending=False, ignore_index=True)


def _levels(signals: Signals, found: Iterable[Moment]) -> dict[str, str]:
    """Give each series the worst level among its signals; too few cases are no judgement."""
    worst: dict[str, str] = {}
    for one in found:
        definition = signals.definition(one.signal)
        level = definition.judged(one.value, one.series, events=one.events) or ""
        worst[one.series] = max(worst.get(one.series, ""), level, key=_RANK.index)
    return worst


def _cases(found: Iterable[Moment]) -> dict[str, float]:
    """Give each series the most cases that any of its signals counts, NaN where none does."""
    most: dict[str, float] = {}
    for one in found:
        most[one.series] = float(np.fmax(most.get(one.series, math.nan), one.events))
    return most
