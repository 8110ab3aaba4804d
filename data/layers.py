"""The two layers behind the answer cache: process memory, then Redis when it is configured.

A dogpile.cache backend, so that dogpile decides who computes and who is served the stale value.
Redis is a help, never a need: when it fails, memory alone serves and Redis is tried again later.
"""

import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

import structlog
from dogpile.cache.api import NO_VALUE, CacheBackend, CachedValue, CacheMutex
from dogpile.cache.region import value_version
from dogpile.util import NameRegistry
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import LockError, RedisError
from redis.lock import Lock
from redis.retry import Retry

from data.meters import CACHE_REQUESTS

R = TypeVar("R")

_log = structlog.get_logger(__name__)

KEEP_S: Final = 24 * 3600
"""How long Redis keeps a last good answer."""
RETRY_S: Final = 5.0
"""How long Redis is left alone after a failure."""
COMPUTE_S: Final = 15.0
"""The longest that one process may hold the right to compute a key."""


def connect(url: str) -> Redis:
    """Make a client that fails at once instead of retrying: the cache decides when to try again."""
    return Redis.from_url(
        url, socket_connect_timeout=0.5, socket_timeout=1.0, retry=Retry(NoBackoff(), 0)
    )


class Codec(Protocol):
    """Turns cached payloads into bytes and back; raises ValueError on bytes it does not know."""

    def dumps(self, key: str, payload: object) -> bytes:
        """Serialize the payload of a key."""
        ...

    def loads(self, key: str, raw: bytes) -> object:
        """Read the payload of a key."""
        ...


class Memory:
    """A thread-safe dictionary of at most `size` entries that forgets the least recently used."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, CachedValue] = OrderedDict()

    def get(self, key: str) -> CachedValue | None:
        """Look up and mark as used."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def set(self, key: str, value: CachedValue) -> None:
        """Store, dropping the least recently used entry when full."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def delete(self, key: str) -> None:
        """Forget an entry if it is there."""
        with self._lock:
            self._entries.pop(key, None)


class Redundant:
    """Calls to a Redis that may be away: the first failure opens a short pause without calls."""

    def __init__(self, client: Redis | None) -> None:
        self._client = client
        self._until = 0.0

    def call(self, command: Callable[[Redis], R]) -> R | None:
        """Run a command; None when there is no Redis, it is being left alone, or it fails now."""
        if self._client is None or time.monotonic() < self._until:
            return None
        try:
            return command(self._client)
        except RedisError as error:
            self._until = time.monotonic() + RETRY_S
            _log.warning("cache.redis_unavailable", error=type(error).__name__, retry_s=RETRY_S)
            return None


class Mutex(CacheMutex):
    """The right to compute one key: a lock of this process, then one in Redis among processes."""

    def __init__(self, local: threading.Lock, shared: Lock | None, redis: Redundant) -> None:
        self._local, self._shared, self._redis = local, shared, redis
        self._holds_shared = False

    def acquire(self, wait: bool = True) -> bool:
        """Take the right; without `wait` answer at once whether it was free."""
        if not self._local.acquire(blocking=wait):
            return False
        shared = self._shared
        if shared is None:
            return True
        taken = self._redis.call(lambda _: shared.acquire(blocking=wait))
        self._holds_shared = taken is True
        # None: Redis is away, this process decides alone. False after waiting: the other process
        # takes too long, computing twice is better than not answering.
        if taken is False and not wait:
            self._local.release()
            return False
        return True

    def release(self) -> None:
        """Give the right back; a lock that ran out in the meantime is gone already."""
        try:
            if self._holds_shared and self._shared is not None:
                self._redis.call(self._give_back)
        finally:
            self._holds_shared = False
            self._local.release()

    def locked(self) -> bool:
        """Say whether this process is computing the key."""
        return self._local.locked()

    def _give_back(self, _: Redis) -> None:
        if self._shared is None:
            return
        try:
            self._shared.release()
        except LockError:
            _log.info("cache.lock_expired", longest_s=COMPUTE_S)


class TwoLayers(CacheBackend):
    """Memory, then Redis. A younger entry in Redis (another process computed it) wins."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._memory = Memory(int(arguments["size"]))
        self._codec: Codec = arguments["codec"]
        self._client: Redis | None = arguments["redis"]
        self._redis = Redundant(self._client)
        self._prefix = str(arguments["prefix"])
        self._fresh: Callable[[str, float], bool] = arguments["is_fresh"]
        self._locks: NameRegistry = NameRegistry(lambda _: threading.Lock())

    def get(self, key: str) -> Any:  # noqa: ANN401 - dogpile's protocol
        """Look in memory, and in Redis when memory has nothing fresh."""
        local = self._memory.get(key)
        if local is not None and self._fresh(key, local.metadata["ct"]):
            _count("memory", hit=True)
            return local
        _count("memory", hit=False)
        shared = self._from_redis(key)
        if shared is None:
            return local or NO_VALUE
        if local is None or shared.metadata["ct"] > local.metadata["ct"]:
            self._memory.set(key, shared)
            return shared
        return local

    def set(self, key: str, value: CachedValue | bytes) -> None:
        """Keep in memory and, while it answers, in Redis."""
        if isinstance(value, bytes):
            raise TypeError("This backend serializes by itself.")
        self._memory.set(key, value)
        raw = struct.pack("!d", value.metadata["ct"]) + self._codec.dumps(key, value.payload)
        self._redis.call(lambda client: client.set(self._prefix + key, raw, ex=KEEP_S))

    def delete(self, key: str) -> None:
        """Forget an entry in both layers."""
        self._memory.delete(key)
        self._redis.call(lambda client: client.delete(self._prefix + key))

    def get_mutex(self, key: str) -> Mutex:
        """Give the lock that elects who computes a key."""
        shared = None
        if self._client is not None:
            name = f"{self._prefix}lock:{key}"
            shared = Lock(self._client, name, timeout=COMPUTE_S, blocking_timeout=COMPUTE_S)
        return Mutex(self._locks.get(key), shared, self._redis)

    def _from_redis(self, key: str) -> CachedValue | None:
        if self._client is None:
            return None
        raw = self._redis.call(lambda client: client.get(self._prefix + key))
        _count("redis", hit=raw is not None)
        if not isinstance(raw, bytes):
            return None
        try:
            (created,) = struct.unpack_from("!d", raw)
            payload = self._codec.loads(key, raw[8:])
        except (ValueError, struct.error) as error:
            # Written by another version of the program, or not by us: as good as absent.
            _log.warning("cache.unreadable", key=key, error=type(error).__name__)
            return None
        return CachedValue(payload, {"ct": created, "v": value_version})


def _count(layer: str, *, hit: bool) -> None:
    CACHE_REQUESTS.labels(layer, "hit" if hit else "miss").inc()
