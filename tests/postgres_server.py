"""A Postgres for tests: fast and unsafe settings, on loopback, gone when the tests are."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from dashboard.demo.parts import account as accounts
from dashboard.demo.parts.ports import LOOPBACK, free_port
from tests.real import need
from tests.scratch import scratch

FAST: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",  # it may lie in memory
    "max_wal_size": "128MB",
    "dynamic_shared_memory_type": "mmap",  # containers have little /dev/shm
    "jit": "off",
}
START_S: Final = 30

_libc: Final = ctypes.CDLL(None)  # loaded here: after dropping privileges it may be out of reach


class PostgresServer:
    """One server. `stop` and `start` keep data and port; `hang` and `wake` freeze it."""

    def __init__(self) -> None:
        programs = need("postgres")
        account = accounts.unprivileged()
        self._uid = account.uid if account else None
        self._gid = account.gid if account else None
        self.root = scratch("atalaya-test-postgres-")
        self.data = self.root / "data"
        accounts.private_folder(self.data, account)
        self._programs = accounts.executable(programs, self.root, account)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        options = {**FAST, "listen_addresses": LOOPBACK, "port": str(self.port)}
        options["unix_socket_directories"] = ""
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, *words],
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - the child runs C only
                cwd="/",
                env=_environment(),
                user=self._uid,
                group=self._gid,
                extra_groups=None if self._uid is None else [],
            )
        self._wait()

    def stop(self) -> None:
        """Shut down at once: clients are disconnected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGINT)
            self._process.wait(START_S)
            self._process = None

    def hang(self) -> None:
        """Freeze the server and all its backends: the kernel still takes packets."""
        self._signal_all(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal_all(signal.SIGCONT)

    def remove(self) -> None:
        self.wake()
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=2)

    def create(self, name: str) -> str:
        with self.connect() as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)

    def clone(self, template: str, name: str) -> str:
        statement = sql.SQL("create database {} template {} strategy file_copy")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        statement = sql.SQL("drop database if exists {} with (force)")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(name)))

    def _initialise(self) -> None:
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [self._programs / "initdb", "-D", self.data, *options, "--no-sync"],
            check=True,
            capture_output=True,
            cwd="/",
            env=_environment(),
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._uid is None else [],
        )

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > until:
                    raise RuntimeError((self.root / "log").read_text()) from None
                time.sleep(0.02)
            else:
                return

    def _signal_all(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _end_with_parent() -> None:
    _libc.prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG: a clean shutdown when the tests are killed
