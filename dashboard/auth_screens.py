"""What somebody reads who is not in, or not yet: what happened, and what to do."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from dashboard.runtime import runtime
from services.errors import ServiceError


def sign_in(_email: str) -> None:
    """Nobody is signed in."""
    _say("Sign in to Atalaya", "Use the account of your organization.")
    _sign_in_button("Sign in")


def expired(_email: str) -> None:
    """The provider vouched for the person only until a moment ago."""
    _say("Your sign-in has expired", "Sign in again: you come back to this page.")
    _sign_in_button("Sign in again")


def no_role(email: str) -> None:
    """Signed in, but not a member of the team."""
    _say(
        "You have no role in Atalaya",
        f"You are signed in as **{_plain(email)}**, which is not a member of the team. Ask an "
        "owner of Atalaya to add this address with a role; then you come in within a minute, "
        "without signing in again.",
    )
    st.button("Check again", type="primary", key="auth.check")
    if runtime().settings.auth == "oidc":
        st.button("Sign out", on_click=st.logout, key="auth.sign_out")


def no_address(_email: str) -> None:
    """The provider or proxy does not say, or does not vouch for, an e-mail address."""
    _say(
        "Your account has no confirmed e-mail address",
        "Atalaya knows its team by e-mail address. Confirm yours at your provider, or ask who runs "
        "the sign-in to pass it on.",
    )
    if runtime().settings.auth == "oidc":
        st.button("Sign out", on_click=st.logout, key="auth.sign_out")


def not_by_proxy(_email: str) -> None:
    """The request did not come through the proxy that signs people in."""
    _say(
        "This is not the way in",
        "Open Atalaya at its public address, where you are asked to sign in. If you did, its proxy "
        "does not send the shared secret: ask who runs it.",
    )


def demo_elsewhere(_email: str) -> None:
    """The demo has no sign-in, so it is for the machine that it runs on."""
    _say("The demo is for this machine only", "Run your own with `make demo`.")


def demo_empty(_email: str) -> None:
    """There is nobody to be."""
    _say("The demo has no team yet", "Fill it with `python -m dashboard seed`, then reload.")


def unavailable(down: ServiceError) -> None:
    """Nobody can tell who may enter."""
    _say(down.message, down.remedy)
    st.button("Try again", type="primary", key="auth.try_again")


SCREENS: Final[dict[str, Callable[[str], None]]] = {
    "sign_in": sign_in,
    "expired": expired,
    "no_role": no_role,
    "no_address": no_address,
    "not_by_proxy": not_by_proxy,
    "demo_elsewhere": demo_elsewhere,
    "demo_empty": demo_empty,
}


def _say(title: str, words: str) -> None:
    st.title(title, anchor=False)
    st.markdown(words)


def _sign_in_button(label: str) -> None:
    st.button(label, on_click=st.login, type="primary", key="auth.sign_in")


def _plain(words: str) -> str:
    """Text that Markdown leaves as it is: an address may hold anything."""
    return "".join(f"\\{each}" if each in r"\`*_{}[]()#+!|<>~:$" else each for each in words)
