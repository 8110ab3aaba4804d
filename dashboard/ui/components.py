"""Our own components, registered once per process when first used, and the page's style."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from dashboard.ui.assets import text, version
from dashboard.ui.theme import THEMES

PANEL: Final = (
    '<div class="atl" data-state="loading"><div class="atl-body"></div>'
    '<div class="atl-note" hidden></div>'
    '<div class="atl-foot"><span class="atl-chip" hidden></span>'
    '<span class="atl-age" hidden></span><span class="atl-dashed" hidden></span>'
    '<span class="atl-badge" role="status" hidden></span><a class="atl-to" hidden></a></div></div>'
)
FIRST: Final = (
    '<div class="atl-first"><div class="atl-verdict" role="status" hidden></div>'
    '<div class="atl-kpis" role="group" aria-label="Key figures" hidden></div></div>'
)
PUSH: Final = '<span class="atl-push" hidden></span>'
TOOLS: Final = '<div class="atl-tools"></div>'


def style(theme: str) -> None:
    """Put the style sheet and the theme's tokens on the page."""
    tokens = "".join(f"{name}:{value};" for name, value in THEMES[theme].variables().items())
    st.html(f"<style>:root{{{tokens}}}\n{text('atalaya.css')}</style>")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a viewer chose in a panel: a row, or the page that it leads to."""

    row: str | None = None
    page: str | None = None


def panel(key: str, data: bytes, *, select: bool = False, leads: bool = False) -> Chosen:
    """Mount or update a panel's inside; give what was chosen where something can be."""
    renderer = _component("panel", PANEL)
    if not select and not leads:
        renderer(key=key, data=data)
        return Chosen()
    found = renderer(
        key=key,
        data=data,
        default={"row": None},
        on_row_change=_nothing,
        on_open_change=_nothing,
    )
    return Chosen(_text(found.get("row")), _text(found.get("open")))


def first_row(key: str, data: bytes) -> str | None:
    """Mount or update the verdict and the key figures; give the path of a page to open."""
    return _text(_component("kpi", FIRST)(key=key, data=data, on_open_change=_nothing).get("open"))


def push(key: str, topics: list[str]) -> bool:
    """Listen for news of some topics; say whether this run is because of one."""
    renderer = _component("push", PUSH)
    return bool(renderer(key=key, data={"topics": topics}, on_news_change=_nothing).get("news"))


def tools(key: str, data: dict[str, object]) -> None:
    """Mount the part of a panel's menu that needs no server."""
    _component("tools", TOOLS)(key=key, data=data)


def _text(given: object) -> str | None:
    return given if isinstance(given, str) else None


def _nothing() -> None:
    """Stand as callback: a value is only handed over to components that have one."""


@cache
def _component(name: str, html: str) -> ComponentRenderer:
    return st.components.v2.component(
        f"atalaya_{name}", html=html, js=_script(f"{name}.js"), isolate_styles=False
    )


def _script(name: str) -> str:
    """Give the few lines that import a script of ours.

    An inline script lives at a blob address, so the import is resolved against the page's.
    Without a line break the text would be taken for the path of a file.
    """
    return (
        f"\nconst script = import(new URL('/assets/{version()}/{name}', document.baseURI));\n"
        "export default async (given) => (await script).default(given);\n"
    )
