"""What a single setting must look like: types that check themselves, each with a reason in words.

A reason completes "ATALAYA_<FIELD> …" and never repeats the value, which may be a secret.
"""

import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, SecretStr

SECRET_CHARACTERS: Final = 32


def _address(url: str, schemes: set[str], example: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and parts.port != 0 and bool(parts.netloc)
    except ValueError:  # a port that is no number, a broken IPv6 address
        usable = False
    if not usable:
        raise ValueError(f"must be an address that looks like {example}")


def _postgres(url: SecretStr) -> SecretStr:
    schemes = {"postgresql", "postgres", "postgresql+psycopg"}
    _address(url.get_secret_value(), schemes, "postgresql://user:password@host/name")
    return url


def _redis(url: SecretStr) -> SecretStr:
    _address(url.get_secret_value(), {"redis", "rediss"}, "redis://host:6379/0")
    return url


def _http(url: str) -> str:
    _address(url, {"http", "https"}, "https://host/path")
    return url.rstrip("/")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # unknown, a folder, out of the database
        reason = "must be a time zone such as America/Argentina/Buenos_Aires"
        raise ValueError(reason) from error
    return name


def _locale(name: str) -> str:
    try:
        Locale.parse(name, sep="-")
    except (ValueError, UnknownLocaleError) as error:
        raise ValueError("must be a locale such as es-AR or en-US") from error
    return name


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError("must be three capital letters, such as ARS")
    return code


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("names a file that does not exist")
    return path


def _email(address: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise ValueError("must be an e-mail address, such as ana@example.com")
    return address.lower()


def _long(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SECRET_CHARACTERS:
        raise ValueError(f"must have at least {SECRET_CHARACTERS} random characters")
    return secret


PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis)]
HttpUrl = Annotated[str, AfterValidator(_http)]
Zone = Annotated[str, AfterValidator(_zone)]
LocaleName = Annotated[str, AfterValidator(_locale)]
Currency = Annotated[str, AfterValidator(_currency)]
ExistingFile = Annotated[Path, AfterValidator(_existing)]
Email = Annotated[str, AfterValidator(_email)]
LongSecret = Annotated[SecretStr, AfterValidator(_long)]
