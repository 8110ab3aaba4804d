"""Bring a database to the schema of this version. Forward only: a new step repairs a mistake.

Tables that are already there are used as they are. Safe to run twice and at the same time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from data.connection import one_off, translated
from data.errors import SourceDown
from data.migrations.roles import ensure_roles

VERSION_TABLE: Final = "atalaya_migrations"
"""Not Alembic's own name: the platform may keep its versions under that one."""
LOWEST_SERVER: Final = 150_000

_LOCK: Final = text("select pg_advisory_lock(hashtext('atalaya.migrations'))")
_UNLOCK: Final = text("select pg_advisory_unlock(hashtext('atalaya.migrations'))")
_SERVER: Final = text("select current_setting('server_version_num')::int")

Progress = Callable[[str], None]


def upgrade(url: str, progress: Progress | None = None) -> None:
    """Create what is missing, one transaction per step, and say each step's title to `progress`.

    Raises SourceDown when the database does not answer, is too old, or refuses the rights needed.
    """
    with one_off(url) as connection, translated(), _alone(connection):
        _refuse_old(connection)
        command.upgrade(_config(connection, progress or _say_nothing), "head")
        ensure_roles(connection, version_table=VERSION_TABLE)
        connection.commit()


def head() -> str:
    """Newest step that this version of Atalaya knows."""
    return ScriptDirectory.from_config(_config(None, _say_nothing)).get_current_head() or ""


def current(url: str) -> str | None:
    """Newest step that the database has seen; None before the first. Raises SourceDown."""
    with one_off(url) as connection, translated():
        return current_of(connection)


def current_of(connection: Connection) -> str | None:
    """Newest step that the database of this connection has seen; None before the first."""
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _config(connection: Connection | None, progress: Progress) -> Config:
    def told(*, step: Any, **_: object) -> None:  # noqa: ANN401 - Alembic gives it no public type
        progress(step.up_revision.doc)

    config = Config()
    config.set_main_option("script_location", "data:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes.update(
        connection=connection, version_table=VERSION_TABLE, on_version_apply=told
    )
    return config


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Keep a second migration waiting until this one is done."""
    connection.execute(_LOCK)
    connection.commit()
    try:
        yield
    finally:
        if not connection.invalidated:
            connection.rollback()
            connection.execute(_UNLOCK)
            connection.commit()


def _refuse_old(connection: Connection) -> None:
    found = connection.scalar(_SERVER) or 0
    connection.commit()
    if found < LOWEST_SERVER:
        raise SourceDown("Postgres", f"is version {found // 10_000}; 15 or later is needed")


def _say_nothing(_: str) -> None:
    """Progress that nobody watches."""
