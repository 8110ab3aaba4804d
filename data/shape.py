"""The shape that a database has, beside the shape that Atalaya needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql

from data import schema

FOUND: Final = text("""
    -- data.shape.found
    select relation.name as table_name, attribute.attname as column_name,
        format_type(attribute.atttypid, null) as kind
    from unnest(cast(:tables as text[])) as relation (name)
    left join pg_attribute as attribute
        on attribute.attrelid = to_regclass(relation.name)
        and attribute.attnum > 0 and not attribute.attisdropped
    order by relation.name, attribute.attnum
""")

# Kinds that a statement can use in place of each other.
_FAMILIES: Final = {
    "smallint": "integer",
    "bigint": "integer",
    "real": "number",
    "double precision": "number",
    "numeric": "number",
    "character varying": "text",
    "character": "text",
    "citext": "text",
    "json": "jsonb",
}
_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so


@dataclass(frozen=True, slots=True)
class Lack:
    """A table and what it lacks: itself, columns, or columns of the kind that is expected."""

    table: str
    is_missing: bool = False
    columns: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def lacks(connection: Connection) -> list[Lack]:
    """What tables of the schema lack in this database; empty when all is there."""
    tables = schema.tables()
    found: dict[str, dict[str, str]] = {table.name: {} for table in tables}
    for name, column, kind in connection.execute(FOUND, {"tables": list(found)}):
        if column is not None:
            found[name][column] = kind
    return [lack for table in tables for lack in _lack(table, found[table.name])]


def _lack(table: Table, found: dict[str, str]) -> Iterator[Lack]:
    if not found:
        yield Lack(table.name, is_missing=True)
        return
    columns = tuple(column.name for column in table.columns if column.name not in found)
    kinds = tuple(
        f"{column.name} is {found[column.name]} instead of {_kind(column.type.compile(_DIALECT))}"
        for column in table.columns
        if column.name in found
        and _family(found[column.name]) != _family(_kind(column.type.compile(_DIALECT)))
    )
    if columns or kinds:
        yield Lack(table.name, columns=columns, kinds=kinds)


def _kind(compiled: str) -> str:
    """Our type as Postgres names it, without its length."""
    kind = compiled.lower().partition("(")[0].strip()
    return {"float": "double precision", "char": "character"}.get(kind, kind)


def _family(kind: str) -> str:
    return _FAMILIES.get(kind, kind)
