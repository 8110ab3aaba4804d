"""Redis, Prometheus and the signals, as the doctor sees them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import requests
from redis import AuthenticationError, Redis, RedisError, ResponseError

from dashboard import runtime
from dashboard.doctor.clocks import skew
from dashboard.doctor.finding import fault, fine, note
from dashboard.settings import Settings
from data.errors import SourceDown
from data.prometheus import QueryRefused
from data.readiness import Finding
from data.signals import Signals

CLOCK_S: Final = 4


def redis(client: Redis | None) -> Iterator[Finding]:
    """Whether Redis answers, and its clock."""
    if client is None:
        shown = "Redis is not configured: answers are cached in memory only, queues are not seen."
        yield note("redis", shown, "Set ATALAYA_REDIS_URL to the Redis of the platform's queues.")
        return
    try:
        version = client.info("server")["redis_version"]
        before = datetime.now(UTC)
        seconds, microseconds = client.time()
    except (AuthenticationError, ResponseError):
        shown = "Redis does not accept our credentials."
        yield fault("redis", shown, "Check user and password in ATALAYA_REDIS_URL.")
        return
    except (RedisError, OSError):
        remedy = "Start it, or correct host and port in ATALAYA_REDIS_URL, or unset it."
        yield fault("redis", "Redis does not answer.", remedy)
        return
    yield fine("redis", f"Redis answers, version {version}.")
    clock = datetime.fromtimestamp(int(seconds) + int(microseconds) / 1e6, UTC)
    yield skew("Redis", clock, before=before, after=datetime.now(UTC))


def prometheus(settings: Settings) -> Iterator[Finding]:
    """Whether Prometheus answers, and its clock."""
    server = runtime.prometheus(settings)
    if server is None:
        shown = "Prometheus is not configured: signals come from the table production_metrics."
        remedy = "Set ATALAYA_PROMETHEUS_URL to see the platform's own metrics."
        yield note("prometheus", shown, remedy)
        return
    try:
        server.ping()
    except SourceDown as down:
        remedy = "Start it, or correct ATALAYA_PROMETHEUS_URL and ATALAYA_PROMETHEUS_TOKEN."
        yield fault("prometheus", str(down), remedy)
        return
    yield fine("prometheus", "Prometheus answers.")
    yield from _clock_of_prometheus(settings)


def _clock_of_prometheus(settings: Settings) -> Iterator[Finding]:
    # Asked without a moment, `time()` is the server's own; our client always names a moment.
    token = settings.prometheus_token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    address = f"{settings.prometheus_url}/api/v1/query"
    before = datetime.now(UTC)
    try:
        found = requests.get(address, {"query": "time()"}, headers=headers, timeout=CLOCK_S)
        seconds = float(found.json()["data"]["result"][1])
    except (requests.RequestException, ValueError, LookupError, TypeError):
        yield note("clock", "The clock of Prometheus could not be read.", "Run doctor again.")
        return
    clock = datetime.fromtimestamp(seconds, UTC)
    yield skew("Prometheus", clock, before=before, after=datetime.now(UTC))


def signals(asked: Signals) -> Iterator[Finding]:
    """Which signals have a value now, which have none, and which queries are wrong."""
    now = datetime.now(UTC)
    down: dict[str, int] = {}
    known = 0
    for name in asked.names():
        source = _source(asked, name)
        try:
            if source in down:  # each would take its time to fail in the same way
                down[source] += 1
            elif asked.now(name, now).empty:
                yield _empty(asked, name)
            else:
                known += 1
        except QueryRefused:
            shown = f"Prometheus does not accept the query of the signal {name}."
            yield fault("signal", shown, f"Correct [signals.{name}] in your signals.toml.")
        except SourceDown:
            down[source] = 1
    for source, count in down.items():
        shown = f"{source} gives none of its {count} signals."
        yield note("signal", shown, f"See what is said about {source} above.")
    if known:
        yield fine("signal", f"{known} of {len(asked.names())} signals have a value now.")


def _source(asked: Signals, name: str) -> str:
    by_query = asked.configured and asked.definition(name).promql is not None
    return "Prometheus" if by_query else "Postgres"


def _empty(asked: Signals, name: str) -> Finding:
    signal = asked.definition(name)
    if _source(asked, name) == "Prometheus":
        needs = ", ".join(signal.needs) or "the metrics in its query"
        remedy = (
            f"See that Prometheus scrapes {needs}, or name your exporter's metrics in "
            f"[signals.{name}] of ATALAYA_SIGNALS_FILE."
        )
    else:
        source = "the tables of its statement" if signal.sql else "production_metrics"
        remedy = f"See that the platform writes {source}."
    return note("signal", f"The signal {name} has no value now.", remedy)
