"""Our own components, registered once per process when first used, and the page's style."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import orjson
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
    '<div class="atl-kpis" role="group" aria-label="Key figures" hidden></div>'
    '<div class="atl-until" role="status" hidden></div></div>'
)
FEED: Final = '<span class="atl-feed" hidden></span>'
ALERTS: Final = '<span class="atl-alerts" role="status"></span>'
DOWNLOAD: Final = '<span class="atl-download-start" hidden></span>'
TOOLS: Final = '<div class="atl-tools"></div>'


def style(theme: str) -> None:
    """Put the style sheet and the theme's tokens on the page."""
    tokens = "".join(f"{name}:{value};" for name, value in THEMES[theme].variables().items())
    st.html(f"<style>:root{{{tokens}}}\n{text('atalaya.css')}</style>")


class Line(NamedTuple):
    """What one place is to show: the place, what was asked, and the answer's bytes."""

    place: str
    ask: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What a viewer chose on a page: a row of one place, or the page that something leads to."""

    place: str | None = None
    row: str | None = None
    page: str | None = None
    turn: tuple[str, str] | None = None
    """The name of a filter or choice, and what a click made of it."""


def place(name: str, ask: str) -> None:
    """Mount the place of a panel; a feed fills it with answers to `ask` and nothing else."""
    _component("place", PANEL)(key=f"place.{name}", data={"place": name, "ask": ask})


def first_row(name: str, ask: str) -> None:
    """Mount the place of the verdict and the key figures."""
    _component("kpi", FIRST)(key=f"place.{name}", data={"place": name, "ask": ask})


def feed(turn: int, lines: Sequence[Line]) -> Told:
    """Send lines to their places; the first turn of a run tells what was chosen on them."""
    head = orjson.dumps({"turn": turn, "parts": [[line.place, line.ask] for line in lines]})
    data = b"\n".join((head, *(line.data for line in lines)))
    renderer = _component("feed", FEED)
    if turn:
        renderer(key=f"feed.{turn}", data=data)
        return Told()
    found = renderer(
        key="feed.0",
        data=data,
        on_row_change=_nothing,
        on_open_change=_nothing,
        on_turn_change=_nothing,
    )
    place, row = _pair(found.get("row"), "place", "row")
    name, value = _pair(found.get("turn"), "name", "value")
    clicked = (name, value) if name is not None and value is not None else None
    return Told(place, row, _text(found.get("open")), clicked)


def panel(key: str, data: bytes) -> None:
    """Mount a panel's inside that no feed fills."""
    _component("panel", PANEL)(key=key, data=data)


def download(data: dict[str, object]) -> None:
    """Have the browser fetch an export, saying how far it is."""
    _component("download", DOWNLOAD)(key="download", data=data)


def alerts(data: bytes) -> None:
    """Mount the count of open alerts, which the event stream keeps current."""
    _component("push", ALERTS)(key="push", data=data, width="content")


def tools(key: str, data: dict[str, object]) -> None:
    """Mount the part of a panel's menu that needs no server."""
    _component("tools", TOOLS)(key=key, data=data)


def _pair(given: object, one: str, other: str) -> tuple[str | None, str | None]:
    told: Mapping[str, object] = given if isinstance(given, Mapping) else {}
    return _text(told.get(one)), _text(told.get(other))


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
