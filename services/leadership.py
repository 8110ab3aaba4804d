"""Which of several workers leads: the one whose connection holds a Postgres advisory lock."""

from typing import Final

import psycopg

from data.connection import PATIENCE_S, BoundedConnection, libpq_url
from data.errors import SourceDown

_TRY: Final = """
    -- services.leadership.acquire
    select pg_try_advisory_lock(hashtextextended('atalaya.worker', 0))
"""


class Leadership:
    """A lock that goes with its holder's connection: killed or cut off, another may lead."""

    def __init__(self, url: str) -> None:
        self._url = libpq_url(url)
        self._connection: BoundedConnection | None = None

    def acquire(self) -> bool:
        """Try to lead. False when another does. Raises SourceDown."""
        try:
            connection = self._connected()
            row = connection.execute(_TRY).fetchone()
        except psycopg.Error as error:
            self.release()
            raise SourceDown("Postgres", "does not answer") from error
        return bool(row and row[0])

    def holds(self) -> bool:
        """Whether the lock is still ours: the server answers on the connection that holds it."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("select 1")
        except psycopg.Error:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Give the lock and the connection back; another may lead at once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> BoundedConnection:
        if self._connection is None or self._connection.closed:
            self._connection = BoundedConnection.connect(
                self._url,
                autocommit=True,
                connect_timeout=int(PATIENCE_S),
                application_name="atalaya-worker-lead",
            )
        return self._connection
