"""Which pages there are, under which heading, for whom. A new page is one line here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from services.actors import Actor, Permission

PAGES: Final = Path(__file__).resolve().parents[1] / "pages"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the navigation. The first entry is the default page, at `/`."""

    section: str
    title: str
    icon: str
    file: str
    permission: Permission = Permission.VIEW

    @property
    def path(self) -> str:
        """The address below the root, from the file's name; empty for the default page."""
        return "" if self is ENTRIES[0] else Path(self.file).stem


ENTRIES: Final = (
    Entry("Operate", "Overview", ":material/space_dashboard:", "overview.py"),
    Entry("Operate", "Launch monitor", ":material/monitoring:", "launch.py"),
    Entry("Understand", "Funnel", ":material/filter_alt:", "funnel.py"),
    Entry("Understand", "Retention", ":material/group:", "retention.py"),
    Entry("Understand", "Revenue", ":material/payments:", "revenue.py"),
    Entry("Understand", "Regions", ":material/map:", "regions.py"),
    Entry("Understand", "Providers", ":material/storefront:", "providers.py"),
)


def pages_for(actor: Actor) -> dict[str, list[StreamlitPage]]:
    """The pages that the actor may open, by section, in the order of the list.

    A page that is not in the answer does not exist for the session, whatever address is typed.
    """
    sections: dict[str, list[StreamlitPage]] = {}
    for entry in ENTRIES:
        if actor.may(entry.permission):
            sections.setdefault(entry.section, []).append(_page(entry))
    return sections


def _page(entry: Entry) -> StreamlitPage:
    return st.Page(
        PAGES / entry.file,
        title=entry.title,
        icon=entry.icon,
        url_path=entry.path,
        default=not entry.path,
    )
