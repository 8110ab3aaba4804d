"""Who am I: the menu in the sidebar."""

import streamlit as st

from dashboard import auth
from dashboard.runtime import runtime
from services.actors import Actor, Role
from services.errors import Unavailable


def menu(actor: Actor) -> None:
    """Name, role, and the way out; in the demo, the choice of whom to be."""
    mode = runtime().settings.auth
    with st.sidebar, st.container(key="who-am-i"):
        if mode == "demo":
            _switcher(actor)
        with st.popover(actor.name, icon=":material/account_circle:", width="stretch"):
            st.markdown(f"**{actor.role.label}**")
            st.caption(actor.email)
            if mode == "oidc":
                st.button("Sign out", on_click=st.logout, key="auth.sign_out")
            elif mode == "proxy":
                st.caption("Sign out where you signed in.")


def _switcher(actor: Actor) -> None:
    try:
        team = auth.demo_team()
    except Unavailable:
        return
    titles = {member.email: f"{member.name}, {Role(member.role).label}" for member in team}
    emails = list(titles)
    st.selectbox(
        "See Atalaya as",
        emails,
        index=emails.index(actor.email) if actor.email in titles else None,
        format_func=lambda email: titles.get(email, email),
        key=auth.DEMO_KEY,
        persist_state="session",
    )
