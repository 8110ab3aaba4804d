"""Connections to Postgres that give up in time; the one place where driver errors become ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import JsonbDumper
from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from data.errors import SourceDown

RV = TypeVar("RV")

SOURCE: Final = "Postgres"
READER: Final = "atalaya_reader"
WRITER: Final = "atalaya_writer"
PATIENCE_S: Final = 2.0
"""How long to wait for a connection, for its first answer, and for one to become free."""
RECYCLE_S: Final = 1800

_BUSY: Final = "has no connection free"
_REASONS: Final = {
    "57014": "took too long",
    "55P03": "was held up by another change",
    "40P01": "was held up by another change",
    "40001": "was held up by another change",
    "25006": "accepts no changes now",
    "42501": "does not permit this: `python -m dashboard doctor` says which right is missing",
    "42P01": "lacks a table that this needs: `python -m dashboard doctor` names it",
    "42703": "lacks a column that this needs: `python -m dashboard doctor` names it",
    "53300": _BUSY,
    "53100": "has no disk space left",
    "3D000": "has no database of that name",
    "28P01": "refuses the user or password",
    "28000": "refuses the user or password",
}
_SILENT: Final = ("08", "57P")  # connection failures; shut down, starting up


class BoundedConnection(psycopg.Connection[Any]):
    """A connection on which no wait is endless, also when the server or the network hangs.

    A statement timeout is kept by the server, so it helps nobody when the server is what hangs.
    """

    patience_s: float = PATIENCE_S

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for an answer, at most `patience_s`; then the connection is of no use any more."""
        try:
            return super().wait(gen, interval, timeout or self.patience_s)
        except psycopg.OperationalError as error:
            if error.sqlstate is None:
                self.close()
            raise


def connector(url: str, *, application_name: str, setup: str) -> Callable[[], BoundedConnection]:
    """How a pool opens a connection, `setup` run on each. ValueError for an unusable URL."""
    conninfo = libpq_url(url)

    def connect() -> BoundedConnection:
        connection = BoundedConnection.connect(
            conninfo,
            connect_timeout=int(PATIENCE_S),
            application_name=application_name,
            # Values are quoted here, not typed there: a filter that is not set needs no cast,
            # and the plan is made for the very days asked about.
            cursor_factory=psycopg.ClientCursor,
            prepare_threshold=None,
            autocommit=True,
        )
        connection.adapters.register_dumper(dict, JsonbDumper)
        connection.execute("set timezone = 'UTC'; " + setup)
        connection.set_autocommit(False)
        return connection

    return connect


def libpq_url(url: str) -> str:
    """The URL as libpq reads it. Raises ValueError, without the URL's text, when it cannot."""
    scheme, separator, rest = url.partition("://")
    plain = f"{scheme.partition('+')[0]}{separator}{rest}"
    try:
        ports = str(conninfo_to_dict(plain).get("port") or "5432").split(",")
    except psycopg.ProgrammingError:
        ports = [""]
    # A password with an unescaped "/" or "@" is read as a port, and libpq would repeat it.
    is_url = plain.startswith(("postgresql://", "postgres://")) and all(map(str.isdigit, ports))
    if not is_url:
        raise ValueError(
            "The database URL is not of the form postgresql://user:password@host/name."
        )
    return plain


def pooled(connect: Callable[[], BoundedConnection], size: int) -> Engine:
    """An engine that keeps connections, checks each before use and never waits long for one."""
    return create_engine(
        "postgresql+psycopg://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=PATIENCE_S,
        pool_pre_ping=True,
        pool_recycle=RECYCLE_S,
        pool_use_lifo=True,
        hide_parameters=True,
    )


@contextmanager
def one_off(url: str) -> Iterator[Connection]:
    """A single patient connection, for migrations and checks. Raises SourceDown."""
    connect = connector(url, application_name="atalaya-setup", setup="set lock_timeout = '30s'")
    engine = create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=NullPool, hide_parameters=True
    )
    with translated(), engine.connect() as connection:
        driver_connection(connection).patience_s = 3600
        yield connection


def driver_connection(connection: Connection) -> BoundedConnection:
    """The driver's connection under one of ours."""
    found = connection.connection.driver_connection
    if not isinstance(found, BoundedConnection):
        raise TypeError("This connection was not made by data.connection.")
    return found


@contextmanager
def translated(timeout_ms: int | None = None) -> Iterator[None]:
    """Turn what a viewer cannot help (down, slow, missing) into SourceDown; bugs stay bugs."""
    try:
        yield
    except NoFreeConnection as error:
        raise SourceDown(SOURCE, _BUSY) from error
    except (DBAPIError, psycopg.Error) as error:  # the second from rows that stream past SQLAlchemy
        reason = _reason(error.orig if isinstance(error, DBAPIError) else error, timeout_ms)
        if reason is None:
            raise
        raise SourceDown(SOURCE, reason) from error


def _reason(error: BaseException | None, timeout_ms: int | None) -> str | None:
    state = getattr(error, "sqlstate", None)
    if state is None:
        is_connection = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return _refusal(str(error)) if is_connection else None
    if state.startswith(_SILENT):
        return "does not answer"
    if state == "57014" and timeout_ms:
        return f"took longer than {timeout_ms / 1000:g} s"
    return _REASONS.get(state)


def _refusal(message: str) -> str:
    """While connecting, libpq gives the server's words but not their code."""
    if "password authentication failed" in message or "no password supplied" in message:
        return _REASONS["28P01"]
    if "database" in message and "does not exist" in message:
        return _REASONS["3D000"]
    if "too many clients" in message or "remaining connection slots" in message:
        return _BUSY
    return "does not answer"
