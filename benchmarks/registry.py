"""Finds measurements: every module of a part's folder. A later part adds one by adding a file.

A module `benchmarks/<part>/<name>.py` (its name not beginning with `_`) has

    def measure(stage: Stage) -> list[Result]

or, when it wants the machine to itself, with nothing of the stage running beside it,

    def measure_alone(*, quick: bool) -> list[Result]

How much data the stage of a part holds, and the folder that keeps it, are EVENTS and FOLDER of the
part's own module; without them it is the usual stage.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.results import Result

if TYPE_CHECKING:
    from benchmarks.stage import Stage

HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Ground:
    """What a part is measured on: a folder of `.demo-bench/` and how many events it begins with."""

    folder: str
    events: int


USUAL: Final = Ground("full", 2_000_000)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One module's way to measure."""

    part: str
    name: str
    staged: "Callable[[Stage], list[Result]] | None"
    alone: Callable[..., list[Result]] | None


def parts() -> list[str]:
    """The folders that hold measurements."""
    return sorted(path.parent.name for path in HERE.glob("*/__init__.py"))


def measurements(wanted: str | None = None) -> list[Measurement]:
    """All of them, of one part (`foundation`), or one alone (`foundation.push`).

    Raises LookupError when there is none of that name.
    """
    names = [
        (part, module.name)
        for part in parts()
        for module in pkgutil.iter_modules([str(HERE / part)])
        if not module.name.startswith("_") and wanted in {None, part, f"{part}.{module.name}"}
    ]
    if not names:
        raise LookupError(f"There is no measurement {wanted!r}; parts are {', '.join(parts())}.")
    return [_measurement(part, name) for part, name in names]


def ground(part: str) -> Ground:
    """What the stage of a part holds."""
    module = importlib.import_module(f"benchmarks.{part}")
    return Ground(getattr(module, "FOLDER", USUAL.folder), getattr(module, "EVENTS", USUAL.events))


def _measurement(part: str, name: str) -> Measurement:
    module = importlib.import_module(f"benchmarks.{part}.{name}")
    staged, alone = getattr(module, "measure", None), getattr(module, "measure_alone", None)
    if (staged is None) == (alone is None):
        raise TypeError(f"benchmarks/{part}/{name}.py needs either measure or measure_alone.")
    return Measurement(part, name, staged, alone)
