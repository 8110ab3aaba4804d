"""How the platform does at a moment, as its exporters would say it: the one model behind
back-filled blocks, live scraping and the samples in production_metrics.
"""

from typing import Final

import numpy as np

from dashboard.demo.platform.crowd import SURGE
from dashboard.demo.platform.geography import DEMAND, index_of
from dashboard.demo.platform.hashing import Floats
from dashboard.demo.platform.incidents import SLOW_ROUTE, SURGE_PROVINCE, total
from dashboard.demo.platform.levels_stores import add_stores
from dashboard.demo.platform.purchases import GATEWAYS
from dashboard.demo.platform.rhythm import load
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.sheet import MINUTE_S, Family, Sheet, Timing, wobble

# route, method, share of requests, median ms, share of failures
ROUTES: Final = (
    ("/api/search", "GET", 0.29, 34, 0.0012),
    ("/api/providers/:id", "GET", 0.21, 22, 0.0006),
    ("/api/availability", "GET", 0.19, 27, 0.0009),
    ("/api/bookings", "POST", 0.06, 40, 0.0014),
    ("/api/checkout", "POST", 0.05, 43, 0.0016),
    ("/api/payments/webhook", "POST", 0.04, 29, 0.0012),
    ("/api/messages", "POST", 0.11, 19, 0.0007),
    ("/api/auth/login", "POST", 0.05, 42, 0.0008),
)
HTTP_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5)
# query, share, median ms
QUERIES: Final = (
    ("search_providers", 0.30, 8.0),
    ("availability_slots", 0.27, 6.0),
    ("booking_insert", 0.10, 5.0),
    ("payment_update", 0.09, 4.0),
    ("session_touch", 0.24, 2.2),
)
QUERY_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
WEBHOOK_SHARE: Final = (0.62, 0.14, 0.15, 0.09)
WEBHOOK_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REQUESTS_PER_S: Final = 14.0  # where `load` is 1
QUERIES_PER_REQUEST: Final = 2.2
WEBHOOKS_PER_S: Final = 0.42

HTTP: Final = Family(
    "http_request_duration_seconds", "histogram", "platform", "Duration of HTTP requests"
)
QUERY: Final = Family(
    "db_query_duration_seconds", "histogram", "platform", "Duration of database queries"
)
WEBHOOKS: Final = Family("payment_webhooks_total", "counter", "platform", "Payment webhooks")
WEBHOOK_TIME: Final = Family(
    "payment_webhook_duration_seconds", "histogram", "platform", "Time to handle a payment webhook"
)
REJECTED: Final = Family(
    "rate_limiter_rejections_total", "counter", "platform", "Requests turned away"
)
CACHE: Final = Family("cache_requests_total", "counter", "platform", "Cache look-ups by layer")


def sheet(setting: Setting, at: Floats) -> Sheet:
    """Every series of the platform and its stores at the moments `at` (epoch seconds)."""
    out = Sheet(at)
    busy = busyness(setting, at)
    slow = total(setting.incidents, "latency", at)
    _add_http(out, setting, busy)
    _add_queries(out, setting, busy)
    _add_webhooks(out, setting, busy)
    _add_caches(out, setting, busy, slow)
    add_stores(out, seed=setting.seed, busy=busy, slow=slow)
    return out


def busyness(setting: Setting, at: Floats) -> Floats:
    """Traffic relative to the mean day of history, surges included."""
    share = DEMAND[index_of(SURGE_PROVINCE)] / DEMAND.sum()
    surge = total(setting.incidents, "surge", at, target=SURGE_PROVINCE)
    shaken = wobble("traffic", at, seed=setting.seed, amplitude=0.05)
    return np.asarray(load(at, launch=setting.launch) * (1 + SURGE * share * surge) * shaken)


