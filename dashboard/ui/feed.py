"""Filling a page as its answers come: everything that is new travels in one message.

A page's places (`components.place`) are mounted once, when the whole script runs. What a refresh
sends is one component without a face, the feed; in the browser it hands each place its own line.
One message a refresh instead of one per panel: half of what a refresh costs is paid per message.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Final

import orjson
import streamlit as st

from dashboard.ui import components, figures
from dashboard.ui.choices import turned
from dashboard.ui.jobs import SpecJob
from dashboard.ui.live import refresher
from dashboard.ui.spec import FigureSpec, Look, PanelSpec, UntilSpec, VerdictSpec
from dashboard.ui.visits import open_page

FIRST_WAIT_S: Final = 2.5
"""How long a full run waits for first answers; what comes later fills in with the next refresh."""
LONGEST_ROW: Final = 200
"""The name of a row is short; what is longer did not come from our table."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What one viewer's page asks: the jobs of its first row (in the place `first`) and panels."""

    first: str
    head: Sequence[SpecJob]
    panels: Sequence[SpecJob]

    def watch(self, look: Look) -> None:
        """Have the questions asked, before anybody waits for them."""
        for job in (*self.head, *self.panels):
            refresher().watch(job, look)

    def fill(self, look: Look) -> None:
        """Send what is there; on a first visit again and again as more comes, for a while."""
        missing = {job.key: job for job in (*self.head, *self.panels)}
        give_up = monotonic() + FIRST_WAIT_S
        for turn in count():
            wanted = {(key, look) for key in missing}
            there = refresher().wait(wanted, max(0.0, give_up - monotonic())) if wanted else set()
            missing = {key: job for key, job in missing.items() if key not in there}
            is_last = not missing or monotonic() >= give_up
            told = components.feed(turn, list(self._lines(there, missing, look, is_last=is_last)))
            self._heed(told)
            if is_last:
                return

    def _lines(
        self, there: set[str], missing: dict[str, SpecJob], look: Look, *, is_last: bool
    ) -> Iterator[components.Line]:
        """Give the lines of this turn. The first row comes once, whole or at the end."""
        heads = {job.key for job in self.head}
        if heads and (is_last or not heads & missing.keys()) and (is_last or heads & there):
            yield components.Line(self.first, ask_of(self.head), self._first_row(look))
        for job in self.panels:
            picture = refresher().watch(job, look) if job.key in there or is_last else None
            if picture:
                yield components.Line(job.spec.key, job.key, picture)

    def _first_row(self, look: Look) -> bytes:
        """Put the verdict and the key figures together; those that are not there yet as waiting."""
        lines = {VerdictSpec: b"null", UntilSpec: b"null"}
        cards: list[bytes] = []
        for job in self.head:
            found = refresher().watch(job, look)
            if isinstance(job.spec, FigureSpec):
                cards.append(found or orjson.dumps(figures.waiting(job.spec)))
            elif found:
                lines[type(job.spec)] = found
        parts = (b'{"verdict":', lines[VerdictSpec], b',"until":', lines[UntilSpec])
        return b"".join((*parts, b',"figures":[', b",".join(cards), b"]}"))

    def _heed(self, told: components.Told) -> None:
        """Do what the viewer chose on one of the places."""
        if told.page is not None:
            open_page(told.page)
        if told.turn is not None:
            turned(*told.turn)
        chosen = next((job.spec for job in self.panels if job.spec.key == told.place), None)
        if isinstance(chosen, PanelSpec) and chosen.draw.select and told.row is not None:
            _remember(chosen.draw.select, told.row)


def ask_of(jobs: Sequence[SpecJob]) -> str:
    """Identify what the first row asks, so that it never shows an answer to something else."""
    return " ".join(job.key for job in jobs)


def _remember(name: str, row: str) -> None:
    """Keep the chosen row in the URL, so that a copied link chooses it again."""
    if not row:
        st.query_params.pop(name, None)
    elif len(row) <= LONGEST_ROW and st.query_params.get(name) != row:
        st.query_params[name] = row
