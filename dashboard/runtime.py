"""What this process works with, built once when first asked for and shared by all its threads."""

import threading
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from redis import Redis

from dashboard.settings import Settings, load
from data.cache import AnswerCache
from data.database import Database
from data.layers import connect
from data.prometheus import Prometheus
from data.signal_definitions import load_definitions
from data.signals import Signals
from data.sources import Sources


@dataclass(frozen=True, slots=True)
class Runtime:
    """One process: its settings, what questions read from, and what actions write to."""

    settings: Settings
    sources: Sources
    redis: Redis | None

    @property
    def db(self) -> Database:
        """The database: questions read through it, actions write through it."""
        return self.sources.db

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return self.sources.zone

    def close(self) -> None:
        """Give all connections back."""
        self.db.dispose()
        if self.redis is not None:
            self.redis.close()


class _Process:
    """The one Runtime of this process, and the lock under which it is made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.runtime: Runtime | None = None


_process: Final = _Process()


def runtime() -> Runtime:
    """The process's Runtime. Connects to nothing by itself. Raises SettingsInvalid."""
    found = _process.runtime
    if found is not None:
        return found
    with _process.lock:
        if _process.runtime is None:
            _process.runtime = build(load())
        return _process.runtime


def configure(settings: Settings) -> Runtime:
    """Use these settings from now on; what was built from others is closed."""
    with _process.lock:
        former, _process.runtime = _process.runtime, build(settings)
        if former is not None:
            former.close()
        return _process.runtime


def close() -> None:
    """Give all connections back; the next `runtime()` reads the settings anew."""
    with _process.lock:
        former, _process.runtime = _process.runtime, None
        if former is not None:
            former.close()


def build(settings: Settings) -> Runtime:
    """A Runtime from settings."""
    db = database(settings)
    redis = redis_client(settings)
    sources = Sources(
        db=db,
        signals=signals(settings, db),
        cache=AnswerCache(redis),
        zone=settings.zone,
    )
    return Runtime(settings=settings, sources=sources, redis=redis)


def database(settings: Settings) -> Database:
    """The database of some settings."""
    read_url = settings.database_read_url
    return Database(
        settings.database_url.get_secret_value(),
        read_url=read_url.get_secret_value() if read_url else None,
        statement_timeout_ms=settings.statement_timeout_ms,
        max_rows=settings.max_rows,
        pool_size=settings.database_pool_size,
    )


def redis_client(settings: Settings) -> Redis | None:
    """A client that gives up quickly: a cache that is awaited is no cache. None: not configured."""
    if settings.redis_url is None:
        return None
    return connect(settings.redis_url.get_secret_value())


def signals(settings: Settings, db: Database) -> Signals:
    """The signals of some settings, asked of Prometheus when it is configured."""
    return Signals(load_definitions(settings.signals_file), db=db, prometheus=prometheus(settings))


def prometheus(settings: Settings) -> Prometheus | None:
    """The Prometheus of some settings; None: not configured."""
    if settings.prometheus_url is None:
        return None
    token = settings.prometheus_token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else None
    return Prometheus(settings.prometheus_url, headers=headers)
