"""What a signal is: the entries of signals.toml, checked when they are read."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

Level = Literal["critical", "warning"]

DEFAULT_FILE: Final = Path(__file__).with_name("signals.toml")

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DURATION: Final = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PLACEHOLDER: Final = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")
_NO_KEY: Final = "extra_forbidden"


class SignalsInvalid(ValueError):
    """The signals file cannot be used; the message names the file, the entry and what to change."""


def _seconds(value: object) -> int:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write a duration such as "90s", "5m", "26h" or "2d"')
    return int(found.group(1)) * _SECONDS[found.group(2)]


Duration = Annotated[int, BeforeValidator(_seconds)]


class Thresholds(BaseModel):
    """From where on a value is a warning, and from where on it is critical; None: never."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    warning: float | None = None
    critical: float | None = None


class Signal(BaseModel):
    """One named measure: how to ask for it, how to read it, and when it is wrong.

    `promql` is asked when Prometheus is configured, `sql` (or production_metrics) when it is not; a
    signal with `sql` alone always comes from Postgres. Durations are seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    title: str = Field(min_length=1)
    group: str = Field(default="platform", pattern=r"^[a-z][a-z0-9_-]*$")
    unit: Literal["", "ms", "s", "%", "/s", "count", "bytes", "state"]
    good: Literal["down", "up"]
    warning: float | None = None
    critical: float | None = None
    comparator: Literal[">", ">=", "<", "<="] | None = None
    for_s: Duration = Field(default=300, alias="for")
    window_s: Duration = Field(default=300, alias="window")
    absent_for_s: Duration | None = Field(default=None, alias="absent_for")
    promql: str | None = None
    sql: str | None = None
    series_label: str | None = Field(default=None, alias="series", pattern=r"^[a-zA-Z_]\w*$")
    events: str | None = None
    min_events: int = Field(default=0, ge=0)
    needs: tuple[str, ...] = ()
    by_series: Mapping[str, Thresholds] = {}

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        complaint = next(_complaints(self), None)
        if complaint:
            raise ValueError(complaint)
        return self

    def thresholds(self, series: str = "") -> Thresholds:
        """Give the thresholds of one series: its own, or the signal's."""
        return self.by_series.get(series) or Thresholds(
            warning=self.warning, critical=self.critical
        )

    def level(self, value: float, series: str = "") -> Level | None:
        """Say how wrong a value is; None when it is not."""
        limits = self.thresholds(series)
        if self.breaches(value, limits.critical):
            return "critical"
        return "warning" if self.breaches(value, limits.warning) else None

    def judged(self, value: float, series: str = "", *, events: float) -> Level | None:
        """Say how wrong a value is, given the cases behind it: too few of them are no judgement.

        `events` NaN means that nobody counts them, and the value is taken as it is.
        """
        return None if events < self.min_events else self.level(value, series)

    def breaches(self, value: float, limit: float | None) -> bool:
        """Say whether a value is on the wrong side of a limit."""
        if limit is None or self.comparator is None:
            return False
        if value == limit:
            return self.comparator in {">=", "<="}
        return (value > limit) == self.comparator.startswith(">")

    def query(self, template: str, *, window_s: int, step_s: int) -> str:
        """Fill a PromQL template of this signal in; the window never falls short of the step."""
        filled = template.replace("{window}", duration(max(window_s, step_s)))
        return " ".join(filled.replace("{step}", duration(step_s)).split())

    def all_thresholds(self) -> dict[str, Thresholds]:
        """Give every set of thresholds by series; "" is the signal's own."""
        return {"": self.thresholds(), **self.by_series}


def duration(seconds: int) -> str:
    """Write seconds as people and Prometheus do: 90s, 5m, 26h, 2d."""
    for unit, length in reversed(_SECONDS.items()):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    raise AssertionError(seconds)


def load_definitions(path: Path | None = None) -> dict[str, Signal]:
    """Read the default signals, with the entries of the adopter's file in place of theirs.

    An entry of `path` replaces the default of the same name as a whole; new names are added.
    Raises SignalsInvalid.
    """
    signals = _read(DEFAULT_FILE)
    return signals if path is None else {**signals, **_read(path)}


def _read(path: Path) -> dict[str, Signal]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SignalsInvalid(f"The signals file {path.name} cannot be read.") from error
    except tomllib.TOMLDecodeError as error:
        raise SignalsInvalid(f"The signals file {path.name} is not TOML: {error}.") from error
    entries = tables.pop("signals", {})
    if tables or not isinstance(entries, dict):
        raise SignalsInvalid(
            f"The signals file {path.name} holds something else than [signals.<name>] entries."
        )
    return {name: _signal(name, entry, path.name) for name, entry in entries.items()}


def _signal(name: str, entry: object, file: str) -> Signal:
    where = f"signals.{name} in {file}"
    if not _NAME.fullmatch(name):
        raise SignalsInvalid(f"{where}: a name is lower-case letters, digits and underscores.")
    if not isinstance(entry, dict) or "name" in entry:
        raise SignalsInvalid(f'{where}: write it as a table; "name" is the table\'s own name.')
    try:
        return Signal(name=name, **entry)
    except ValidationError as error:
        raise SignalsInvalid("\n".join(_sentences(where, error))) from error


def _sentences(where: str, error: ValidationError) -> list[str]:
    """Put pydantic's findings as sentences that name the entry and the key."""
    found = []
    for one in error.errors():
        key = ".".join(str(part) for part in one["loc"])
        said = "is not a known key" if one["type"] == _NO_KEY else one["msg"]
        said = said.removeprefix("Value error, ")
        found.append(f"{where}: {key} {said}." if key else f"{where}: {said}.")
    return found


def _complaints(signal: Signal) -> Iterator[str]:
    """Say what each key alone cannot: whether the entry makes sense as a whole."""
    templates = [text for text in (signal.promql, signal.events) if text]
    named = {name for text in templates for name in _PLACEHOLDER.findall(text)}
    unknown = named - {"window", "step"}
    if not (signal.promql or signal.sql):
        yield "give a promql or an sql, else nobody can be asked"
    if unknown:
        yield f"{{{min(unknown)}}} is no placeholder; use {{window}} or {{step}}"
    if signal.sql and not {":since", ":until"} <= set(re.findall(r":\w+", signal.sql)):
        yield "sql must be bounded by :since and :until"
    if signal.by_series and not signal.series_label:
        yield "by_series needs series, the label that tells its lines apart"
    yield from _threshold_complaints(signal)


def _threshold_complaints(signal: Signal) -> Iterator[str]:
    limits = list(signal.all_thresholds().values())
    if signal.comparator is None:
        if any(one.warning is not None or one.critical is not None for one in limits):
            yield "a threshold needs a comparator"
        return
    for one in limits:
        if one.warning is None or one.critical is None:
            continue
        if (one.critical < one.warning) == signal.comparator.startswith(">"):
            yield "critical must lie beyond warning, as the comparator looks"
