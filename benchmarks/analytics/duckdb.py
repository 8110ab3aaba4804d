"""Ten classical questions on the rollups, beside DuckDB on Parquet; answers first, then times."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from statistics import median
from typing import Any, Final

import duckdb
import psycopg

from benchmarks.analytics import _parquet
from benchmarks.analytics._classical import CLASSICS, Classic
from benchmarks.results import Result, percentile
from benchmarks.stage import Stage

ROUNDS: Final = 21
QUICK_ROUNDS: Final = 2
TARGET_RATIO: Final = 0.1
TARGET_MS: Final = 50
SETTLES_WITHIN_S: Final = 120
Rows = list[tuple[Any, ...]]


class AnswersDifferError(Exception):
    """The rollups and raw rows do not say the same, so their times say nothing."""


def measure(stage: Stage) -> list[Result]:
    """The median of the paired ratios of the question that gains least, and each one's times."""
    rounds = QUICK_ROUNDS if stage.is_quick else ROUNDS
    with stage.sources() as sources, stage.connection() as connection:
        zone = sources.zone.key
        with one_moment(connection) as newest:
            files = _parquet.raw(stage, connection, zone=zone)
            with files.connect() as duck:
                pairs = [
                    (each, *_statements(each, until=files.until, newest=newest, zone=zone))
                    for each in CLASSICS
                ]
                _compare(pairs, connection, duck)
                took = _in_turn(pairs, connection, duck, rounds)
        megabytes = files.events.stat().st_size / 1e6
    ratios = {name: median(a / b for a, b in times) for name, times in took.items()}
    p95 = {name: percentile([mine for mine, _ in times], 0.95) for name, times in took.items()}
    size = {**stage.size, "rounds": rounds}
    found: dict[str, object] = {
        **size,
        "duckdb": duckdb.__version__,
        "threads": _parquet.THREADS,
        "parquet_mb": round(megabytes, 1),
        "ratio_and_medians_ms": {
            name: (round(ratios[name], 5), *_medians(times)) for name, times in took.items()
        },
    }
    worst: dict[str, object] = {**size, "p95_ms": {name: round(ms, 1) for name, ms in p95.items()}}
    within = sum(1 for ratio in ratios.values() if ratio <= TARGET_RATIO)
    return [
        Result(
            "classical question, ratio to DuckDB",
            max(ratios.values()),
            "x",
            TARGET_RATIO,
            context=found,
        ),
        Result(
            "classical questions within 0.1 of DuckDB",
            within,
            f"of {len(ratios)}",
            len(ratios),
            "higher",
            size,
        ),
        Result(
            "slowest classical question, p95", max(p95.values()), "ms", TARGET_MS, context=worst
        ),
    ]


def _medians(times: list[tuple[float, float]]) -> list[float]:
    return [round(median(each), 2) for each in zip(*times, strict=True)]


@contextmanager
def one_moment(connection: psycopg.Connection) -> Iterator[date]:
    """Hold one moment of the database in which the rollups hold every payment.

    Gives the newest payment day. The feed goes on; this connection does not see it.
    """
    deadline = time.monotonic() + SETTLES_WITHIN_S
    while time.monotonic() < deadline:
        connection.execute("begin isolation level repeatable read read only")
        behind, newest = connection.execute(
            """
            select exists (select from payments where tx >= tx_done), as_of
            from rollup_state
            """
        ).fetchone() or (True, None)
        if not behind:
            try:
                yield newest
            finally:
                connection.execute("rollback")
            return
        connection.execute("rollback")
        time.sleep(0.5)
    raise RuntimeError(f"The rollups did not catch up within {SETTLES_WITHIN_S} s.")


def _statements(classic: Classic, *, until: date, newest: date, zone: str) -> tuple[str, str]:
    words = classic.times(until=until, newest=newest, zone=zone).words
    return classic.kept.format(**words), classic.raw.format(**words)


def _compare(
    pairs: list[tuple[Classic, str, str]],
    connection: psycopg.Connection,
    duck: duckdb.DuckDBPyConnection,
) -> None:
    """Raise AnswersDifferError unless each pair of answers holds the same rows, and some."""
    for classic, kept, raw in pairs:
        mine = _plain(connection.execute(kept.encode()).fetchall())
        theirs = _plain(duck.execute(raw).fetchall())
        if mine != theirs or not mine:
            apart = sorted(set(mine) ^ set(theirs))[:6]
            sizes = f"{len(mine)} and {len(theirs)} rows"
            raise AnswersDifferError(f"{classic.name}: {sizes}, apart: {apart}")


def _plain(rows: Rows) -> Rows:
    """Rows of both engines alike: whole numbers as int, in one order."""
    return sorted(
        tuple(value if isinstance(value, str | date) else int(value) for value in row)
        for row in rows
    )


def _in_turn(
    pairs: list[tuple[Classic, str, str]],
    connection: psycopg.Connection,
    duck: duckdb.DuckDBPyConnection,
    rounds: int,
) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of both for each question; the first round only warms up."""
    took: dict[str, list[tuple[float, float]]] = {classic.name: [] for classic, _, _ in pairs}
    for number in range(rounds + 1):
        for classic, kept, raw in pairs:
            began = time.perf_counter()
            connection.execute(kept.encode()).fetchall()
            between = time.perf_counter()
            duck.execute(raw).fetchall()
            ended = time.perf_counter()
            if number:
                took[classic.name].append(((between - began) * 1000, (ended - between) * 1000))
    return took
