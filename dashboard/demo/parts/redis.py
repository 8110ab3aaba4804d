"""The demo's own Redis: loopback only, with a password, queues kept between starts."""

import os
from typing import Final

import redis

from dashboard.demo.parts import binaries
from dashboard.demo.parts.folder import OWNER_ONLY, Folder
from dashboard.demo.parts.ports import LOOPBACK, free_port
from dashboard.demo.parts.process import Child, Command, Guard

READY_S: Final = 15


class Redis:
    """One server."""

    def __init__(self, home: Folder, guard: Guard) -> None:
        self._home = home
        self._guard = guard
        self._child: Child | None = None
        self.port = 0

    @property
    def pid(self) -> int:
        """Process id; 0 when it is not started."""
        return self._child.pid if self._child else 0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.is_alive

    @property
    def url(self) -> str:
        """Address with the generated password. Keep it out of argument lists and logs."""
        return f"redis://:{self._home.secret('redis')}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers. Raises DemoRefused."""
        program = binaries.redis()
        self.port = free_port(self._home.number("redis_port"))
        self._home.remember(redis_port=self.port)
        folder = self._home.root / "redis"
        folder.mkdir(mode=0o700, exist_ok=True)
        settings = folder / "redis.conf"
        handle = os.open(settings, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        with os.fdopen(handle, "w") as file:
            file.write(self._settings())
        command = Command(
            name="redis",
            argv=[program, settings],
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            folder=folder,
        )
        self._child = Child(command, self._home, self._guard)
        self._child.start()
        self._child.wait_until(self._answers, within_s=READY_S)

    def stop(self) -> None:
        """Write the data and end."""
        if self._child is not None:
            self._child.stop()

    def _settings(self) -> str:
        return "\n".join(
            (
                f"bind {LOOPBACK}",
                f"port {self.port}",
                f"requirepass {self._home.secret('redis')}",
                "save 300 1",  # and when it is stopped
                "appendonly no",
                "maxmemory-policy noeviction",  # a queue may not lose jobs
                "",
            )
        )

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
