"""A page: its block says what is on it; leaving the block draws it and keeps it fresh.

with page("Launch monitor", live=True, filters=("span", "compare")) as p:
    p.kpi("API p95", launch.api_p95, signal="api_latency_p95")
    p.panel("Is the API fast enough?", launch.latency, draw=charts.lines())
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.auth import viewer
from dashboard.ui import charts, tenants
from dashboard.ui.canvas import Canvas
from dashboard.ui.charts.scene import Draw
from dashboard.ui.choices import AnyChoice, apply_turned, drawn
from dashboard.ui.exports import Shown, exports_menu
from dashboard.ui.filters import LIVE, selected
from dashboard.ui.notices import notices
from dashboard.ui.spec import Asked, FigureSpec, PanelSpec, Spec, UntilSpec, VerdictSpec
from dashboard.ui.views import pinned_views, views_menu
from data.period import Selection

LIVE_S = 5
CALM_S = 10
MOST_FIGURES = 6
MOST_PANELS = 8


@dataclass(slots=True)
class Page:
    """What a page says is on it. Made by `page`."""

    title: str
    help: str = ""
    live: bool = False
    filters: Sequence[str] = ()
    default: Selection = field(default_factory=Selection)
    spans: Sequence[str] = ("15m", "1h", "6h", "24h", "7d")
    choices: Sequence[AnyChoice] = ()
    _figures: list[FigureSpec] = field(default_factory=list)
    _panels: list[PanelSpec] = field(default_factory=list)
    _verdict: VerdictSpec | None = None
    _tab: tuple[str, Asked | None] = ("", None)
    _until: UntilSpec | None = None
    _has_pins: bool = False

    @property
    def name(self) -> str:
        """The page's part of every key: its title in plain letters."""
        return _slug(self.title)

    def verdict(self, question: Asked, *, leads_to: str | None = None) -> None:
        """Open with a sentence: how it stands, and since when."""
        self._verdict = VerdictSpec(f"{self.name}.verdict", question, leads_to)

    def pins(self) -> None:
        """Show the views that the viewer has pinned."""
        self._has_pins = True

    def until(self, question: Asked) -> None:
        """Say up to when the page's numbers count: those of a rollup's watermark."""
        self._until = UntilSpec(f"{self.name}.until", question)

    def given(self, name: str) -> str:
        """Give what the URL holds for a `kept` choice, so that a page shows a list or a record."""
        return next(each.given() for each in self.choices if each.name == name)

    def kpi(
        self,
        label: str,
        question: Asked,
        *,
        signal: str = "",
        good: str = "",
        leads_to: str | None = None,
    ) -> None:
        """Add a key figure; at most six. `signal` judges it by that signal's thresholds."""
        key = f"{self.name}.kpi-{_slug(label)}"
        self._figures.append(FigureSpec(key, label, question, signal, good, leads_to))
        if len(self._figures) > MOST_FIGURES:
            raise ValueError(f"{self.title}: at most {MOST_FIGURES} key figures.")

    def tab(self, name: str, *, marks: Asked | None = None) -> None:
        """Put the panels that follow into a tab; `marks` is for all their time axes."""
        self._tab = (name, marks)

    def panel(  # noqa: PLR0913 - each is one word of a page
        self,
        title: str,
        question: Asked,
        *,
        draw: Draw | None = None,
        signal: str = "",
        wide: bool = False,
        help: str = "",  # noqa: A002 - the word that Streamlit uses too
        hint: str = "",
        leads_to: str | None = None,
        money: bool = False,
    ) -> None:
        """Add a panel, of lines unless told; `signal` gives unit and thresholds. Eight in a tab.

        `money` says that the unit is the currency that the page speaks of, in minor units.
        """
        key, (tab, marks) = f"{self.name}.{_slug(title)}", self._tab
        draw = draw or charts.lines()
        words = help or question.definition.partition("\n\n")[0].replace("\n", " ")
        self._panels.append(
            PanelSpec(
                key, title, question, draw, signal, marks, tab, wide, words, hint, leads_to, money
            )
        )
        if sum(panel.tab == tab for panel in self._panels) > MOST_PANELS:
            raise ValueError(f"{self.title}: at most {MOST_PANELS} panels in a tab.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self._draw()

    def _draw(self) -> None:
        canvas = Canvas.of_viewer(self.name)
        canvas.style()
        with st.container(
            horizontal=True, vertical_alignment="center", key="page-head", gap="small"
        ):
            st.header(self.title, anchor=False, help=self.help or None, width="content")
            st.space("stretch")
            views_menu()
            place = st.container(key="page-exports", width="content")
            notices(viewer())
        if self._has_pins:
            pinned_views()
        is_on, selection = self._bar()
        with place:
            exports_menu(Shown(self.title, self._panels, selection), raw=not self.live)
        opening = [each for each in (self._verdict, self._until) if each is not None]
        specs: list[Spec] = [*opening, *self._figures]
        first = st.container(key="page-first") if specs else None
        tab, shown = self._open_tab()
        with tab:
            canvas.lay_out(shown, selection)
        canvas.keep_fresh(
            first, specs, shown, selection=selection, every_s=self._every_s(is_on=is_on)
        )

    def _every_s(self, *, is_on: bool) -> int | None:
        """A page that is not live looks now and then; a live one that is paused does not."""
        if not self.live:
            return CALM_S
        return LIVE_S if is_on else None

    def _bar(self) -> tuple[bool, Selection]:
        """Draw the filters on the left and the live switch on the right."""
        with st.container(horizontal=True, vertical_alignment="center", key="page-bar"):
            offered = tenants.names() if "tenant" in self.filters else None
            selection = selected(self.filters, self.default, spans=self.spans, tenants=offered)
            selection = replace(selection, options=drawn(self.choices))
            if not self.live:
                return False, selection
            st.space("stretch")
            is_on = st.toggle("Live · 5 s", value=True, key=LIVE, persist_state="session")
        return is_on, selection

    def _open_tab(self) -> tuple[DeltaGenerator, list[PanelSpec]]:
        """Draw the tabs, if any; give the open one and its panels. The others are not asked."""
        names = list(dict.fromkeys(panel.tab for panel in self._panels))
        if len(names) < 2:
            return st.container(), self._panels
        tabs = st.tabs(names, key="tab", on_change="rerun", bind="query-params")
        shown = next((n for n, tab in enumerate(tabs) if tab.open), 0)
        return tabs[shown], [panel for panel in self._panels if panel.tab == names[shown]]


def page(  # noqa: PLR0913 - each is one word of a page
    title: str,
    *,
    help: str = "",  # noqa: A002 - the word that Streamlit uses too
    live: bool = False,
    filters: Sequence[str] = (),
    default: Selection | None = None,
    spans: Sequence[str] = ("15m", "1h", "6h", "24h", "7d"),
    choices: Sequence[AnyChoice] = (),
) -> Page:
    """Begin a page. `live` refreshes it every 5 s; `filters` are those its questions honour.

    `choices` are further ones of this page alone; see `dashboard.ui.choices`.
    """
    apply_turned(choices, filters)
    return Page(title, help, live, filters, default or Selection(), spans, choices)


def _slug(words: str) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in words.lower())
    return "-".join(part for part in plain.split("-") if part)
