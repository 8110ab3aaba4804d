"""Plays a stream against the rollups: open writers, rollbacks, crashes anywhere, rivals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.sql.elements import TextClause

from data.database import Database, Tx
from services import rollups
from services.rollups.part import Part
from services.rollups.parts import PARTS
from tests.services.rollup_reference import Event, Rows, expected
from tests.services.rollup_streams import START, Stream, send, stored, visit

HERE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
NOW: Final = START + timedelta(days=400)


class Crash(Exception):
    """The process that refreshes is gone."""


class WatchedTx(Tx):
    """Calls somebody before each statement."""

    def __init__(self, inner: Tx, before: Callable[[], None]) -> None:
        super().__init__(inner._connection)
        self._before = before

    def execute(self, statement: TextClause, **params: object) -> int:
        self._before()
        return super().execute(statement, **params)


class Fragile(Database):
    """A database whose write transactions can be cut off at their n-th statement or at the end."""

    left: int | None = None
    seen: int = 0

    @contextmanager
    def write(self, *, timeout_ms: int | None = None) -> Iterator[Tx]:
        with super().write(timeout_ms=timeout_ms) as tx:
            yield WatchedTx(tx, self._count)
            self._count()

    def _count(self) -> None:
        self.seen += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Crash


class Replay:
    """One stream on one database. The same seed plays the same."""

    def __init__(
        self, db: Fragile, url: str, *, seed: int, parts: tuple[Part, ...] = PARTS
    ) -> None:
        self.db = db
        self.parts = parts
        self._rng = Random(seed)  # noqa: S311 - a seeded play is not cryptography
        self._free = [psycopg.connect(url) for _ in range(3)]
        self._open: list[tuple[psycopg.Connection[Any], list[Event]]] = []
        self.crashes = 0

    def play(self, stream: Stream) -> None:
        """Send and refresh in random order until everything is written and taken."""
        visit(self.db, stream.cities)
        waiting = list(stream.batches)
        while stream.is_calm and waiting:
            self._send(waiting.pop(0))
            self._commit(self._open[0])
            rollups.catch_up(self.db, HERE, now=NOW, parts=self.parts)
        while waiting or self._open:
            what = self._rng.random()
            if what < 0.45 and waiting and self._free:
                self._send(waiting.pop(0))
            elif what < 0.7 and self._open:
                self._end(self._rng.choice(self._open), waiting)
            else:
                self._tick()
        while self._tick() is None:
            pass
        rollups.catch_up(self.db, HERE, now=NOW, parts=self.parts)

    def close(self) -> None:
        for each in [*self._free, *(connection for connection, _ in self._open)]:
            each.close()

    def _send(self, batch: list[Event]) -> None:
        """A writer that meets an event of an open one would wait for it: that one ends first."""
        for writer in [*self._open]:
            if set(writer[1]) & set(batch):
                self._commit(writer)
        connection = self._free.pop()
        send(connection, batch)
        self._open.append((connection, batch))

    def _end(
        self, writer: tuple[psycopg.Connection[Any], list[Event]], waiting: list[list[Event]]
    ) -> None:
        if self._rng.random() < 0.8:
            self._commit(writer)
        else:
            connection, batch = writer
            connection.rollback()
            self._open.remove(writer)
            self._free.append(connection)
            waiting.insert(self._rng.randint(0, len(waiting)), batch)

    def _commit(self, writer: tuple[psycopg.Connection[Any], list[Event]]) -> None:
        writer[0].commit()
        self._open.remove(writer)
        self._free.append(writer[0])

    def _tick(self) -> rollups.Tick | None:
        """None when it was cut off."""
        self.db.left = self._rng.randint(0, 60) if self._rng.random() < 0.2 else None
        most = self._rng.choice((5, 20, 1000))
        try:
            return rollups.refresh(self.db, HERE, now=NOW, most=most, parts=self.parts)
        except Crash:
            self.crashes += 1
            return None
        finally:
            self.db.left = None


def faults(db: Database, stream: Stream, parts: tuple[Part, ...] = PARTS) -> list[str]:
    """Rollups that differ from their recompute, or from the reference in Python."""
    found = [each.table for each in rollups.audit(db, HERE, parts=parts) if each.differing]
    return [*found, *unlike(stored(db), expected(stream.events, HERE, stream.cities))]


def unlike(found: dict[str, Rows], wanted: dict[str, Rows]) -> list[str]:
    """Tables whose rows are not the wanted ones."""
    return [table for table, rows in wanted.items() if found[table] != rows]
