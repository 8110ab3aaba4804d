"""Postgres: bounded reads on a role that can only read, and write transactions."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from inspect import cleandoc
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from pandas import DataFrame
from psycopg import sql
from sqlalchemy import Connection, CursorResult, text
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.elements import TextClause

from data import answers
from data.connection import (
    PATIENCE_S,
    READER,
    SOURCE,
    connector,
    driver_connection,
    pooled,
    translated,
)
from data.errors import TooManyRows
from data.frames import frame_of

D = TypeVar("D")

_READ_ONLY: Final = "set default_transaction_read_only = on;"
# Becomes the reader when there is one and we may; without it the transaction is read-only still.
_AS_READER: Final = f"""
do $$ begin
    if to_regrole('{READER}') is not null then
        set role {READER};
    end if;
exception when insufficient_privilege then
    null;
end $$;
"""
_IDLE_MS: Final = 30_000
_IN_ZONE: Final = text("select set_config('timezone', :zone, true)")
_DIALECT: Final = psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so
_BLOCK: Final = 256 * 1024
_NOTIFY: Final = text("select pg_notify(:channel, :payload)")
_PARAMETER: Final = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


class Tx:
    """A write transaction: everything in it happens, or nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, statement: TextClause, **params: object) -> int:
        """Run a statement and return how many rows it touched."""
        return self._connection.execute(statement, params).rowcount

    def one_or_none(self, statement: TextClause, into: type[D], **params: object) -> D | None:
        """The first row (of a query, or of `returning`) as a dataclass; None without a row."""
        row = self._connection.execute(statement, params).mappings().first()
        return None if row is None else into(**row)

    def rows(self, statement: TextClause, into: type[D], **params: object) -> list[D]:
        """All rows as dataclasses."""
        return [into(**row) for row in self._connection.execute(statement, params).mappings()]

    def scalar(self, statement: TextClause, **params: object) -> object:
        """The first column of the first row; None without a row."""
        return self._connection.scalar(statement, params)

    def notify(self, channel: str, payload: str) -> None:
        """Tell listeners, once this transaction commits. The payload holds no personal data."""
        self._connection.execute(_NOTIFY, {"channel": channel, "payload": payload})