def _add_http(out: Sheet, setting: Setting, busy: Floats) -> None:
    gateways = _gateway_trouble(setting, out.at)
    # One machine serves all routes, so they are slower and faster together.
    shared = wobble("http", out.at, seed=setting.seed, amplitude=0.09)
    for route, method, share, median_ms, failing in ROUTES:
        slow = total(setting.incidents, "latency", out.at, target=route)
        rate = REQUESTS_PER_S * share * busy * wobble(route, out.at, seed=setting.seed)
        shape = shared * wobble(route + "#", out.at, seed=setting.seed, amplitude=0.04)
        median = median_ms / 1000 * (0.94 + 0.05 * busy) * shape * (1 + 5.5 * slow)
        lost = (
            failing * wobble(route + "!", out.at, seed=setting.seed, amplitude=0.4) + 0.012 * slow
        )
        if route == "/api/payments/webhook":
            lost = lost + 0.55 * gateways
        elif route == "/api/checkout":
            lost = lost + 0.05 * gateways
        lost = np.clip(lost, 0, 0.9)
        labels = {"method": method, "route": route}
        good, bad = rate * MINUTE_S * (1 - lost), rate * MINUTE_S * lost
        out.histogram(HTTP, Timing(median, 2.8), good, HTTP_BUCKETS, **labels, status_code="200")
        out.histogram(
            HTTP, Timing(median * 1.6, 2.4), bad, HTTP_BUCKETS, **labels, status_code="500"
        )
    for route, per_s in (("/api/search", 0.010), ("/api/auth/login", 0.018)):
        noise = wobble(route + "limit", out.at, seed=setting.seed, amplitude=0.4)
        out.counter(REJECTED, per_s * MINUTE_S * busy * noise, route=route)


def _gateway_trouble(setting: Setting, at: Floats) -> Floats:
    """Share of webhooks that arrive for a gateway in trouble and fail."""
    return sum(
        (
            share * total(setting.incidents, "payments", at, target=gateway)
            for gateway, share in zip(GATEWAYS, WEBHOOK_SHARE, strict=True)
        ),
        np.zeros_like(at),
    )


def _add_queries(out: Sheet, setting: Setting, busy: Floats) -> None:
    slow = total(setting.incidents, "latency", out.at, target=SLOW_ROUTE)
    shared = wobble("queries", out.at, seed=setting.seed, amplitude=0.1)
    for query, share, median_ms in QUERIES:
        dragged = 1 + (6.5 if query == "search_providers" else 0.25) * slow
        shape = shared * wobble(query, out.at, seed=setting.seed, amplitude=0.05)
        median = median_ms / 1000 * (0.93 + 0.06 * busy) * shape * dragged
        rate = REQUESTS_PER_S * QUERIES_PER_REQUEST * share * busy
        noise = wobble(query + "#", out.at, seed=setting.seed)
        out.histogram(
            QUERY, Timing(median, 2.5), rate * MINUTE_S * noise, QUERY_BUCKETS, query=query
        )


def _add_webhooks(out: Sheet, setting: Setting, busy: Floats) -> None:
    for gateway, share in zip(GATEWAYS, WEBHOOK_SHARE, strict=True):
        down = total(setting.incidents, "payments", out.at, target=gateway)
        rate = WEBHOOKS_PER_S * share * busy * wobble(gateway, out.at, seed=setting.seed) * MINUTE_S
        healthy = 0.999 - 0.0008 * (wobble(gateway + "!", out.at, seed=setting.seed) - 1)
        ok = healthy * (1 - 0.78 * down)
        out.counter(WEBHOOKS, rate * ok, provider=gateway, result="ok")
        out.counter(WEBHOOKS, rate * (1 - ok), provider=gateway, result="failed")
        shape = wobble(gateway + "#", out.at, seed=setting.seed)
        median = (0.13 + 0.04 * len(gateway) / 10) * shape * (1 + 9 * down)
        out.histogram(WEBHOOK_TIME, Timing(median, 2.2), rate, WEBHOOK_BUCKETS, provider=gateway)


def _add_caches(out: Sheet, setting: Setting, busy: Floats, slow: Floats) -> None:
    """Three layers, each asked what the layer before it missed; a bad release starts cold."""
    asked = REQUESTS_PER_S * 3 * busy * MINUTE_S
    for layer, share in (("l1", 0.78), ("l2", 0.74), ("l3", 0.62)):
        noise = wobble(layer, out.at, seed=setting.seed, amplitude=0.008)
        hit = np.clip(share * noise - 0.28 * slow, 0, 1)
        out.counter(CACHE, asked * hit, layer=layer, result="hit")
        out.counter(CACHE, asked * (1 - hit), layer=layer, result="miss")
        asked = asked * (1 - hit)
