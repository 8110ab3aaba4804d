"""Who gets in, as what, and what everybody else reads."""

import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from dashboard import auth, runtime
from dashboard.auth_memory import GRACE_S, RECHECK_NOTHING_S, RECHECK_S, RETRY_S, Remembered
from dashboard.settings import Settings
from data.database import Database
from data.errors import SourceDown
from services.errors import Unavailable
from tests.factories import insert
from tests.postgres_server import PostgresServer

SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of this test only
OIDC = {
    "auth": "oidc",
    "oidc_client_id": "atalaya",
    "oidc_client_secret": SECRET,
    "oidc_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
    "oidc_redirect_uri": "http://127.0.0.1:8501/oauth2callback",
    "cookie_secret": SECRET,
}


class Team:
    """A table of the team that can be out of reach, and a clock."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.down = False
        self.asked = 0
        self.roles: dict[str, str] = {"ana": "owner"}
        self.remembered = Remembered(self._look_up, clock=lambda: self.now)

    def _look_up(self, key: str) -> str | None:
        self.asked += 1
        if self.down:
            raise SourceDown("Postgres", "does not answer")
        return self.roles.get(key)


def test_a_role_is_looked_up_once_and_again_within_a_minute() -> None:
    team = Team()
    for _ in range(3):
        assert team.remembered.get("ana") == "owner"
    assert team.asked == 1
    del team.roles["ana"]
    team.now += RECHECK_S
    assert team.remembered.get("ana") is None
    assert RECHECK_S < 60


def test_somebody_who_was_just_added_does_not_wait_long() -> None:
    team = Team()
    assert team.remembered.get("bea") is None
    team.roles["bea"] = "viewer"
    team.now += RECHECK_NOTHING_S
    assert team.remembered.get("bea") == "viewer"


def test_a_known_role_outlives_a_short_outage_and_no_long_one() -> None:
    team = Team()
    team.remembered.get("ana")
    team.down = True
    team.now += GRACE_S - 1
    assert team.remembered.get("ana") == "owner"
    team.now += 1
    with pytest.raises(Unavailable, match="Postgres does not answer"):
        team.remembered.get("ana")
    team.down = False
    team.now += RETRY_S
    assert team.remembered.get("ana") == "owner"


@pytest.mark.parametrize("key", ["bea", "nobody"])
def test_an_outage_lets_nobody_in_who_was_not(key: str) -> None:
    team = Team()
    assert team.remembered.get("bea") is None
    team.down = True
    team.now += RECHECK_NOTHING_S
    with pytest.raises(Unavailable):
        team.remembered.get(key)


def test_in_an_outage_few_wait_for_postgres() -> None:
    team = Team()
    team.down = True
    for _ in range(50):
        with pytest.raises(Unavailable):
            team.remembered.get("ana")
    assert team.asked == 1


def _script() -> None:
    import streamlit as st  # noqa: PLC0415 - this is a script of its own

    from dashboard import auth  # noqa: PLC0415

    actor = auth.viewer()
    st.write(f"in: {actor.email} as {actor.role}")


Enter = Callable[..., AppTest]


@pytest.fixture
def enter(db: Database, db_url: str) -> Iterator[Enter]:
    """Open a page that says who is in, with these settings and claims."""

    def enter(claims: dict[str, object] | None = None, **settings: object) -> AppTest:
        values = {"database_url": db_url} | settings
        runtime.configure(Settings.model_validate(values))
        app = AppTest.from_function(_script, default_timeout=20)
        if claims is not None:
            app.user = {"is_logged_in": True, "exp": time.time() + 600} | claims
        return app.run()

    _forget()
    yield enter
    runtime.close()
    _forget()


def _forget() -> None:
    auth._members.cache_clear()
    auth._teams.cache_clear()


def _read(app: AppTest) -> str:
    assert not app.exception
    parts = [*app.title, *app.markdown]
    return "\n".join(str(part.value) for part in parts)


def _member(db: Database, email: str, role: str) -> None:
    insert(db, "team_members", email=email, name=email.split("@", maxsplit=1)[0], role=role)


def test_nobody_signed_in_is_asked_to_sign_in(enter: Enter) -> None:
    app = enter({"is_logged_in": False}, **OIDC)
    assert "Sign in to Atalaya" in _read(app)
    assert [button.label for button in app.button] == ["Sign in"]


def test_a_member_is_in_with_the_role_of_the_table_whatever_the_case(
    enter: Enter, db: Database
) -> None:
    _member(db, "Ana@Example.com", "on_call")
    app = enter({"email": "ana@example.COM", "email_verified": True}, **OIDC)
    assert _read(app) == "in: Ana@Example.com as on_call"


def test_a_signed_in_person_without_a_role_reads_how_to_get_one(enter: Enter) -> None:
    app = enter({"email": "bea_[x](y)@example.com"}, **OIDC)
    words = _read(app)
    assert "You have no role in Atalaya" in words
    assert r"**bea\_\[x\]\(y\)@example.com**" in words
    assert "Ask an owner of Atalaya to add this address" in words
    assert [button.label for button in app.button] == ["Check again", "Sign out"]


def test_a_removed_member_has_no_role(enter: Enter, db: Database) -> None:
    _member(db, "ana@example.com", "owner")
    with db.write() as tx:
        tx.execute(text("update team_members set status = 'removed', removed_at = now()"))
    assert "You have no role" in _read(enter({"email": "ana@example.com"}, **OIDC))


@pytest.mark.parametrize("exp", [0, None, "tomorrow"])
def test_a_token_that_has_expired_or_does_not_say_when_is_no_sign_in(
    enter: Enter, db: Database, exp: object
) -> None:
    _member(db, "ana@example.com", "owner")
    app = enter({"email": "ana@example.com", "exp": exp}, **OIDC)
    assert "Your sign-in has expired" in _read(app)


@pytest.mark.parametrize("claims", [{"email": "ana@example.com", "email_verified": False}, {}])
def test_an_address_that_the_provider_does_not_vouch_for_is_nobodys(
    enter: Enter, db: Database, claims: dict[str, object]
) -> None:
    _member(db, "ana@example.com", "owner")
    assert "no confirmed e-mail address" in _read(enter(claims, **OIDC))


def test_in_the_demo_one_is_first_who_may_most_and_then_whom_one_chooses(
    enter: Enter, db: Database
) -> None:
    for email, role in (("ana@x", "viewer"), ("olga@x", "owner"), ("bea@x", "admin")):
        _member(db, email, role)
    app = enter()
    assert _read(app) == "in: olga@x as owner"
    app.session_state[auth.DEMO_KEY] = "ana@x"
    assert _read(app.run()) == "in: ana@x as viewer"
    app.session_state[auth.DEMO_KEY] = "mallory@x"
    assert _read(app.run()) == "in: olga@x as owner"


def test_a_demo_without_a_team_says_how_to_fill_it(enter: Enter) -> None:
    assert "python -m dashboard seed" in _read(enter())


def test_without_postgres_a_sign_in_ends_in_a_sentence(
    enter: Enter, disposable_postgres: PostgresServer
) -> None:
    url = disposable_postgres.url("atalaya")
    disposable_postgres.stop()
    app = enter({"email": "ana@example.com"}, **OIDC | {"database_url": url})
    assert "Your role cannot be checked now, because Postgres does not answer." in _read(app)
    assert [button.label for button in app.button] == ["Try again"]
