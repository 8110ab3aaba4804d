"""The script that Streamlit runs for every viewer: who is it, and which pages exist for them."""

import sys
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    # However Streamlit is started, it puts this folder on the path and not the one above.
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402 - after the path above, like all imports below
import structlog  # noqa: E402

from dashboard import auth, auth_menu, logs, navigation  # noqa: E402
from dashboard.meters import PAGE_SECONDS  # noqa: E402
from dashboard.ui.views import PATH  # noqa: E402

STATIC = ROOT / "dashboard" / "static"

st.set_page_config(page_title="Atalaya", page_icon=str(STATIC / "icon.svg"), layout="wide")
logo = "logo-dark.svg" if st.context.theme.type == "dark" else "logo-light.svg"
st.logo(str(STATIC / logo), icon_image=str(STATIC / "icon.svg"), size="large")
structlog.contextvars.clear_contextvars()
structlog.contextvars.bind_contextvars(reference=logs.reference(), source="page")

actor = auth.enter()
if actor is not None:
    structlog.contextvars.bind_contextvars(actor=actor.id)
    page = st.navigation(navigation.pages_for(actor), position="sidebar", expanded=True)
    auth_menu.menu(actor)
    st.session_state[PATH] = page.url_path
    began = monotonic()
    try:
        page.run()
    finally:
        PAGE_SECONDS.labels(page=page.url_path or "overview").observe(monotonic() - began)
