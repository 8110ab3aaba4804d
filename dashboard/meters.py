"""Meters of the shell, exposed on /metrics with those of data and services."""

from prometheus_client import Counter, Gauge, Histogram

PAGE_SECONDS = Histogram(
    "atalaya_page_render_seconds",
    "Seconds that a page's script took, from the first line to its last element.",
    ["page"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
PAGE_ERRORS = Counter("atalaya_page_errors_total", "Pages and callbacks that raised.")
SESSIONS = Gauge("atalaya_sessions", "Browser tabs that are connected.")
STREAMS = Gauge("atalaya_event_streams", "Open streams of /api/events.")
REFRESHER_LAG = Gauge(
    "atalaya_refresher_lag_seconds", "How late the live panels' refresher is with its latest round."
)
ROLLUPS_AGE = Gauge(
    "atalaya_rollups_age_seconds",
    "Seconds since the worker last refreshed the rollups; NaN when that is not known.",
)
ROLLUPS_SET_ASIDE = Gauge(
    "atalaya_rollups_events_set_aside",
    "Events that no rollup contains: impossible times, late ones of endless sessions.",
)
SIGN_INS = Counter("atalaya_sign_ins_total", "Sessions by what came of their sign-in.", ["result"])
EVENTS = Counter("atalaya_push_events_total", "Notifications heard from Postgres.")
