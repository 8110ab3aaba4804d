"""A database that came from another cluster (a restored dump, logical replication, an upgrade).

The ids of its transactions mean nothing here: rows would be consumed twice or never. All rows get
the same old id, so that one rebuild takes them, and rows written from now on get ids of this
cluster. A constant default is kept once for all rows: no row is rewritten.
"""

from typing import Final

from sqlalchemy import Connection, text

from data.connection import one_off, translated
from data.migrations.steps import is_ours
from services.errors import Unavailable
from services.rollups.state import HOME

TABLES: Final = ("analytics_events", "payments")

# 3 is the first id that any cluster gives out: it ended before everything.
_RENUMBER: Final = """
    alter table {table} drop column tx;
    alter table {table} add column tx xid8 not null default '3';
    alter table {table} alter column tx set default pg_current_xact_id();
    create index {table}_tx_idx on {table} (tx);
    comment on column {table}.tx is
        'Transaction that wrote this row last; must move on every update';
"""

_START_OVER: Final = text("""
    -- services.rollups.adopt.start_over
    update rollup_state
    set tx_done = '0', system_identifier = null, definition = null
    where id = 1
""")


def adopt(url: str) -> bool:
    """Give the rows of events and payments ids of this cluster; False when they have them.

    Needs a login that owns the tables, and writers wait while it runs (an index is made). Rebuild
    afterwards. Raises Unavailable when a table is the platform's own, and SourceDown.
    """
    with one_off(url) as connection, translated():
        found = connection.execute(HOME).mappings().one()
        if found["is_home"]:
            return False
        _refuse_theirs(connection)
        for table in TABLES:
            _run(connection, _RENUMBER.format(table=table))
        connection.execute(_START_OVER)
        connection.commit()
    return True


def _refuse_theirs(connection: Connection) -> None:
    for table in TABLES:
        if not is_ours(connection, table):
            raise Unavailable(
                f"{table} was there before Atalaya, which does not alter it.",
                f"As its owner, run: {' '.join(_RENUMBER.format(table=table).split())} Then set "
                "rollup_state.tx_done to '0' and system_identifier to null, and rebuild.",
            )


def _run(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
