"""Which of several workers leads: the one whose connection holds a Postgres advisory lock."""

from typing import Final

import psycopg

from data.errors import SourceDown

CONNECT_S: Final = 2
# Keep-alives find a vanished server within about ten seconds, instead of the system's two hours.
KEEPALIVE: Final = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_TRY: Final = """
    -- services.leadership.acquire
    select pg_try_advisory_lock(hashtextextended('atalaya.worker', 0))
"""


class Leadership:
    """A lock that its holder loses with the connection: killed, cut off or stopped, another leads."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._connection: psycopg.Connection | None = None

    def acquire(self) -> bool:
        """Try to lead. False when another does. Raises SourceDown."""
        try:
            connection = self._connected()
            row = connection.execute(_TRY).fetchone()
        except psycopg.OperationalError as error:
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

    def _connected(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_S,
                application_name="atalaya-worker-lock",
                **KEEPALIVE,
            )
        return self._connection