class Database:
    """The shared Postgres, as a reader and as a writer.

    Statements name their values (`:name`) and their first line is their own name. Raises
    SourceDown when the database is away or slow, lacks what is asked, or does not permit it.
    """

    def __init__(
        self,
        url: str,
        *,
        read_url: str | None = None,
        statement_timeout_ms: int = 5000,
        max_rows: int = 50_000,
        pool_size: int = 10,
        application_name: str = "atalaya",
    ) -> None:
        """Raises ValueError for an unusable URL; connects at first use."""
        self.statement_timeout_ms = statement_timeout_ms
        self.max_rows = max_rows
        # A separate read address stands for its own login, so its role is that login's business.
        setup = _READ_ONLY if read_url else _READ_ONLY + _AS_READER
        self._reader = pooled(
            connector(read_url or url, application_name=application_name, setup=setup), pool_size
        )
        self._writer = pooled(
            connector(url, application_name=f"{application_name}-write", setup=""), pool_size
        )

    def frame(self, statement: TextClause, **params: object) -> DataFrame:
        """Series and aggregates. Instants are UTC. Raises TooManyRows beyond `max_rows`."""
        with self._read(statement, params) as result:
            columns = [(column.name, column.type_code) for column in _described(result)]
            return frame_of(columns, self._bounded(result))

    def rows(self, statement: TextClause, into: type[D], **params: object) -> list[D]:
        """Records, one dataclass per row, columns by name. Raises TooManyRows."""
        with self._read(statement, params) as result:
            names = list(result.keys())
            return [into(**dict(zip(names, row, strict=True))) for row in self._bounded(result)]

    def one(self, statement: TextClause, into: type[D], **params: object) -> D | None:
        """The first record, or None."""
        with self._read(statement, params) as result:
            row = result.mappings().first()
            return None if row is None else into(**row)

    def scalar(self, statement: TextClause, **params: object) -> object:
        """The first column of the first row; None without a row."""
        with self._read(statement, params) as result:
            return result.scalar()

    def scalar_within(self, statement: TextClause, *, timeout_ms: int, **params: object) -> object:
        """The same for what may take longer, because somebody asked for it and waits."""
        with self._read(statement, params, limit_ms=timeout_ms) as result:
            return result.scalar()

    @contextmanager
    def csv(
        self, statement: TextClause, *, zone: ZoneInfo, timeout_ms: int, **params: object
    ) -> Iterator[Iterator[bytes]]:
        """Stream what a statement finds as CSV with a header, instants in the zone.

        The blocks are read from the server as they are taken; neither end holds more than one.
        """
        copied = statement.compile(dialect=_DIALECT)
        named = {name: params[name] for name in copied.params}
        with (
            translated(timeout_ms),
            self._reader.connect() as connection,
            _patient(connection, timeout_ms),
        ):
            connection.exec_driver_sql(f"set local statement_timeout = {timeout_ms}")
            connection.execute(_IN_ZONE, {"zone": zone.key})
            driver = driver_connection(connection)
            into = f"copy ({copied}) to stdout with (format csv, header)"
            with driver.cursor() as cursor, cursor.copy(into, named) as rows:
                yield _blocks(rows)

    @contextmanager
    def write(self, *, timeout_ms: int | None = None) -> Iterator[Tx]:
        """Open a transaction: the end of the block commits, an exception rolls back."""
        limit = timeout_ms or self.statement_timeout_ms
        with (
            translated(limit),
            self._writer.connect() as connection,
            _patient(connection, limit),
            connection.begin(),
        ):
            connection.exec_driver_sql(
                f"set local statement_timeout = {limit}; set local lock_timeout = {limit};"
                f"set local idle_in_transaction_session_timeout = {_IDLE_MS}",
                execution_options={"no_parameters": True},
            )
            yield Tx(connection)

    def ping(self) -> None:
        """Ask for a sign of life. Raises SourceDown."""
        with translated(), self._reader.connect() as connection:
            connection.exec_driver_sql("select 1")

    def dispose(self) -> None:
        """Close all connections."""
        self._reader.dispose()
        self._writer.dispose()

    @contextmanager
    def _read(
        self, statement: TextClause, params: dict[str, object], *, limit_ms: int | None = None
    ) -> Iterator[CursorResult[Any]]:
        answers.record(source=SOURCE, statement=readable(statement, params))
        limit = limit_ms or self.statement_timeout_ms
        with translated(limit), self._reader.connect() as connection, _patient(connection, limit):
            connection.exec_driver_sql(f"set local statement_timeout = {limit}")
            yield connection.execute(statement, params)

    def _bounded(self, result: CursorResult[Any]) -> list[tuple[Any, ...]]:
        found = result.fetchmany(self.max_rows + 1)
        if len(found) > self.max_rows:
            raise TooManyRows(self.max_rows)
        return [tuple(row) for row in found]


def readable(statement: TextClause, params: dict[str, object]) -> str:
    """The statement with its values in place, as one would type it into psql."""
    named = _PARAMETER.sub(
        lambda match: _literal(params[match[1]]) if match[1] in params else match[0],
        statement.text,
    )
    return cleandoc(named)


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        return f"timestamptz '{value.isoformat(sep=' ')}'"
    return sql.Literal(value).as_string(None).strip()


def _described(result: CursorResult[Any]) -> Any:  # noqa: ANN401 - the driver's own description
    return result.cursor.description if result.cursor is not None else ()


def _blocks(rows: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """Gather rows into blocks: a message for each of half a million would cost more than they."""
    block = bytearray()
    for row in rows:
        block += row
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)


@contextmanager
def _patient(connection: Connection, limit_ms: int) -> Iterator[None]:
    """Let the server keep the time limit; hang up when it does not."""
    driver = driver_connection(connection)
    driver.patience_s = limit_ms / 1000 + 1
    try:
        yield
    finally:
        driver.patience_s = PATIENCE_S
