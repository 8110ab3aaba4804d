"""One export of raw events in a process of its own; prints its seconds and its memory as JSON.

python -m benchmarks.analytics._exporter csv|pandas  <  {"url", "since", "until", "zone"} as JSON
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import create_engine

from data.database import Database
from data.period import Filters, Period, Selection
from data.raw import EVENTS, rows_as_csv

STATUS: Final = Path("/proc/self/status")


def main() -> None:
    """Export once and say what it took."""
    told = json.load(sys.stdin)
    period = Period(*(datetime.fromisoformat(told[name]) for name in ("since", "until")))
    filters = Filters(period, Selection(), ZoneInfo(told["zone"]))
    how = {"csv": _csv, "pandas": _pandas}[sys.argv[1]]
    before = _peak_mb()
    began = time.perf_counter()
    rows, size = how(told["url"], filters)
    seconds = time.perf_counter() - began
    print(json.dumps([seconds, _peak_mb() - before, rows, size]))


def _csv(url: str, filters: Filters) -> tuple[int, int]:
    """Take the blocks as a download does; gives rows and bytes."""
    db = Database(url)
    rows = size = 0
    try:
        with rows_as_csv(db, filters, kind="events") as blocks:
            for block in blocks:
                rows += block.count(b"\n")
                size += len(block)
    finally:
        db.dispose()
    return rows - 1, size


def _pandas(url: str, filters: Filters) -> tuple[int, int]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    values: dict[str, Any] = filters.sql()
    named = {name: values[name] for name in EVENTS.compile().params}
    with engine.connect() as connection:
        frame = pd.read_sql(EVENTS, connection, params=named)
    return len(frame), 0


def _peak_mb() -> float:
    """The most that this program had in memory; getrusage would count its parent's as well."""
    (line,) = (each for each in STATUS.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
