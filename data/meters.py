"""Meters of the read side, exposed on /metrics."""

from prometheus_client import Counter, Histogram

QUESTION_SECONDS = Histogram(
    "atalaya_question_seconds",
    "Seconds that a question's source took to answer.",
    ["name"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
QUESTION_FAILURES = Counter(
    "atalaya_question_failures_total", "Questions whose source failed.", ["name"]
)
CACHE_REQUESTS = Counter(
    "atalaya_cache_requests_total", "Look-ups of answers by cache layer.", ["layer", "result"]
)
