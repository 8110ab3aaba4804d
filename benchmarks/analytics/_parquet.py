"""The stage's raw rows as zstd Parquet in order of time, as an analyst would keep them."""

import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import duckdb
import psycopg

from benchmarks.stage import Stage

THREADS: Final = 2
_EVENTS: Final = """
    select occurred_at at time zone '{zone}' as local_at, visitor_id, session_id, step,
        analytics_events.name, device, province, referral, tenant
    from analytics_events join event_names on event_names.id = analytics_events.name
"""
# Those that the rollups hold: a payment that changes later has moved behind the mark.
_PAYMENTS: Final = """
    select created_at at time zone '{zone}' as created_at,
        approved_at at time zone '{zone}' as approved_at, visitor_id, provider_id, method,
        instalments, status, currency, amount_minor as amount
    from payments
    where tx < (select tx_done from rollup_state)
"""


@dataclass(frozen=True, slots=True)
class Raw:
    """Where the files are, and up to which local day (excluded) all is in them."""

    events: Path
    payments: Path
    until: date

    def connect(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with both files as views, on as many threads as the machine is reckoned with."""
        found = duckdb.connect(config={"threads": THREADS})
        for name, path in (("events", self.events), ("payments", self.payments)):
            found.execute(f"create view {name} as select * from read_parquet('{path}')")  # noqa: S608 - our own names
        return found


def raw(stage: Stage, connection: psycopg.Connection, *, zone: str) -> Raw:
    """The files; events are written once per stage, payments anew because they change.

    `connection` sees one moment. A day is left out at the end, in which sessions may go on.
    """
    folder = stage.home.root / "parquet"
    folder.mkdir(exist_ok=True)
    events, payments, made = (
        folder / name for name in ("events.parquet", "payments.parquet", "made.json")
    )
    if not made.exists():
        today = _one(connection, f"select (now() at time zone '{zone}')::date::text")
        _written(connection, _EVENTS.format(zone=zone), events, order="local_at")
        made.write_text(json.dumps({"until": str(date.fromisoformat(today) - timedelta(days=1))}))
    _written(connection, _PAYMENTS.format(zone=zone), payments, order="approved_at")
    return Raw(events, payments, date.fromisoformat(json.loads(made.read_text())["until"]))


def _written(connection: psycopg.Connection, query: str, path: Path, *, order: str) -> None:
    """Copy what a query finds to a Parquet file, by way of a CSV file that is removed."""
    text = path.with_suffix(".csv")
    copied = f"copy ({query}) to stdout with (format csv, header)"
    try:
        with text.open("wb") as file, connection.cursor().copy(copied.encode()) as rows:
            for block in rows:
                file.write(block)
        spill = path.with_suffix(".spill")
        with duckdb.connect(
            config={"threads": THREADS, "memory_limit": "4GB", "temp_directory": str(spill)}
        ) as writer:
            ordered = f"select * from read_csv('{text}') order by {order}"  # noqa: S608 - our own names
            writer.execute(f"copy ({ordered}) to '{path}' (format parquet, compression zstd)")
        shutil.rmtree(spill, ignore_errors=True)
    finally:
        text.unlink(missing_ok=True)


def _one(connection: psycopg.Connection, statement: str) -> str:
    found = connection.execute(statement.encode()).fetchone()
    assert found is not None
    return str(found[0])
