"""The two things that happen to cells: a difference is added, and what fell to zero goes."""

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause


def add(name: str, table: str, *, keys: str, measures: str, query: str) -> TextClause:
    """Add the rows of `query`, grouped by the full key so that a cell is touched once."""
    sums = ", ".join(f"{each} = cell.{each} + excluded.{each}" for each in names(measures))
    return text(f"""
        -- services.rollups.{name}
        insert into {table} as cell ({keys}, {measures})
        {query}
        on conflict ({keys}) do update set {sums}
    """)


def drop_empty(name: str, table: str, *, keys: str, measure: str, touched: str) -> TextClause:
    """Delete the cells that are 0 now: without them, a rollup equals its recompute.

    `touched` is a relation of the keys that were decremented.
    """
    same = " and ".join(f"cell.{each} = touched.{each}" for each in names(keys))
    return text(f"""
        -- services.rollups.{name}
        delete from {table} as cell
        using (select distinct {keys} from {touched}) as touched
        where cell.{measure} = 0 and {same}
    """)  # noqa: S608 - our own names


def names(listed: str) -> list[str]:
    """The names of a comma-separated list."""
    return [each.strip() for each in listed.split(",")]
