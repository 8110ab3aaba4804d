"""Who the viewer is: signed in by OIDC, vouched for by a proxy, or chosen in the demo.

`enter()` and `viewer()` are the only ways in. Whom they cannot place they do not let through: they
show why.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from time import time
from typing import Final

import streamlit as st
import structlog

from dashboard import auth_screens
from dashboard.auth_memory import Remembered
from dashboard.http_metrics import FORWARDED
from dashboard.meters import SIGN_INS
from dashboard.runtime import runtime
from dashboard.settings import Settings
from data import team
from data.team import Member
from services.actors import Actor, Role
from services.errors import Unavailable

PROXY_SECRET_HEADER: Final = "X-Atalaya-Proxy-Secret"  # noqa: S105 - its name, not its value
DEMO_KEY: Final = "demo.email"

log: Final = structlog.get_logger(__name__)


class NotIn(Exception):
    """Nobody who may enter; `why` names the screen that says so."""

    def __init__(self, why: str, email: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.email = email


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the sign-in knows them. The name may be empty."""

    email: str
    name: str = ""


@cache
def _members() -> Remembered[Member | None]:
    return Remembered(lambda email: team.member(runtime().sources.db, email))


@cache
def _teams() -> Remembered[tuple[Member, ...]]:
    return Remembered(lambda _: tuple(team.members(runtime().sources.db)))


def enter() -> Actor | None:
    """The member who is looking; for anybody else a screen that says what to do, and None.

    The entry script must then simply end: after `st.stop()` Streamlit would keep the fragments of
    the page that was there before, and go on refreshing it for somebody who has just been removed.
    The role is at most a minute old.
    """
    try:
        actor = _admitted()
    except NotIn as refusal:
        _count(refusal.why)
        auth_screens.SCREENS[refusal.why](refusal.email)
    except Unavailable as down:
        auth_screens.unavailable(down)
    else:
        _count("in")
        return actor
    return None


def viewer() -> Actor:
    """The member who is looking, for pages and their fragments: who is none gets no further."""
    actor = enter()
    if actor is None:
        st.stop()
    return actor


def still_stands(actor: Actor) -> bool:
    """Whether the viewer of an open page is still who they were, with the same role.

    True while nobody can tell, because an open page outlives a restart of Postgres: it shows what
    it has, and actions fail of themselves.
    """
    try:
        return _admitted() == actor
    except NotIn:
        return False
    except Unavailable:
        return True


def demo_team() -> tuple[Member, ...]:
    """Whom one may be in the demo; by name. Raises Unavailable."""
    return _teams().get("")


def _admitted() -> Actor:
    settings = runtime().settings
    identity = _IDENTITIES[settings.auth](settings)
    member = _members().get(identity.email.lower())
    if member is None or not member.is_active:
        raise NotIn("no_role", identity.email)
    return Actor(
        id=member.id, email=member.email, name=member.name or identity.name, role=Role(member.role)
    )


def _oidc(_settings: Settings) -> Identity:
    claims: Mapping[str, object] = st.user.to_dict()
    if not claims.get("is_logged_in"):
        raise NotIn("sign_in")
    expires = claims.get("exp")
    # The cookie lives for 30 days; the provider vouched for less.
    if not isinstance(expires, int | float) or expires <= time():
        raise NotIn("expired")
    email = str(claims.get("email") or "")
    if not email or claims.get("email_verified") is False:
        raise NotIn("no_address")
    return Identity(email, str(claims.get("name") or ""))


def _proxy(settings: Settings) -> Identity:
    expected = settings.proxy_secret.get_secret_value() if settings.proxy_secret else ""
    secrets = st.context.headers.get_all(PROXY_SECRET_HEADER)
    # Also compared when it is absent, so that the time taken tells nothing.
    genuine = hmac.compare_digest("".join(secrets).encode(), expected.encode())
    if len(secrets) != 1 or not expected or not genuine:
        raise NotIn("not_by_proxy")
    emails = st.context.headers.get_all(settings.proxy_header)
    if len(emails) != 1 or not emails[0].strip():
        raise NotIn("no_address")
    return Identity(emails[0].strip())


def _demo(_settings: Settings) -> Identity:
    # The server listens on loopback only; a proxy or tunnel in front of it gives itself away.
    if any(name in st.context.headers for name in FORWARDED):
        raise NotIn("demo_elsewhere")
    members = demo_team()
    if not members:
        raise NotIn("demo_empty")
    chosen = st.session_state.get(DEMO_KEY)
    if chosen in {member.email for member in members}:
        return Identity(str(chosen))
    # Whoever may do most sees everything there is to see.
    first = max(members, key=lambda member: list(Role).index(Role(member.role)))
    return Identity(first.email)


_IDENTITIES: Final[dict[str, Callable[[Settings], Identity]]] = {
    "oidc": _oidc,
    "proxy": _proxy,
    "demo": _demo,
}


def _count(result: str) -> None:
    """Once per session and result, not once per rerun."""
    if st.session_state.get("auth.result") != result:
        st.session_state["auth.result"] = result
        SIGN_INS.labels(result=result).inc()
        log.info("auth.session", result=result)
