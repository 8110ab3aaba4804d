"""Going to another page of the navigation, within the session."""

from urllib.parse import parse_qsl

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import navigation
from dashboard.auth import viewer


def open_page(address: str) -> None:
    """Switch to a page that the viewer may open; an unknown path does nothing.

    The address may name a record of that page: `providers?provider=17`.
    """
    path, _, query = address.partition("?")
    page = page_at(path)
    if page is not None:
        st.switch_page(page, query_params=dict(parse_qsl(query)) or None)


def page_at(path: str) -> StreamlitPage | None:
    """Give the page of a path, when there is one that the viewer may open."""
    pages = (page for section in navigation.pages_for(viewer()).values() for page in section)
    return next((page for page in pages if page.url_path == path), None)
