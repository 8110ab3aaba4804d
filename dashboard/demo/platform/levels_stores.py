"""The process, the pool, backups, Postgres and Redis, as their exporters would say it."""

from typing import Final

import numpy as np

from dashboard.demo.platform.hashing import Floats
from dashboard.demo.platform.rhythm import DAY_S
from dashboard.demo.platform.sheet import MINUTE_S, Family, Sheet, wobble

GIGA: Final = 1_073_741_824
POOL: Final = 40
BACKUP_AT_S: Final = 6 * 3600 + 600  # 03:10 local
WAL_EVERY_S: Final = 45

SOCKETS: Final = Family("websocket_connections", "gauge", "platform", "Live connections")
MEMORY: Final = Family("process_resident_memory_bytes", "gauge", "platform", "Resident memory")
LIMIT: Final = Family("memory_limit_bytes", "gauge", "platform", "Memory the process may use")
CPU: Final = Family("process_cpu_seconds_total", "counter", "platform", "CPU seconds used")
HEAP: Final = Family("nodejs_heap_size_total_bytes", "gauge", "platform", "Heap of Node")
HEAP_USED: Final = Family("nodejs_heap_size_used_bytes", "gauge", "platform", "Heap in use")
LAG: Final = Family("nodejs_eventloop_lag_p99_seconds", "gauge", "platform", "Event loop lag, p99")
POOL_USE: Final = Family("db_pool_connections", "gauge", "platform", "Pool connections by state")
POOL_SIZE: Final = Family("db_pool_size", "gauge", "platform", "Most connections of the pool")
BACKUP: Final = Family(
    "backup_last_success_timestamp_seconds", "gauge", "platform", "Newest backup that succeeded"
)
RESTORE: Final = Family(
    "backup_restore_duration_seconds", "gauge", "platform", "Duration of the last restore test"
)
PG_UP: Final = Family("pg_up", "gauge", "postgres", "Whether Postgres answers")
PG_ACTIVITY: Final = Family("pg_stat_activity_count", "gauge", "postgres", "Connections by state")
PG_MAX: Final = Family("pg_settings_max_connections", "gauge", "postgres", "Connection limit")
# postgres_exporter calls this a counter without giving it the suffix.
PG_COMMITS: Final = Family("pg_stat_database_xact_commit", "counter", "postgres", "Commits")
PG_LAG: Final = Family("pg_replication_lag_seconds", "gauge", "postgres", "Lag of the replica")
REDIS_UP: Final = Family("redis_up", "gauge", "redis", "Whether Redis answers")
REDIS_HITS: Final = Family("redis_keyspace_hits_total", "counter", "redis", "Keys found")
REDIS_MISSES: Final = Family("redis_keyspace_misses_total", "counter", "redis", "Keys not found")
REDIS_MEMORY: Final = Family("redis_memory_used_bytes", "gauge", "redis", "Memory in use")
REDIS_CLIENTS: Final = Family("redis_connected_clients", "gauge", "redis", "Connected clients")


def add_stores(out: Sheet, *, seed: int, busy: Floats, slow: Floats) -> None:
    """Everything that is not a request."""
    _add_process(out, seed=seed, busy=busy, slow=slow)
    _add_backups(out, seed=seed)
    _add_postgres(out, seed=seed, busy=busy)
    _add_redis(out, seed=seed, busy=busy)


def _add_process(out: Sheet, *, seed: int, busy: Floats, slow: Floats) -> None:
    def noise(key: str, amplitude: float = 0.04) -> Floats:
        return wobble(key, out.at, seed=seed, amplitude=amplitude)

    out.gauge(SOCKETS, np.round(150 * busy**0.85 * noise("sockets")))
    # Garbage collection: memory climbs for some hours and falls back.
    climb = out.at % 21_600 / 21_600
    used = GIGA * (0.44 + 0.09 * climb + 0.025 * busy + 0.06 * slow) * noise("memory", 0.01)
    out.gauge(MEMORY, np.round(used))
    out.gauge(LIMIT, np.asarray(float(GIGA)))
    out.gauge(HEAP, np.round(used * 0.78))
    out.gauge(HEAP_USED, np.round(used * 0.78 * 0.82 * noise("heap")))
    out.counter(CPU, MINUTE_S * (0.10 + 0.10 * busy + 0.22 * slow) * noise("cpu"))
    out.gauge(LAG, 0.011 * (1 + 0.25 * busy + 9 * slow) * noise("lag", 0.1))
    taken = np.clip(np.round((5 + 5.2 * busy + 15 * slow) * noise("pool", 0.08)), 1, POOL)
    out.gauge(POOL_USE, taken, state="used")
    out.gauge(POOL_USE, np.minimum(POOL - taken, 10.0), state="idle")
    out.gauge(POOL_SIZE, np.asarray(float(POOL)))


def _add_backups(out: Sheet, *, seed: int) -> None:
    full = np.floor((out.at - BACKUP_AT_S) / DAY_S) * DAY_S + BACKUP_AT_S
    out.gauge(BACKUP, full, kind="full")
    out.gauge(BACKUP, np.floor(out.at / WAL_EVERY_S) * WAL_EVERY_S - 6, kind="wal")
    week = np.floor(out.at / (7 * DAY_S)) * 7 * DAY_S
    out.gauge(RESTORE, np.round(560 * wobble("restore", week, seed=seed, amplitude=0.05)))


def _add_postgres(out: Sheet, *, seed: int, busy: Floats) -> None:
    out.gauge(PG_UP, np.asarray(1.0))
    active = np.round(4 + 4 * busy * wobble("active", out.at, seed=seed, amplitude=0.1))
    out.gauge(PG_ACTIVITY, active, state="active")
    out.gauge(PG_ACTIVITY, np.asarray(22.0), state="idle")
    out.gauge(PG_MAX, np.asarray(200.0))
    commits = 34 * MINUTE_S * busy * wobble("commits", out.at, seed=seed)
    out.counter(PG_COMMITS, commits, datname="platform")
    out.gauge(PG_LAG, np.round(0.7 * wobble("replica", out.at, seed=seed, amplitude=0.35), 3))


def _add_redis(out: Sheet, *, seed: int, busy: Floats) -> None:
    out.gauge(REDIS_UP, np.asarray(1.0))
    asked = 52 * MINUTE_S * busy
    hit = 0.93 * wobble("redis", out.at, seed=seed, amplitude=0.01)
    out.counter(REDIS_HITS, asked * hit)
    out.counter(REDIS_MISSES, asked * (1 - hit))
    memory = 172e6 * (0.9 + 0.12 * busy) * wobble("redis#", out.at, seed=seed, amplitude=0.02)
    out.gauge(REDIS_MEMORY, np.round(memory))
    out.gauge(REDIS_CLIENTS, np.round(24 + 6 * busy))
