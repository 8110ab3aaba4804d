"""`python -m benchmarks`: measures, prints a table, writes benchmarks/results/latest.json."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

import click
import psutil

from benchmarks.registry import Measurement, ground, measurements
from benchmarks.results import LATEST, Result, summary, table, write
from benchmarks.stage import QUICK as QUICK_STAGE
from benchmarks.stage import stage

QUICK: Final = LATEST.with_name("quick.json")
FAILED: Final = 1


@click.command()
@click.option("--only", help="One part (foundation), or one measurement (foundation.push).")
@click.option("--quick", is_flag=True, help="Tiny numbers, to try the measurements themselves.")
def main(only: str | None, *, quick: bool) -> None:
    """Measure Atalaya on this machine, everything on loopback.

    The exit status is 0 also when targets are missed: the table says which. It is 1 when something
    could not be measured at all.
    """
    try:
        wanted = measurements(only)
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from error
    began = time.monotonic()
    busy = psutil.getloadavg()[0]
    path = QUICK if quick else LATEST
    results: list[Result] = []
    for found in chain(_staged(wanted, quick=quick), _alone(wanted, quick=quick)):
        results += found
        write(results, path)  # at once: who stops a long run keeps what it had found
    _show(results, path, seconds=time.monotonic() - began, busy=busy)
    sys.exit(FAILED if any(result.value is None for result in results) else 0)


def _staged(wanted: Sequence[Measurement], *, quick: bool) -> Iterator[list[Result]]:
    """Those that need a running Atalaya: all on the same data in one."""
    staged = [each for each in wanted if each.staged is not None]
    grounds = {each.part: QUICK_STAGE if quick else ground(each.part) for each in staged}
    for needed in dict.fromkeys(grounds.values()):
        with stage(needed, quick=quick) as ready:
            for each in staged:
                if each.staged is not None and grounds[each.part] == needed:
                    measure = each.staged
                    yield _measured(each, lambda measure=measure: measure(ready))  # type: ignore[misc]  # mypy does not infer a lambda's default


def _alone(wanted: Sequence[Measurement], *, quick: bool) -> Iterator[list[Result]]:
    """Those that want the machine to themselves."""
    for each in wanted:
        if each.alone is not None:
            measure = each.alone
            yield _measured(each, lambda measure=measure: measure(quick=quick))  # type: ignore[misc]  # likewise


def _measured(which: Measurement, measure: Callable[[], list[Result]]) -> list[Result]:
    began, busy = time.monotonic(), psutil.getloadavg()[0]
    click.echo(f"· measuring {which.part}.{which.name} ...")
    try:
        results = measure()
    except Exception as error:  # noqa: BLE001 - one that fails must not lose what the others found
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
        return [Result(f"{which.part}.{which.name}", None, "", context={"failed": reason})]
    click.echo(f"  {time.monotonic() - began:.0f} s")
    load = {"load_before": round(busy, 1), "load_after": round(psutil.getloadavg()[0], 1)}
    return [replace(result, context={**result.context, **load}) for result in results]


def _show(results: Sequence[Result], path: Path, *, seconds: float, busy: float) -> None:
    click.echo(f"\n{table(results)}\n")
    click.echo(f"{summary(results)}, measured in {seconds:.0f} s; details are in {path}")
    if busy > 1:
        click.echo(f"Other work was running when this began (load {busy:.1f}): times are too high.")


if __name__ == "__main__":
    main()
