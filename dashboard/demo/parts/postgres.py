"""The demo's own Postgres: loopback TCP only, generated passwords, data kept between starts."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from dashboard.demo.parts import account as accounts
from dashboard.demo.parts import binaries
from dashboard.demo.parts.folder import OWNER_ONLY, Folder
from dashboard.demo.parts.guard import Watched, birth, end
from dashboard.demo.parts.ports import LOOPBACK, free_port
from dashboard.demo.parts.process import Child, Command, Guard
from dashboard.demo.refusal import DemoRefused

DATABASE: Final = "atalaya"
SUPERUSER: Final = "postgres"
READY_S: Final = 60  # recovery after a crash in the middle of filling
SHARED_MEMORY_ENOUGH: Final = 256_000_000
# A crash of the machine may cost the last half second of the demo, and never its consistency.
OPTIONS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than these statements
    "synchronous_commit": "off",
    "wal_level": "minimal",  # loading into a table made in the same transaction writes no log
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
    "log_min_error_statement": "panic",  # statements may hold personal data
}


class Postgres:
    """One server and its database `atalaya`."""

    def __init__(self, home: Folder, guard: Guard) -> None:
        self._home = home
        self._guard = guard
        self._account = accounts.unprivileged()
        self._child: Child | None = None
        self.port = 0
        self.place = home.root

    @property
    def pid(self) -> int:
        """Process id of the postmaster; 0 when it is not started."""
        return self._child.pid if self._child else 0

    @property
    def is_alive(self) -> bool:
        """Whether the postmaster runs."""
        return self._child is not None and self._child.is_alive

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.place / "postgres"

    @property
    def is_elsewhere(self) -> bool:
        """Whether data had to be kept outside of the demo's folder."""
        return self.place != self._home.root

    def start(self) -> None:
        """Start it, made first if there is none, and wait until it answers. Raises DemoRefused."""
        self.place = accounts.reachable(self._home.root, self._account)
        programs = accounts.executable(binaries.postgres(), self.place, self._account)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(programs)
        self._check_version(programs)
        self.port = free_port(self._home.number("postgres_port"))
        self._home.remember(postgres_port=self.port, postgres_place=str(self.place))
        self._child = Child(self._command(programs), self._home, self._guard)
        self._child.end_leftover()
        self._clear_lock()
        self._child.start()
        self._child.wait_until(self._answers, within_s=READY_S)

    def stop(self) -> None:
        """Shut it down: clients are disconnected, everything is written."""
        if self._child is not None:
            self._child.stop(within_s=30)

    def url(self, user: str = SUPERUSER, *, database: str = DATABASE) -> str:
        """Address with the user's generated password. Keep it out of argument lists and logs."""
        password = quote(self._home.secret(f"postgres.{user}"), safe="")
        return f"postgresql://{user}:{password}@{LOOPBACK}:{self.port}/{database}"

    def connect(self, database: str = DATABASE) -> psycopg.Connection:
        """A connection of the superuser, each statement its own transaction."""
        url = self.url(database=database)
        return psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="demo")

    def make_database(self) -> None:
        """Create the database unless it is there."""
        with self.connect("postgres") as connection:
            found = connection.execute(
                "select 1 from pg_database where datname = %s", [DATABASE]
            ).fetchone()
            if not found:
                name = sql.Identifier(DATABASE)
                connection.execute(sql.SQL("create database {}").format(name))
        with self.connect() as connection:
            connection.execute("create extension if not exists pg_stat_statements")

    def drop_database(self) -> None:
        """Remove the database and everything in it."""
        with self.connect("postgres") as connection:
            name = sql.Identifier(DATABASE)
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))

    def make_login(self, user: str, *, member_of: list[str]) -> None:
        """A user with a generated password and the rights of some groups. Safe to repeat."""
        with self.connect() as connection:
            known = connection.execute("select 1 from pg_roles where rolname = %s", [user])
            verb = "alter" if known.fetchone() else "create"
            # The server is given a verifier: the password itself is in no statement.
            verifier = connection.pgconn.encrypt_password(
                self._home.secret(f"postgres.{user}").encode(), user.encode(), b"scram-sha-256"
            ).decode()
            statement = sql.SQL(verb + " role {} login password {}")
            connection.execute(statement.format(sql.Identifier(user), sql.Literal(verifier)))
            for group in member_of:
                grant = sql.SQL("grant {} to {}")
                connection.execute(grant.format(sql.Identifier(group), sql.Identifier(user)))

    def _initialise(self, programs: Path) -> None:
        """Make the data directory beside its place and move it there whole."""
        making = self.place / "postgres.new"
        shutil.rmtree(making, ignore_errors=True)
        accounts.private_folder(making, self._account)
        password = making.with_name(f"postgres.{secrets.token_hex(4)}")
        try:
            handle = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            with os.fdopen(handle, "w") as file:
                file.write(self._home.secret(f"postgres.{SUPERUSER}"))
            if self._account:
                os.chown(password, self._account.uid, self._account.gid)
            self._initdb(programs, making, password)
        finally:
            password.unlink(missing_ok=True)
        making.rename(self.data)

    def _initdb(self, programs: Path, folder: Path, password: Path) -> None:
        options = ["-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8"]
        quick = ["--no-sync", "--no-instructions", f"--pwfile={password}"]
        made = subprocess.run(
            [programs / "initdb", "-D", folder, *options, *quick],
            env=_environment(),
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
        )
        self._home.log("postgres").write_text(made.stdout + made.stderr)
        if made.returncode:
            said = made.stderr.strip().splitlines() or ["it said nothing"]
            raise DemoRefused(f"Postgres could not make its data directory: {said[-1]}")
        hba = f"host all all {LOOPBACK}/32 scram-sha-256\n"
        (folder / "pg_hba.conf").write_text(hba)

    def _check_version(self, programs: Path) -> None:
        shown = subprocess.run(
            [programs / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if f" {made_by}." not in f"{shown.stdout} ":
            raise DemoRefused(
                f"The demo's data was made by Postgres {made_by}, and the one found here is "
                f"{shown.stdout.strip()}: run `make clean-demo` and start again."
            )

    def _command(self, programs: Path) -> Command:
        options = {**OPTIONS, "port": str(self.port), **_shared_memory()}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return Command(
            name="postgres",
            argv=[programs / "postgres", "-D", self.data, *settings],
            environment=_environment(),
            stop_signal=signal.SIGINT,  # fast shutdown; SIGTERM would wait for the clients
            account=self._account,
        )

    def _clear_lock(self) -> None:
        """Remove the lock file of a server that is gone.

        Postgres does so itself unless its process id is in use again, which in a container it is.
        """
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        first = lock.read_text().partition("\n")[0].strip()
        pid = int(first) if first.isdigit() else 0
        if pid and _serves(pid, self.data):
            end([Watched(pid, birth(pid), int(signal.SIGINT))])
        lock.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise DemoRefused(
                    f"The password in {self._home.root}/secrets.json is not the one of the data "
                    "there: run `make clean-demo` and start again."
                ) from error
            time.sleep(0.02)
            return False
        return True


def _serves(pid: int, data: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(data).encode() in words


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _shared_memory() -> dict[str, str]:
    """Containers often have 64 MB of /dev/shm, too little for parallel queries: use files."""
    try:
        space = os.statvfs("/dev/shm")  # noqa: S108 - where the C library keeps shared memory
    except OSError:
        return {}
    enough = space.f_bavail * space.f_frsize >= SHARED_MEMORY_ENOUGH
    return {} if enough else {"dynamic_shared_memory_type": "mmap"}
