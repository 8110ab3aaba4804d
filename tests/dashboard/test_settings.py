"""What Settings accepts, what it refuses and in which words."""

from pathlib import Path

import pytest

from dashboard import settings
from dashboard.settings import Settings, SettingsInvalid, env_name, load
from dashboard.settings_table import embedded, markdown_table

ROOT = Path(__file__).resolve().parents[2]
URL = "postgresql://ana:hunter2-secret@db.example.com/atalaya"
LONG = "x" * 40
OIDC = {
    "ATALAYA_AUTH": "oidc",
    "ATALAYA_OIDC_CLIENT_ID": "atalaya",
    "ATALAYA_OIDC_CLIENT_SECRET": "hunter2-secret",
    "ATALAYA_OIDC_METADATA_URL": "https://id.example.com/.well-known/openid-configuration",
    "ATALAYA_OIDC_REDIRECT_URI": "https://ops.example.com/oauth2callback",
    "ATALAYA_COOKIE_SECRET": LONG,
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*map(env_name, Settings.model_fields), "ATALAYA_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATALAYA_DATABASE_URL", URL)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as refused:
        load()
    return str(refused.value)


def test_the_database_alone_is_enough() -> None:
    found = load()
    assert found.database_url.get_secret_value() == URL
    assert (found.auth, found.host, found.port) == ("demo", "127.0.0.1", 8501)
    assert found.zone.key == "America/Argentina/Buenos_Aires"


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1


def test_a_missing_database_is_said_with_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATALAYA_DATABASE_URL")
    said = refusal(monkeypatch)
    assert said.startswith("ATALAYA_DATABASE_URL is not set:")
    assert "postgresql://user:password@host/name" in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ATALAYA_DATABASE_URL", "mysql://hunter2-secret@x/y", "looks like postgresql://"),
        ("ATALAYA_DATABASE_URL", "postgresql://a:hunter2-secret@h:port/d", "looks like"),
        ("ATALAYA_REDIS_URL", "http://:hunter2-secret@host", "looks like redis://"),
        ("ATALAYA_PROMETHEUS_URL", "hunter2-secret:9090", "looks like https://"),
        ("ATALAYA_PORT", "hunter2-secret", "must be a whole number."),
        ("ATALAYA_PORT", "70000", "less than or equal to 65535"),
        ("ATALAYA_AUTH", "hunter2-secret", "must be 'oidc', 'proxy' or 'demo'"),
        ("ATALAYA_TIMEZONE", "Mars/hunter2-secret", "must be a time zone such as"),
        ("ATALAYA_TIMEZONE", "../hunter2-secret", "must be a time zone such as"),
        ("ATALAYA_LOCALE", "hunter2-secret", "must be a locale such as es-AR"),
        ("ATALAYA_CURRENCY", "hunter2-secret", "must be three capital letters"),
        ("ATALAYA_OWNER_EMAIL", "hunter2-secret", "must be an e-mail address"),
        ("ATALAYA_COOKIE_SECRET", "hunter2-secret", "at least 32 random characters"),
        ("ATALAYA_METRICS_TOKEN", "hunter2-secret", "at least 32 random characters"),
        ("ATALAYA_SIGNALS_FILE", "hunter2-secret", "names a file that does not exist"),
        ("ATALAYA_LOG_FORMAT", "hunter2-secret", "must be 'console' or 'json'"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_that_names_it_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    said = refusal(monkeypatch, **{name: value})
    assert said.startswith(f"{name} ")
    assert words in said
    assert said.endswith(".")
    assert "\n" not in said
    assert "hunter2" not in said


def test_every_fault_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, ATALAYA_PORT="x", ATALAYA_CURRENCY="pesos")
    assert [line.split()[0] for line in said.splitlines()] == ["ATALAYA_PORT", "ATALAYA_CURRENCY"]


def test_oidc_says_all_that_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, ATALAYA_AUTH="oidc", ATALAYA_OIDC_CLIENT_ID="atalaya")
    assert said == (
        "ATALAYA_AUTH=oidc also needs ATALAYA_OIDC_CLIENT_SECRET, ATALAYA_OIDC_METADATA_URL, "
        "ATALAYA_OIDC_REDIRECT_URI, ATALAYA_COOKIE_SECRET."
    )


