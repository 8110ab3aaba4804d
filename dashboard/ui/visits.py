"""Going to another page of the navigation, within the session."""

import streamlit as st

from dashboard import navigation
from dashboard.auth import viewer


def open_page(path: str) -> None:
    """Switch to a page that the viewer may open; an unknown path does nothing."""
    for pages in navigation.pages_for(viewer()).values():
        for each in pages:
            if each.url_path == path:
                st.switch_page(each)
