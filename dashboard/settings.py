"""What Atalaya is told by its surroundings: one frozen Settings, read once from the environment.

Names are ATALAYA_<FIELD>, from the environment or a .env file; a secret may come from the file that
ATALAYA_<FIELD>_FILE names. `load()` turns everything that is wrong into one sentence each.
"""

import difflib
import os
from functools import cached_property
from ipaddress import ip_address
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

import structlog
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from dashboard.settings_checks import (
    Currency,
    Email,
    ExistingFile,
    HttpUrl,
    LocaleName,
    LongSecret,
    PostgresUrl,
    RedisUrl,
    Zone,
)
from dashboard.settings_files import SecretFileError, SecretFiles, dotenv, is_secret

PREFIX: Final = "ATALAYA_"
# Read where there are no settings yet: where to find them, and the demo's folder and binaries.
NOT_FIELDS: Final = frozenset({"ATALAYA_ENV_FILE", "ATALAYA_PG_BIN", "ATALAYA_DEMO_FOLDER"})
OIDC_FIELDS: Final = (
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_metadata_url",
    "oidc_redirect_uri",
    "cookie_secret",
)
# Pydantic's words that are not for people who set environment variables.
PLAIN_WORDS: Final = {
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "string_type": "must be text",
}

log: Final = structlog.get_logger(__name__)


