"""Half a million raw events as CSV, beside pandas.read_sql of the same statement."""

import json
import subprocess
import sys
from statistics import median
from typing import Final

from benchmarks.results import Result
from benchmarks.stage import ROOT, Stage
from dashboard.demo import environment
from data.raw import MOST

ROUNDS: Final = 5
QUICK_ROUNDS: Final = 1
TARGET_RATIO: Final = 4
TARGET_MB: Final = 300
WITHIN_S: Final = 300
# The newest whole hours that are over and hold no more than an export may.
_PERIOD: Final = """
    with hourly as (
        select hour, sum(n) as n from roll_hour
        where hour < date_trunc('hour', now()) - interval '2 hours'
        group by hour
    ),
    summed as (select hour, sum(n) over (order by hour desc) as n from hourly)
    select min(hour), date_trunc('hour', now()) - interval '2 hours'
    from summed where n <= %s
"""

Taken = tuple[float, float, int, int]


def measure(stage: Stage) -> list[Result]:
    """How much faster it is, by the median of paired ratios, and its largest memory."""
    told = _told(stage)
    mine: list[Taken] = []
    theirs: list[Taken] = []
    for _ in range(QUICK_ROUNDS if stage.is_quick else ROUNDS):
        mine.append(_export("csv", told))
        theirs.append(_export("pandas", told))
    rows = {each[2] for each in (*mine, *theirs)}
    if len(rows) != 1:
        raise RuntimeError(f"The two found different numbers of rows: {sorted(rows)}.")
    seconds = [median(each[0] for each in some) for some in (mine, theirs)]
    found: dict[str, object] = {
        **stage.size,
        "rounds": len(mine),
        "rows": rows.pop(),
        "csv_mb": round(mine[0][3] / 1e6, 1),
        "median_s": round(seconds[0], 2),
        "pandas_median_s": round(seconds[1], 2),
        "pandas_mb": round(max(each[1] for each in theirs)),
    }
    ratio = median(other[0] / own[0] for own, other in zip(mine, theirs, strict=True))
    memory = max(each[1] for each in mine)
    return [
        Result("export, times faster than read_sql", ratio, "x", TARGET_RATIO, "higher", found),
        Result("export, memory it adds", memory, "MB", TARGET_MB, context=found),
    ]


def _told(stage: Stage) -> str:
    """What an exporting process is told, its database's address among it: not on a command line."""
    with stage.sources() as sources, stage.connection() as connection:
        zone = sources.zone.key
        found = connection.execute(_PERIOD, [MOST]).fetchone()
    assert found is not None
    since, until = (moment.isoformat() for moment in found)
    url = stage.house.postgres.url(environment.QUESTIONS)
    return json.dumps({"url": url, "since": since, "until": until, "zone": zone})


def _export(how: str, told: str) -> Taken:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.analytics._exporter", how],
        input=told,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"The export by {how} failed: {done.stderr.strip()[-500:]}")
    seconds, megabytes, rows, size = json.loads(done.stdout)
    return seconds, megabytes, rows, size
