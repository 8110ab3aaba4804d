"""What a page is told between its refreshes: alerts that begin, and that its viewer is out."""

from typing import Final

import orjson
import streamlit as st

from dashboard.auth import still_stands
from dashboard.tickets import tickets
from dashboard.ui import components
from dashboard.ui.news import news, payload
from services.actors import Actor

LOOK_S: Final = 20
"""With auth_memory.RECHECK_S, a removed person is out within a minute, on an open page too."""
_TICKET: Final = "notices.ticket"


@st.fragment(run_every=LOOK_S, key="notices")
def notices(actor: Actor) -> None:
    """Show how many alerts are open; `actor`, whose page this is, starts over when out or changed.

    Changes come through the event stream, which the browser draws by itself: a rerun for each
    viewer of the same news took most of a second with a hundred of them. This look is for what the
    stream did not bring, and keeps the page's ticket for it valid.
    """
    if not still_stands(actor):
        st.rerun()
    ticket = st.session_state[_TICKET] = tickets.keep(st.session_state.get(_TICKET))
    with st.container(key="notices-box", width="content"):
        components.alerts(orjson.dumps({"ticket": ticket, "news": payload(news())}))
