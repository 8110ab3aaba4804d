"""Plans of statements: what a page sends may not read a large table from end to end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, text
from sqlalchemy.sql.elements import TextClause

from data import schema
from data.database import Database

Plan = dict[str, Any]
Leading = dict[str, str]
"""First column of each index that covers all of a large table: not partial, not an expression."""

LEADING = text("""
    select entry.relname, attribute.attname
    from pg_index
    join pg_class as entry on entry.oid = indexrelid
    join pg_class as owner on owner.oid = indrelid
    join pg_attribute as attribute
        on attribute.attrelid = indrelid and attribute.attnum = indkey[0]
    where indpred is null
        and (owner.relname = any(:large) or owner.relname like 'analytics\\_events\\_%')
""").bindparams(large=sorted(schema.LARGE_TABLES))


@dataclass(frozen=True)
class Seen:
    """One statement that was sent, and what is wrong with its plan."""

    name: str
    faults: tuple[str, ...]


class ExplainingDatabase(Database):
    """A database that explains each read before it answers it."""

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=3)
        self.seen: list[Seen] = []

    @contextmanager
    def _read(
        self, statement: TextClause, params: dict[str, object], *, limit_ms: int | None = None
    ) -> Iterator[CursorResult[Any]]:
        self.explain(statement, params)
        with super()._read(statement, params, limit_ms=limit_ms) as result:
            yield result

    def explain(self, statement: TextClause, params: dict[str, object]) -> None:
        """Note the plan that is made where an index is used whenever one can be."""
        asked = text(f"explain (format json) {statement.text}")
        with self._reader.connect() as connection:
            connection.exec_driver_sql("set local enable_seqscan = off")
            plans = connection.execute(asked, params).scalar_one()
            leading = {row.relname: row.attname for row in connection.execute(LEADING)}
        found = faults(plans[0]["Plan"], leading=leading)
        self.seen.append(Seen(name_of(statement), tuple(found)))


def name_of(statement: TextClause) -> str:
    """The name on a statement's first line; empty without one."""
    first = statement.text.strip().partition("\n")[0]
    return first.removeprefix("-- ") if first.startswith("-- ") else ""


def faults(plan: Plan, *, leading: Leading, is_limited: bool = False) -> Iterator[str]:
    """What is read whole: a large table, or an index of one, not entered by its first column."""
    kind, relation = plan["Node Type"], plan.get("Relation Name", "")
    if _is_large(relation) and kind in {"Seq Scan", "Sample Scan"}:
        yield f"reads all of {relation}"
    used = plan.get("Index Name")
    if used in leading and not is_limited and leading[used] not in plan.get("Index Cond", ""):
        yield f"reads all of the index {used}"
    # Under a limit an index in the wanted order is left after a few rows, unless they are all
    # needed before the first can be given.
    gathers = kind in {"Sort", "Aggregate", "WindowAgg", "Hash"}
    limited = kind == "Limit" or (is_limited and not gathers)
    for child in plan.get("Plans", []):
        yield from faults(child, leading=leading, is_limited=limited)


def _is_large(relation: str) -> bool:
    return relation in schema.LARGE_TABLES or relation.startswith("analytics_events_")
