"""Weeks of metrics for a Prometheus that has just been born, as blocks made by promtool.

promtool reads its whole input once for each block, so every block gets a file of its own; two are
made at a time while the next file is written.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from itertools import groupby
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Final

import numpy as np
import psycopg

from dashboard.demo.platform import state
from dashboard.demo.platform.meter import Meter, Reading
from dashboard.demo.platform.rhythm import epoch
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.sheet import JOBS, MINUTE_S, Family, Job, Labels

DAYS: Final = 14
INSTANCE: Final = "demo"
"""Label of all three jobs: the port of the exporter may change, the series shall not."""
PATHS: Final[Mapping[Job, str]] = {
    "platform": "/metrics",
    "postgres": "/metrics/postgres",
    "redis": "/metrics/redis",
}
_BLOCK_S: Final = (
    18 * 3600
)  # the largest of promtool's own lengths (2 h times powers of 3) in a day
_AT_A_TIME: Final = 2

Progress = Callable[[str], None]


class BackfillFailed(Exception):
    """promtool did not accept the metrics; the message is its own last line."""


def setting_of(database_url: str) -> Setting:
    """The setting of the marketplace in a database. Raises state.NotFilled."""
    with psycopg.connect(database_url) as connection:
        return state.recall(connection)


def backfill(
    folder: Path, setting: Setting, *, promtool: str | Path, since: datetime, until: datetime,
    progress: Progress,
) -> int:  # fmt: skip
    """Add blocks for [since, until) to the data folder of a stopped Prometheus; returns how many.

    `since` shall be where its newest block ends, or DAYS ago: a block that is newer than the
    write-ahead log makes Prometheus drop what the log holds.
    """
    meter = Meter(setting)
    first = np.ceil(epoch(since) / MINUTE_S) * MINUTE_S
    meter.skip_to(first)
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(mkdtemp(prefix="backfill-", dir=folder.parent))
    try:
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            pending: list[Future[None]] = []
            for number, minutes in enumerate(_spans(meter.minute_s, epoch(until))):
                if len(pending) >= _AT_A_TIME:
                    pending[-_AT_A_TIME].result()  # no more files than are being read
                source = _write(work / f"{number}.om", meter, minutes)
                pending.append(pool.submit(_make_block, promtool, source))
                reached = datetime.fromtimestamp(meter.minute_s, until.tzinfo)
                progress(f"Metrics up to {reached:%d %b %H:%M}")
            for one in pending:
                one.result()
        return _move_blocks(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _spans(first_s: float, until_s: float) -> Iterator[int]:
    """Numbers of minutes that each lie within one block."""
    while first_s < until_s:
        end = min((first_s // _BLOCK_S + 1) * _BLOCK_S, until_s)
        minutes = int(np.ceil((end - first_s) / MINUTE_S))
        yield minutes
        first_s += minutes * MINUTE_S


def _write(path: Path, meter: Meter, minutes: int) -> Path:
    at = (meter.minute_s + np.arange(minutes) * MINUTE_S).astype(np.int64)
    stamps = [f" {second}\n" for second in at.tolist()]
    with path.open("w", encoding="ascii") as file:
        readings = meter.minutes(minutes)
        for family, lines in groupby(readings, key=lambda reading: reading.line.family):
            _write_family(file, family, list(lines), stamps)
        file.write("# TYPE up gauge\n")
        for job in JOBS:
            _write_series(file, f'up{{job="{job}",instance="{INSTANCE}"}} ', [1] * minutes, stamps)
        file.write("# EOF\n")
    return path


def _write_family(
    file: IO[str], family: Family, readings: Sequence[Reading], stamps: Sequence[str]
) -> None:
    name, kind = family.name.removesuffix("_total"), family.kind
    if kind == "counter" and name == family.name:
        kind = "unknown"  # type: ignore[assignment]  # OpenMetrics has no counter without the suffix
    file.write(f"# TYPE {name} {kind}\n# HELP {name} {family.help}\n")
    for reading in readings:
        line = reading.line
        whole = line.grows and line.is_whole
        values = reading.values.astype(np.int64) if whole else np.round(reading.values, 5)
        prefix = f"{line.sample}{_braces(line.labels, family.job)} "
        _write_series(file, prefix, values.tolist(), stamps)


def _braces(labels: Labels, job: str) -> str:
    named = (*labels, ("job", job), ("instance", INSTANCE))
    return "{" + ",".join(f'{key}="{value}"' for key, value in named) + "}"


def _write_series(
    file: IO[str], prefix: str, values: Sequence[float], stamps: Sequence[str]
) -> None:
    file.write("".join([f"{prefix}{v}{s}" for v, s in zip(values, stamps, strict=True)]))


def _make_block(promtool: str | Path, source: Path) -> None:
    made = subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet",
         "--max-block-duration=24h", source, source.with_suffix("")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    source.unlink()
    if made.returncode:
        said = made.stderr.strip().splitlines() or ["it said nothing"]
        raise BackfillFailed(said[-1])


def _move_blocks(work: Path, folder: Path) -> int:
    """All blocks or none: they are moved only after the last one is whole."""
    blocks = [meta.parent for meta in work.glob("*/*/meta.json")]
    for block in blocks:
        block.rename(folder / block.name)
    return len(blocks)
