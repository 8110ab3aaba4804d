"""Saved views: the menu in a page's head, and the pinned ones on the overview."""

from typing import Final
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from dashboard.auth import viewer
from dashboard.runtime import runtime
from dashboard.ui.visits import page_at
from dashboard.ui.words import say
from data.errors import SourceDown
from data.views import View
from data.views import views as seen
from services import views
from services.errors import ServiceError

PATH: Final = "views.path"
"""Where the script notes which page is open."""
_SAID: Final = "views.said"


@st.fragment
def views_menu() -> None:
    """Draw the button; what is behind it only while it is open."""
    box = st.popover(
        say("views.menu"), icon=":material/bookmark:", key="views-menu", on_change="rerun"
    )
    if box.open:
        with box:
            _entries()


def pinned_views() -> None:
    """Draw the viewer's pinned views as links; nothing without any."""
    found = [view for view in _seen() if view.is_pinned and page_at(view.path)]
    if found:
        with st.container(horizontal=True, key="page-pins", gap="small"):
            for view in found:
                _link(view)


def _entries() -> None:
    found = _seen()
    for view in found:
        _entry(view)
    if not found:
        st.caption(say("views.none"))
    st.text_input(
        say("views.name"),
        key="views.name",
        max_chars=views.LONGEST_NAME,
        placeholder=say("views.name"),
        label_visibility="collapsed",
    )
    st.button(say("views.save"), key="views.save", type="primary", on_click=_save)
    said = st.session_state.pop(_SAID, "")
    if said:
        st.caption(said)


def _entry(view: View) -> None:
    mine = view.owner_id == viewer().id
    with st.container(horizontal=True, vertical_alignment="center", key=f"view-{view.id}"):
        _link(view)
        st.space("stretch")
        if not mine:
            st.caption(view.owner)
        _act("pin", view, icon=":material/keep_off:" if view.is_pinned else ":material/keep:")
        if mine:
            shared = ":material/lock_open:" if view.is_shared else ":material/lock:"
            _act("share", view, icon=shared)
            _act("delete", view, icon=":material/delete:")


def _link(view: View) -> None:
    page = page_at(view.path)
    if page is None:
        st.caption(view.name)
        return
    st.page_link(page, label=_plain(view.name), query_params=parse_qsl(view.query))


def _act(verb: str, view: View, *, icon: str) -> None:
    is_on = {"pin": view.is_pinned, "share": view.is_shared}.get(verb, False)
    words = say(f"views.{verb}.{'off' if is_on else 'on'}", name=_plain(view.name))
    st.button(
        words,  # seen as the icon alone, read aloud in full
        icon=icon,
        key=f"views.{verb}.{view.id}",
        type="tertiary",
        help=words,
        on_click=_perform,
        args=(verb, view),
    )


def _perform(verb: str, view: View) -> None:
    db, actor = runtime().db, viewer()
    try:
        if verb == "pin":
            views.pin(db, actor=actor, view_id=view.id, is_pinned=not view.is_pinned)
        elif verb == "share":
            views.share(db, actor=actor, view_id=view.id, is_shared=not view.is_shared)
        else:
            views.delete(db, actor=actor, view_id=view.id)
    except (ServiceError, SourceDown) as refusal:
        st.session_state[_SAID] = str(refusal)


def _save() -> None:
    name = str(st.session_state.get("views.name") or "")
    path = str(st.session_state.get(PATH, ""))
    query = urlencode(st.query_params.to_dict())
    try:
        saved = views.save(runtime().db, actor=viewer(), name=name, path=path, query=query)
    except (ServiceError, SourceDown) as refusal:
        st.session_state[_SAID] = str(refusal)
    else:
        st.session_state["views.name"] = ""
        st.session_state[_SAID] = say("views.saved", name=saved.name)


def _seen() -> list[View]:
    try:
        return seen(runtime().db, member_id=viewer().id)
    except SourceDown:
        return []


def _plain(words: str) -> str:
    """Keep Markdown out of a name that somebody typed."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+!|~:$" else c for c in words)