class SettingsInvalid(Exception):
    """Settings that cannot be used. Each sentence says which and what to do, never its value."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Settings(BaseSettings):
    """Everything that differs between installations. Frozen; secrets are SecretStr."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: PostgresUrl = Field(
        description="Postgres 15 or later, as a role that may write: "
        "`postgresql://user:password@host/name`."
    )
    database_read_url: PostgresUrl | None = Field(
        default=None,
        description="The same database as a role that can only read, or a replica of it. Absent: "
        "questions use the write URL, in read-only transactions.",
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=100, description="Connections kept per process and database role."
    )
    statement_timeout_ms: int = Field(
        default=5_000, ge=100, le=120_000, description="Longest that one question may run."
    )
    max_rows: int = Field(
        default=50_000, ge=100, description="Most rows of one question; more is an error."
    )
    prometheus_url: HttpUrl | None = Field(
        default=None,
        description="Prometheus, Thanos, Mimir or VictoriaMetrics: `http://host:9090`. Absent: "
        "signals are read from the table `production_metrics`.",
    )
    prometheus_token: SecretStr | None = Field(
        default=None, description="Bearer token that Prometheus asks for, if any."
    )
    signals_file: ExistingFile | None = Field(
        default=None,
        description="Your own `signals.toml` (names, PromQL, units, thresholds). Absent: ours.",
    )
    redis_url: RedisUrl | None = Field(
        default=None,
        description="Redis of the platform's queues, also the shared cache: "
        "`redis://host:6379/0`. Absent: the cache is in memory only.",
    )
    stripe_api_key: SecretStr | None = Field(
        default=None, description="Secret key of the Stripe account."
    )
    auth: Literal["oidc", "proxy", "demo"] = Field(
        default="demo",
        description="Who gets in: `oidc` (sign-in at your provider), `proxy` (a trusted header) "
        "or `demo` (a role switcher, on a loopback address only).",
    )
    oidc_client_id: str | None = Field(default=None, description="OIDC: client id.")
    oidc_client_secret: SecretStr | None = Field(default=None, description="OIDC: client secret.")
    oidc_metadata_url: HttpUrl | None = Field(
        default=None,
        description="OIDC: address of the provider's `/.well-known/openid-configuration`.",
    )
    oidc_redirect_uri: HttpUrl | None = Field(
        default=None, description="OIDC: public address of Atalaya and `/oauth2callback`."
    )
    cookie_secret: LongSecret | None = Field(
        default=None,
        description="Signs the sign-in cookie: 32 or more random characters, the same on all "
        "replicas.",
    )
    proxy_header: str = Field(
        default="X-Forwarded-Email",
        description="Proxy: header that carries the address of the person who signed in.",
    )
    proxy_secret: LongSecret | None = Field(
        default=None,
        description="Proxy: secret of 32 or more characters that the proxy sends in "
        "`X-Atalaya-Proxy-Secret`.",
    )
    owner_email: Email | None = Field(
        default=None, description="Who becomes owner while the team has none."
    )
    host: str = Field(default="127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(default=8501, ge=1, le=65_535, description="Port that `serve` listens on.")
    timezone: Zone = Field(
        default="America/Argentina/Buenos_Aires",
        description="Business time zone: days begin and times show in it.",
    )
    locale: LocaleName = Field(
        default="es-AR", description="How numbers and dates look when the browser does not say."
    )
    currency: Currency = Field(
        default="ARS", description="Currency of figures that add money, as its ISO 4217 code."
    )
    metrics_token: LongSecret | None = Field(
        default=None,
        description="Bearer token, 32 or more characters, that `/metrics` asks for. Absent: "
        "it answers loopback clients only.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Logs on stderr: `json` for machines, `console` for people."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least important level that is logged."
    )

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 - the signature is pydantic's
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then .env; a secret's file ranks with its neighbour."""
        in_file = dotenv(settings_cls, getattr(dotenv_settings, "env_file", None))
        return (
            init_settings,
            env_settings,
            SecretFiles(settings_cls, dict(os.environ)),
            dotenv_settings,
            SecretFiles(settings_cls, in_file),
        )

    @model_validator(mode="after")
    def _sign_in_is_complete(self) -> Self:
        if self.auth == "proxy" and self.oidc_client_id:
            raise ValueError(
                "ATALAYA_AUTH=proxy and ATALAYA_OIDC_CLIENT_ID exclude each other, because the "
                "header would overrule the sign-in: unset one of them."
            )
        needs = {"oidc": OIDC_FIELDS, "proxy": ("proxy_secret",), "demo": ()}[self.auth]
        missing = [env_name(field) for field in needs if not getattr(self, field)]
        if missing:
            raise ValueError(f"ATALAYA_AUTH={self.auth} also needs {', '.join(missing)}.")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return ZoneInfo(self.timezone)

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this machine reaches `host`; a name but localhost counts as public."""
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

    def check_serving(self) -> None:
        """Refuse to serve without sign-in where other machines reach it. Raises SettingsInvalid."""
        if self.auth == "demo" and not self.listens_on_loopback:
            raise SettingsInvalid(
                f"ATALAYA_AUTH=demo lets everybody in, so it is not served on {self.host}: set "
                "ATALAYA_AUTH=oidc or ATALAYA_AUTH=proxy, or ATALAYA_HOST=127.0.0.1."
            )


def env_name(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def load() -> Settings:
    """Settings of this process, from the environment and .env (or what ATALAYA_ENV_FILE names).

    Warns about ATALAYA_ names that mean nothing. Raises SettingsInvalid, a sentence per fault.
    """
    env_file = os.environ.get("ATALAYA_ENV_FILE", ".env") or None
    try:
        # pydantic-settings fills the required fields from the environment
        settings = Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        raise SettingsInvalid(*(_sentence(each) for each in error.errors())) from None
    except SecretFileError as error:
        raise SettingsInvalid(str(error)) from error
    for name in unknown_names([*os.environ, *dotenv(Settings, env_file)]):
        log.warning("settings.unknown_name", name=name, did_you_mean=_nearest(name))
    return settings


def unknown_names(names: list[str]) -> list[str]:
    """Those of some environment variables that begin with ATALAYA_ but are no setting; sorted."""
    known = _known_names()
    return sorted({each for each in names if each.startswith(PREFIX) and each not in known})


def _known_names() -> set[str]:
    fields = Settings.model_fields.items()
    files = {env_name(name) + "_FILE" for name, field in fields if is_secret(field)}
    return {env_name(name) for name, _ in fields} | files | NOT_FIELDS


def _nearest(name: str) -> str:
    return next(iter(difflib.get_close_matches(name, sorted(_known_names()), n=1)), "")


def _sentence(error: ErrorDetails) -> str:
    """What is wrong, without the value: it may be a secret."""
    reason = error.get("ctx", {}).get("error")
    if not error["loc"]:
        return str(reason or error["msg"])
    field = str(error["loc"][0])
    if error["type"] == "missing":
        return f"{env_name(field)} is not set: {Settings.model_fields[field].description}"
    plain = error["msg"].replace("Input should be", "must be").replace("String should", "must")
    return f"{env_name(field)} {reason or PLAIN_WORDS.get(error['type'], plain)}."
