"""What migrations are made of: create what is missing, and never alter what was there before."""

from collections.abc import Iterable, Mapping
from typing import Final

from alembic import op
from sqlalchemy import Connection, text

_EXISTS: Final = text("select to_regclass(:name) is not null")
_IS_OURS: Final = text("select count(*) from atalaya_created_tables where name in (:one, :other)")
_REMEMBER: Final = text("insert into atalaya_created_tables (name) values (:name)")


def create_missing(tables: Mapping[str, str]) -> None:
    """Create each table that the database lacks, with its indexes, comments and first rows.

    A table that is there stays as it is, whatever its shape; `data.readiness` names what it lacks.
    """
    connection = op.get_bind()
    for name, ddl in tables.items():
        if not connection.scalar(_EXISTS, {"name": name}):
            run(ddl)
            connection.execute(_REMEMBER, {"name": name})


def refer(references: Iterable[tuple[str, str, str]]) -> None:
    """Add foreign keys (table, column, "other.column") between tables that we created.

    One to a table of theirs would change how theirs behaves: their deletes could be refused.
    """
    connection = op.get_bind()
    for table, column, target in references:
        other, other_column = target.split(".")
        if is_ours(connection, table, other):
            run(
                f"alter table {table} add constraint {table}_{column}_fkey "
                f"foreign key ({column}) references {other} ({other_column})"
            )


def is_ours(connection: Connection, table: str, other: str | None = None) -> bool:
    """Whether a migration created the table, and the other one too."""
    names = {table, other or table}
    found = connection.scalar(_IS_OURS, {"one": table, "other": other or table})
    return bool(found == len(names))


def run(sql: str) -> None:
    """Execute several statements as they stand: no parameters, so % and : mean nothing."""
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})
