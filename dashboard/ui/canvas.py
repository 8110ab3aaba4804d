"""Laying out one page for one viewer, and filling it as the answers come."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.runtime import runtime
from dashboard.ui import components
from dashboard.ui.feed import Feed, ask_of
from dashboard.ui.jobs import SpecJob
from dashboard.ui.menu import menu
from dashboard.ui.spec import Look, PanelSpec, Spec
from dashboard.ui.theme import THEMES
from data.period import Selection


@dataclass(frozen=True, slots=True)
class Canvas:
    """One page as one viewer sees it."""

    name: str
    look: Look

    @classmethod
    def of_viewer(cls, name: str) -> "Canvas":
        """Read the viewer's theme and locale."""
        theme = st.context.theme.type
        known = theme if theme in THEMES else "light"
        return cls(name, Look(known, st.context.locale or runtime().settings.locale))

    def style(self) -> None:
        """Put the style sheet on the page."""
        components.style(self.look.theme)

    def job(self, spec: Spec, selection: Selection) -> SpecJob:
        """Make the job of a spec under a selection."""
        return SpecJob(spec, selection, runtime().zone)

    def lay_out(self, panels: Sequence[PanelSpec], selection: Selection) -> None:
        """Draw the frames of all panels: title, menu, an empty place."""
        with st.container(key=f"grid-{self.name}"):
            for spec in panels:
                self._frame(spec, selection)

    def keep_fresh(
        self,
        first: DeltaGenerator | None,
        specs: Sequence[Spec],
        panels: Sequence[PanelSpec],
        *,
        selection: Selection,
        every_s: int | None,
    ) -> None:
        """Fill the page now, and again every so often when it is live."""
        head = [self.job(spec, selection) for spec in specs]
        place = f"first.{self.name}"
        feed = Feed(place, head, [self.job(spec, selection) for spec in panels])
        feed.watch(self.look)
        if first is not None:
            with first:
                components.first_row(place, ask_of(head))

        @st.fragment(run_every=every_s, key="live")
        def live() -> None:
            feed.fill(Canvas.of_viewer(self.name).look)

        live()

    def _frame(self, spec: PanelSpec, selection: Selection) -> None:
        job = self.job(spec, selection)
        key = spec.key.replace(".", "-")
        with st.container(key=f"panel-{'wide-' if spec.wide else ''}{key}"):
            with st.container(horizontal=True, vertical_alignment="center", key=f"phead-{key}"):
                st.subheader(spec.title, anchor=f"panel-{key}", help=spec.help or None)
                menu(spec, job, self.look)
            with st.container(key=f"slot-{key}"):
                components.place(spec.key, job.key)
