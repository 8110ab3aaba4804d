"""Going to another page of the navigation, within the session."""

from urllib.parse import parse_qsl

import streamlit as st

from dashboard import navigation
from dashboard.auth import viewer


def open_page(address: str) -> None:
    """Switch to a page that the viewer may open; an unknown path does nothing.

    The address may name a record of that page: `providers?provider=17`.
    """
    path, _, query = address.partition("?")
    for pages in navigation.pages_for(viewer()).values():
        for each in pages:
            if each.url_path == path:
                st.switch_page(each, query_params=dict(parse_qsl(query)) or None)
