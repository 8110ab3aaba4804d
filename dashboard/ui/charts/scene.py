"""What a drawing is given and what it gives back, whatever its kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from pandas import DataFrame

from dashboard.ui.numbers import Format
from dashboard.ui.theme import Theme

POINTS: Final = 500
"""The most points that one trace carries; charts are about 600 px wide."""

Json: TypeAlias = dict[str, Any]
"""A piece of a figure or of a table on its way to the browser."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line that a signal should not cross, in the signal's unit."""

    value: float
    tone: Literal["warning", "critical"]
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: a deploy, an alert, a flag change."""

    at: datetime
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Scene:
    """How and for whom to draw: the same value in another scene is another picture.

    `previous` is the value of the comparison period, `shift` how far it lies back and `compared`
    its name in words. `revision` identifies the viewer's selection: while it stays, zoom stays.
    `region` is the code of the province that the page is filtered by.
    """

    theme: Theme
    format: Format
    unit: str = ""
    thresholds: tuple[Threshold, ...] = ()
    marks: tuple[Mark, ...] = ()
    previous: object | None = None
    shift: timedelta = timedelta()
    compared: str = ""
    now: datetime | None = None
    revision: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name in the data, its words, its unit and how it is shown.

    `kind` is "text", "word" (a name of ours, written as people do), "link" (text that chooses its
    row), "rank", "number", "bar" (a number over a bar), "delta" (a signed change), "moment",
    "status" or "spark". `cases` names the column with the denominator of a rate, `currency` the one
    with the currency of each row's amount, whose unit is then " minor". `sort` is what the address
    says to have a paged table ordered by it; without it nobody can.
    """

    name: str
    label: str
    unit: str = ""
    kind: str = "text"
    cases: str = ""
    currency: str = ""
    sort: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the column holds numbers, which stand to the right."""
        return self.kind in {"number", "bar", "rank", "delta"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The numbers behind a picture, for "view as table" and the exports."""

    columns: tuple[Column, ...]
    frame: DataFrame


@dataclass(frozen=True, slots=True)
class Picture:
    """What the browser gets: a Plotly figure or a table, and the same in one sentence.

    `content` is {"fig": …}, {"table": …} or {"status": …}; empty when there is nothing to draw.
    """

    content: Json
    alt: str
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """A way to draw one kind of value.

    `is_compared` says that it draws the comparison period too, so that this is asked as well.
    `select` names the column whose value goes to the URL when a row is chosen; "" means no choice.
    `picks` names the filter that a click on the figure sets.
    """

    picture: Callable[[Any, Scene], Picture]
    sheet: Callable[[Any, Scene], Sheet]
    height: int = 232
    unit: str | None = None
    is_chart: bool = True
    is_compared: bool = False
    select: str = ""
    picks: str = ""


EMPTY: Final = Picture({}, "", is_empty=True)


def names_of(frame: DataFrame, required: Sequence[str]) -> None:
    """Check that a frame has the columns that a drawing was told of. Raises ValueError."""
    missing = [name for name in required if name not in frame.columns]
    if missing:
        have = ", ".join(map(str, frame.columns))
        raise ValueError(f"The answer has no column {', '.join(missing)}; it has {have}.")