def test_a_complete_oidc_is_accepted_and_may_be_served_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**OIDC, "ATALAYA_HOST": "0.0.0.0"}.items():  # noqa: S104 - the point
        monkeypatch.setenv(name, value)
    load().check_serving()


def test_a_proxy_needs_a_secret_and_excludes_oidc(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "also needs ATALAYA_PROXY_SECRET" in refusal(monkeypatch, ATALAYA_AUTH="proxy")
    said = refusal(monkeypatch, **{**OIDC, "ATALAYA_AUTH": "proxy", "ATALAYA_PROXY_SECRET": LONG})
    assert "exclude each other" in said


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_the_demo_may_be_served_on_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("ATALAYA_HOST", host)
    load().check_serving()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "ops.example.com"])  # noqa: S104
def test_the_demo_is_never_served_where_others_reach_it(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("ATALAYA_HOST", host)
    with pytest.raises(SettingsInvalid, match="ATALAYA_AUTH=oidc or ATALAYA_AUTH=proxy"):
        load().check_serving()


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(URL + "\n")
    monkeypatch.delenv("ATALAYA_DATABASE_URL")
    monkeypatch.setenv("ATALAYA_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert load().database_url.get_secret_value() == URL


def test_a_secret_file_that_is_missing_or_empty_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = refusal(monkeypatch, ATALAYA_REDIS_URL_FILE=str(tmp_path / "nothing"))
    assert said.startswith("ATALAYA_REDIS_URL_FILE names ")
    assert "cannot be read: No such file or directory." in said
    (tmp_path / "empty").write_text("\n")
    assert "is empty" in refusal(monkeypatch, ATALAYA_REDIS_URL_FILE=str(tmp_path / "empty"))


def test_a_secret_given_twice_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text(URL)
    said = refusal(monkeypatch, ATALAYA_DATABASE_URL_FILE=str(tmp_path / "url"))
    assert said == (
        "ATALAYA_DATABASE_URL and ATALAYA_DATABASE_URL_FILE are both set; unset one of them."
    )


def test_the_environment_wins_over_the_env_file_also_when_that_names_a_secret_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other").write_text("postgresql://other/db")
    (tmp_path / ".env").write_text(
        f"ATALAYA_DATABASE_URL_FILE={tmp_path / 'other'}\nATALAYA_PORT=9000\nATALAYA_LOCALE=en-US\n"
    )
    monkeypatch.setenv("ATALAYA_PORT", "9001")
    found = load()
    assert (found.port, found.locale) == (9001, "en-US")
    assert found.database_url.get_secret_value() == URL


def test_no_env_file_is_read_when_its_name_is_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("ATALAYA_PORT=9000\n")
    monkeypatch.setenv("ATALAYA_ENV_FILE", "")
    assert load().port == 8501


def test_unknown_names_are_warned_about_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warned: list[dict[str, str]] = []
    monkeypatch.setattr(
        settings.log, "warning", lambda event, **facts: warned.append({"event": event, **facts})
    )
    monkeypatch.setenv("ATALAYA_PROMETEUS_URL", "http://hunter2-secret")
    monkeypatch.setenv("ATALAYA_REDIS_URL_FILES", "x")
    load()
    assert [(each["name"], each["did_you_mean"]) for each in warned] == [
        ("ATALAYA_PROMETEUS_URL", "ATALAYA_PROMETHEUS_URL"),
        ("ATALAYA_REDIS_URL_FILES", "ATALAYA_REDIS_URL_FILE"),
    ]
    assert "hunter2" not in str(warned)


def test_secrets_show_nowhere_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**OIDC, "ATALAYA_REDIS_URL": "redis://:hunter2-secret@h"}.items():
        monkeypatch.setenv(name, value)
    found = load()
    assert "hunter2" not in f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"


def test_every_setting_is_described_and_secrets_are_marked() -> None:
    table = markdown_table()
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"| `{env_name(name)}`" in table
    assert "`ATALAYA_STRIPE_API_KEY` ¹" in table


@pytest.mark.parametrize("document", ["docs/configuration.md", "README.md"])
def test_the_table_in_the_documents_is_the_present_one(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert "<!-- settings -->" in text
    assert embedded(text) == text, f"run: python -m dashboard.settings_table {document}"
