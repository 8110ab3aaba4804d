"""Samples of the signals for production_metrics: the model, read as the default queries read it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import psycopg

from dashboard.demo.platform.copying import Words, copy_rows
from dashboard.demo.platform.hashing import Floats
from dashboard.demo.platform.levels import sheet
from dashboard.demo.platform.levels_stores import GIGA, POOL
from dashboard.demo.platform.rhythm import DAY_S, epoch
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.sheet import MINUTE_S, Sheet
from dashboard.demo.platform.tables import instants

FINE_S: Final = 60  # for the last two days
COARSE_S: Final = 900  # before
FINE_FOR: Final = timedelta(hours=48)

Series = Mapping[str, Floats]


def signals(lines: Sheet) -> Iterator[tuple[str, str | None, Series]]:
    """(signal, label that tells its series apart, values by series)."""
    yield from _requests(lines)
    yield from _queries(lines)
    yield from _webhooks(lines)
    yield from _caches(lines)
    yield from _gauges(lines)


def _quantile(lines: Sheet, family: str, q: float, by: str | None = None) -> Series:
    """Milliseconds, interpolated inside the bucket as histogram_quantile does."""
    edges = list(lines.sum_by(f"{family}_bucket", "le"))
    columns = [lines.sum_by(f"{family}_bucket", by, le=edge) for edge in edges]
    upper = np.array([float(edge.replace("+Inf", "inf")) for edge in edges])
    return {
        key: _interpolated(np.stack([column[key] for column in columns]), upper, q) * 1000
        for key in columns[0]
    }


def _interpolated(counts: Floats, upper: Floats, q: float) -> Floats:
    wanted = q * counts[-1]
    position = (counts < wanted).sum(axis=0).clip(0, len(upper) - 1)
    here = np.arange(counts.shape[1])
    below = np.where(position > 0, counts[position - 1, here], 0.0)
    lower = np.where(position > 0, upper[position - 1], 0.0)
    width = np.where(np.isinf(upper[position]), 0.0, upper[position] - lower)
    return np.asarray(lower + width * (wanted - below) / (counts[position, here] - below))


def _requests(lines: Sheet) -> Iterator[tuple[str, str | None, Series]]:
    name = "http_request_duration_seconds"
    for percent in (50, 95, 99):
        yield f"api_latency_p{percent}", None, _quantile(lines, name, percent / 100)
    yield "api_latency_p95_by_route", "route", _quantile(lines, name, 0.95, "route")
    everything = lines.sum_by(f"{name}_count", "route")
    lost = lines.sum_by(f"{name}_count", "route", status_code="500")
    yield "request_rate", "route", {k: v / MINUTE_S for k, v in everything.items()}
    whole, failed = sum(everything.values()), sum(lost.values())
    yield "error_rate_pct", None, {"": np.asarray(100 * failed / whole)}
    yield "error_rate_pct_by_route", "route", {k: 100 * lost[k] / everything[k] for k in everything}
    turned_away = lines.sum_by("rate_limiter_rejections_total", "route")
    yield "rate_limited_rate", "route", {k: v / MINUTE_S for k, v in turned_away.items()}


def _queries(lines: Sheet) -> Iterator[tuple[str, str | None, Series]]:
    name = "db_query_duration_seconds"
    yield "db_query_p95", None, _quantile(lines, name, 0.95)
    yield "db_query_p95_by_query", "query", _quantile(lines, name, 0.95, "query")
    count = lines.sum_by(f"{name}_count", "query")
    yield "db_query_rate_by_query", "query", {k: v / MINUTE_S for k, v in count.items()}


def _webhooks(lines: Sheet) -> Iterator[tuple[str, str | None, Series]]:
    ok = lines.sum_by("payment_webhooks_total", "provider", result="ok")
    everything = lines.sum_by("payment_webhooks_total", "provider")
    yield "webhook_success_pct", "provider", {k: 100 * ok[k] / everything[k] for k in ok}
    overall = 100 * sum(ok.values()) / sum(everything.values())
    yield "webhook_success_overall_pct", None, {"": np.asarray(overall)}
    family = "payment_webhook_duration_seconds"
    yield "webhook_latency_p95", "provider", _quantile(lines, family, 0.95, "provider")


def _caches(lines: Sheet) -> Iterator[tuple[str, str | None, Series]]:
    hit = lines.sum_by("cache_requests_total", "layer", result="hit")
    asked = lines.sum_by("cache_requests_total", "layer")
    yield "cache_hit_pct", "layer", {k: 100 * hit[k] / asked[k] for k in hit}
    yield "cache_hit_overall_pct", None, {"": np.asarray(100 * sum(hit.values()) / asked["l1"])}


def _gauges(lines: Sheet) -> Iterator[tuple[str, str | None, Series]]:
    used = lines.sum_by("db_pool_connections", state="used")[""]
    yield "db_pool_used_pct", None, {"": 100 * used / POOL}
    memory = lines.sum_by("process_resident_memory_bytes")[""]
    yield "memory_used_pct", None, {"": 100 * memory / GIGA}
    cpu = lines.sum_by("process_cpu_seconds_total")[""]
    yield "cpu_used_pct", None, {"": 100 * cpu / MINUTE_S}
    newest = lines.sum_by("backup_last_success_timestamp_seconds", "kind")
    yield "backup_age_s", "kind", {k: lines.at - v for k, v in newest.items()}
    for signal, metric in (
        ("websocket_connections", "websocket_connections"),
        ("redis_memory_bytes", "redis_memory_used_bytes"),
        ("postgres_up", "pg_up"),
        ("redis_up", "redis_up"),
        ("replication_lag_s", "pg_replication_lag_seconds"),
        ("backup_restore_s", "backup_restore_duration_seconds"),
    ):
        yield signal, None, lines.sum_by(metric)


def write_samples(connection: psycopg.Connection, setting: Setting, *, until: datetime) -> None:
    """History of all signals: coarse at first, fine for the last two days."""
    fine_from = epoch(until - FINE_FOR) // COARSE_S * COARSE_S
    coarse = np.arange(epoch(setting.launch), fine_from, COARSE_S)
    for begin in range(0, len(coarse), DAY_S // COARSE_S * 10):
        write_moments(connection, setting, coarse[begin : begin + DAY_S // COARSE_S * 10])
    write_moments(connection, setting, np.arange(fine_from, epoch(until), FINE_S))


def write_moments(connection: psycopg.Connection, setting: Setting, at: Floats) -> None:
    """One sample of every series at each of the moments, in time order."""
    found = [
        (signal, {label: key} if label else {}, values)
        for signal, label, by_series in signals(sheet(setting, at))
        for key, values in by_series.items()
    ]
    names = [signal for signal, _, _ in found]
    labels = [json.dumps(label) for _, label, _ in found]
    which = np.tile(np.arange(len(found)), len(at))
    copy_rows(
        connection,
        "production_metrics",
        {
            "name": Words(*_indexed(names, which)),
            "labels": Words(*_indexed(labels, which), json=True),
            "value": np.round(np.stack([values for *_, values in found], axis=1), 4).reshape(-1),
            "recorded_at": instants(np.repeat(at, len(found))),
        },
    )


def _indexed(words: Sequence[str], which: np.ndarray) -> tuple[np.ndarray, list[str]]:
    distinct = list(dict.fromkeys(words))
    positions = np.array([distinct.index(word) for word in words])
    return positions[which], distinct
