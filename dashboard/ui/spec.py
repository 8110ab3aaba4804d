"""What a page says about itself: its key figures and panels, and the questions behind them."""

from dataclasses import dataclass
from typing import Any, Protocol

from dashboard.ui.charts.scene import Draw
from data.answers import Answer
from data.period import Filters
from data.sources import Sources


class Asked(Protocol):
    """A question, as `data.cache.question` makes it."""

    name: str
    definition: str
    ttl_s: float

    @property
    def source(self) -> str:
        """The source's name as viewers know it."""

    # What a question answers with is between it and the drawing it is paired with.
    def ask(self, sources: Sources, filters: Filters) -> Answer[Any]:
        """Answer from the cache or the source."""


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """One panel of a page. `key` is unique in the app, `hint` says what to do when it is empty.

    `leads_to` is the path of the page that says more. `is_money` says that what is drawn is an
    amount in minor units of the currency that the page speaks of.
    """

    key: str
    title: str
    question: Asked
    draw: Draw
    signal: str = ""
    marks: Asked | None = None
    tab: str = ""
    wide: bool = False
    help: str = ""
    hint: str = ""
    leads_to: str | None = None
    is_money: bool = False


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """One key figure. `good` is the direction that is better, "up", "down" or "" for neither.

    `leads_to` is the path of the page that says more; "" is the overview itself, None nowhere.
    """

    key: str
    label: str
    question: Asked
    signal: str = ""
    good: str = ""
    leads_to: str | None = None


@dataclass(frozen=True, slots=True)
class VerdictSpec:
    """The sentence that a page opens with, and the path of the page that says more."""

    key: str
    question: Asked
    leads_to: str | None = None


@dataclass(frozen=True, slots=True)
class UntilSpec:
    """The line that says up to when the numbers of a page count."""

    key: str
    question: Asked


Spec = PanelSpec | FigureSpec | VerdictSpec | UntilSpec


@dataclass(frozen=True, slots=True)
class Look:
    """For whom a picture is drawn: theme and locale."""

    theme: str
    locale: str
