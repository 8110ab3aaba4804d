"""News without waiting for a refresh: a small fragment of its own with the open alerts."""

import streamlit as st

from dashboard.ui import components
from dashboard.ui.news import News, news
from dashboard.ui.theme import ICONS, Tone
from dashboard.ui.words import say

_SEEN = "notices.seen"


@st.fragment(run_every=30, key="notices")
def notices() -> None:
    """Show how many alerts are open, and say at once when another one begins."""
    components.push("push", ["alert", "alerts"])
    now = news()
    with st.container(key="notices-box", width="content"):
        st.html(_badge(now), width="content")
    seen = st.session_state.get(_SEEN)
    st.session_state[_SEEN] = now.newest_id
    if seen is not None and now.newest_id and now.newest_id != seen:
        st.toast(say("toast.alert", title=_plain(now.newest)), icon=":material/notifications:")


def _badge(now: News) -> str:
    if not now.known:
        return _span("unknown", say("alerts.unknown"))
    if now.critical:
        return _span("critical", say("alerts.critical", count=now.critical, other=now.warning))
    if now.warning:
        return _span("warning", say("alerts.warning", count=now.warning))
    return _span("ok", say("alerts.none"))


def _span(tone: Tone, words: str) -> str:
    mark = f'<span aria-hidden="true">{ICONS[tone]}</span>'
    return f'<span class="atl-alerts atl-tone-{tone}" role="status">{mark} {words}</span>'


def _plain(words: str) -> str:
    """Keep Markdown out of words that people typed elsewhere."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+!|~:$" else c for c in words[:120])
