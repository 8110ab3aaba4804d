"""How is the launch going, right now? Refreshes every 5 s."""

from dashboard.ui import charts
from dashboard.ui.charts import column
from dashboard.ui.page import page
from data import backups, health, launch, timeline, verdict

UNCHECKED = "Nothing was checked yet: the platform writes checks into system_health_status."
KINDS = {"component": "Platform", "data_store": "Data stores", "third_party": "Third parties"}
PERCENTILES = {"p50": "p50", "p95": "p95", "p99": "p99"}
LAYERS = {"l1": "L1 memory", "l2": "L2 Redis", "l3": "L3 database"}
ENDPOINTS = [
    column("route", "Route"),
    column("level", "State", kind="status"),
    column("rate", "Requests", "/s", "bar"),
    column("error_pct", "Failed", "%", "number"),
    column("p95_ms", "p95", "ms", "number"),
    column("trend", "p95 over the period", kind="spark"),
]
QUERIES = [
    column("query", "Query"),
    column("level", "State", kind="status"),
    column("p95_ms", "p95", "ms", "bar"),
    column("rate", "Calls", "/s", "number"),
    column("trend", "p95 over the period", kind="spark"),
]
UPTIME = [
    column("component", "Component", kind="word"),
    column("status", "State", kind="status"),
    column("uptime_24h_pct", "24 hours", "%", "number"),
    column("uptime_7d_pct", "7 days", "%", "number"),
    column("latency_ms", "Latency", "ms", "number"),
    column("since", "Since", kind="moment"),
]
BACKUPS = [
    column("title", "Measure"),
    column("level", "State", kind="status"),
    column("value_s", "Now", "s", "number"),
    column("objective", "Target"),
    column("objective_s", "At most", "s", "number"),
    column("last_success_at", "Last success", kind="moment"),
]

with page("Launch monitor", live=True, filters=("span", "compare")) as p:
    p.verdict(verdict.verdict)
    p.kpi("API p95", launch.api_p95, signal="api_latency_p95", good="down")
    p.kpi("Failed requests", launch.error_rate, signal="error_rate_pct", good="down")
    p.kpi("Payment webhooks", launch.webhook_success, signal="webhook_success_pct", good="up")
    p.kpi("Database p95", launch.db_p95, signal="db_query_p95", good="down")
    p.kpi("WebSockets", launch.websocket_connections, signal="websocket_connections")
    p.kpi("Memory in use", launch.memory, signal="memory_used_pct", good="down")

    p.tab("Health", marks=timeline.marks)
    p.panel(
        "Is the API fast enough?",
        launch.latency,
        draw=charts.lines(names=PERCENTILES),
        signal="api_latency_p95",
    )
    p.panel(
        "Do payment webhooks arrive?",
        launch.webhooks,
        draw=charts.lines(zero=False),
        signal="webhook_success_pct",
    )
    p.panel(
        "Is every component up?",
        health.components,
        draw=charts.status(groups=KINDS),
        hint=UNCHECKED,
        wide=True,
    )
    p.panel("Is the database fast enough?", launch.db_query_time, signal="db_query_p95")
    p.panel("How many are connected?", launch.websocket_trend, signal="websocket_connections")
    p.panel("How full is the platform?", launch.saturation, signal="memory_used_pct")
    p.panel(
        "Does the cache answer?",
        launch.cache_hits,
        draw=charts.lines(names=LAYERS, zero=False),
        signal="cache_hit_pct",
    )
    p.panel("Could we restore in time?", backups.backups, draw=charts.table(BACKUPS), wide=True)

    p.tab("API", marks=timeline.marks)
    p.panel(
        "Which route is slow?",
        launch.endpoints,
        draw=charts.table(ENDPOINTS, select="route"),
        wide=True,
    )
    p.panel(
        "Who meets the rate limiter?",
        launch.rate_limited,
        signal="rate_limited_rate",
        hint="The rate limiter rejected nothing in this period.",
    )
    p.tab("Database")
    p.panel("Which queries are slow?", launch.slow_queries, draw=charts.table(QUERIES), wide=True)
    p.tab("Payments", marks=timeline.marks)
    p.panel(
        "How fast are payment webhooks handled?",
        launch.webhook_latency,
        signal="webhook_latency_p95",
    )
    p.tab("Uptime")
    p.panel(
        "How long was each up?",
        health.components,
        draw=charts.table(UPTIME),
        hint=UNCHECKED,
        wide=True,
    )
