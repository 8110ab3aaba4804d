"""What a measurement is, and how all of them are shown and kept."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal

LATEST: Final = Path(__file__).parent / "results" / "latest.json"
VERDICTS: Final = {True: "met", False: "MISSED", None: "-"}


@dataclass(frozen=True, slots=True)
class Result:
    """One number, what it had to be, and what it was measured on.

    `target` None: nothing was promised, the number is there to be read. `value` None: it could not
    be measured; `context` says why, and it counts as missed.
    """

    name: str
    value: float | None
    unit: str
    target: float | None = None
    better: Literal["lower", "higher"] = "lower"
    context: dict[str, object] = field(default_factory=dict)

    @property
    def ok(self) -> bool | None:
        """Whether the target is met; None when nothing was promised."""
        if self.value is None:
            return False
        if self.target is None:
            return None
        return self.value <= self.target if self.better == "lower" else self.value >= self.target

    def record(self) -> dict[str, object]:
        """As kept in the file of results."""
        return {**asdict(self), "ok": self.ok}


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1] of all values do not exceed.

    Nearest rank: it always is a value that was measured. Raises ValueError without values.
    """
    if not values:
        raise ValueError("no values were measured")
    ranked = sorted(values)
    rank = -(-len(ranked) * round(share * 1000) // 1000)
    return ranked[max(rank, 1) - 1]


def summary(results: Sequence[Result]) -> str:
    """How many targets are met, in one line."""
    judged = [result for result in results if result.ok is not None]
    met = sum(1 for result in judged if result.ok)
    missed = ", ".join(result.name for result in judged if not result.ok)
    line = f"{met} of {len(judged)} targets met"
    return f"{line}; missed: {missed}" if missed else line


def table(results: Sequence[Result]) -> str:
    """All results as aligned text."""
    rows = [("name", "value", "unit", "target", "")]
    rows += [_cells(result) for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def merged(kept: Sequence[dict[str, object]], fresh: Sequence[Result]) -> list[dict[str, object]]:
    """What was kept before with the fresh results in place of their namesakes.

    What could not be measured before is not kept: it may have been measured under its names now.
    """
    names = {result.name for result in fresh}
    old = (each for each in kept if each.get("name") not in names)
    return [
        *(each for each in old if each.get("value") is not None),
        *(result.record() for result in fresh),
    ]


def write(results: Sequence[Result], path: Path = LATEST) -> None:
    """Keep the results; those of other parts, measured before, stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text()) if path.exists() else []
    path.write_text(json.dumps(merged(kept, results), indent=2) + "\n")


def _cells(result: Result) -> tuple[str, str, str, str, str]:
    sign = "<=" if result.better == "lower" else ">="
    target = "" if result.target is None else f"{sign} {_number(result.target)}"
    verdict = VERDICTS[result.ok]
    return result.name, _number(result.value), result.unit, target, verdict


def _number(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, value, unit, target, verdict = row
    cells = (
        name.ljust(widths[0]),
        value.rjust(widths[1]),
        unit.ljust(widths[2]),
        target.ljust(widths[3]),
        verdict,
    )
    return "  ".join(cells).rstrip()
