"""Laying out one page for one viewer, and filling it as the answers come."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

import orjson
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.runtime import runtime
from dashboard.ui import components, figures
from dashboard.ui.envelope import LOADING
from dashboard.ui.jobs import SpecJob
from dashboard.ui.live import refresher
from dashboard.ui.menu import menu
from dashboard.ui.spec import FigureSpec, Look, PanelSpec, Spec
from dashboard.ui.theme import THEMES
from dashboard.ui.visits import open_page
from data.period import Selection

FIRST_WAIT_S: Final = 2.5
"""How long a full run waits for first answers; what comes later fills in with the next refresh."""
LONGEST_ROW: Final = 200
"""The name of a row is short; what is longer did not come from our table."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one panel on the page, and what fills it."""

    place: DeltaGenerator
    job: SpecJob
    spec: PanelSpec


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

    def lay_out(self, panels: Sequence[PanelSpec], selection: Selection) -> list[Slot]:
        """Draw the frames of all panels: title, menu, an empty place."""
        with st.container(key=f"grid-{self.name}"):
            return [self._frame(spec, selection) for spec in panels]

    def keep_fresh(
        self,
        first: DeltaGenerator | None,
        specs: Sequence[Spec],
        slots: Sequence[Slot],
        *,
        selection: Selection,
        every_s: int | None,
    ) -> None:
        """Fill the page now, and again every so often when it is live."""
        head = [self.job(spec, selection) for spec in specs]
        for job in (*head, *(slot.job for slot in slots)):
            refresher().watch(job, self.look)

        @st.fragment(run_every=every_s, key="live")
        def live() -> None:
            look = Canvas.of_viewer(self.name).look
            if first is not None:
                with first:
                    self._first_row(head, look)
            self._fill(slots, look)

        live()

    def _frame(self, spec: PanelSpec, selection: Selection) -> Slot:
        job = self.job(spec, selection)
        key = spec.key.replace(".", "-")
        with st.container(key=f"panel-{'wide-' if spec.wide else ''}{key}"):
            with st.container(horizontal=True, vertical_alignment="center", key=f"phead-{key}"):
                st.subheader(spec.title, anchor=f"panel-{key}", help=spec.help or None)
                menu(spec, job, self.look)
            return Slot(st.container(key=f"slot-{key}"), job, spec)

    def _first_row(self, jobs: Sequence[SpecJob], look: Look) -> None:
        """Draw verdict and key figures from the newest bytes; wait for them a little at first."""
        refresher().wait_all({(job.key, look) for job in jobs}, FIRST_WAIT_S)
        drawn = {job.key: refresher().watch(job, look) for job in jobs}
        verdict = b"null"
        cards: list[bytes] = []
        for job in jobs:
            found = drawn[job.key]
            if isinstance(job.spec, FigureSpec):
                cards.append(found or orjson.dumps(figures.waiting(job.spec)))
            elif found:
                verdict = found
        data = b'{"verdict":' + verdict + b',"figures":[' + b",".join(cards) + b"]}"
        opened = components.first_row(f"first-{self.name}", data)
        if opened is not None:
            open_page(opened)

    def _fill(self, slots: Sequence[Slot], look: Look) -> None:
        """Fill each panel as its picture comes; those missing after a while show as loading."""
        missing = list(slots)
        give_up = monotonic() + FIRST_WAIT_S
        while missing:
            wanted = {(slot.job.key, look) for slot in missing}
            there = refresher().wait(wanted, max(0.0, give_up - monotonic()))
            for slot in [slot for slot in missing if slot.job.key in there]:
                missing.remove(slot)
                self._draw(slot, refresher().watch(slot.job, look))
            if missing and monotonic() >= give_up:
                break
        for slot in missing:
            self._draw(slot, refresher().watch(slot.job, look))

    @staticmethod
    def _draw(slot: Slot, picture: bytes | None) -> None:
        spec = slot.spec
        with slot.place:
            chosen = components.panel(
                f"inside.{spec.key}",
                picture or LOADING,
                select=bool(spec.draw.select),
                leads=spec.leads_to is not None,
            )
        if spec.draw.select:
            _remember(spec.draw.select, chosen.row)
        if chosen.page is not None:
            open_page(chosen.page)


def _remember(name: str, row: str | None) -> None:
    """Keep the chosen row in the URL, so that a copied link chooses it again."""
    if row is None:
        return
    if not row:
        st.query_params.pop(name, None)
    elif len(row) <= LONGEST_ROW and st.query_params.get(name) != row:
        st.query_params[name] = row
