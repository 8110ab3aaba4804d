"""Settings that come from files: .env, and secrets as container platforms hand them over."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource


class SecretFileError(Exception):
    """A secret's file cannot be used; the text is a sentence and holds no secret."""


class SecretFiles(PydanticBaseSettingsSource):
    """Reads each secret whose <NAME>_FILE is in the environment given; the ends are trimmed."""

    def __init__(self, settings_cls: type[BaseSettings], environment: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._environment = {name: value for name, value in environment.items() if value}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's text, or None when no file is named. Raises SecretFileError."""
        name = f"{self.config.get('env_prefix', '')}{field_name}".upper()
        path = self._environment.get(f"{name}_FILE") if is_secret(field) else None
        if path is None:
            return None, field_name, False
        if name in self._environment:
            raise SecretFileError(f"{name} and {name}_FILE are both set; unset one of them.")
        return _text(Path(path), f"{name}_FILE"), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Values of all secrets that have a file."""
        fields = self.settings_cls.model_fields.items()
        values = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in values.items() if value is not None}


def is_secret(field: FieldInfo) -> bool:
    """Whether a field holds a secret, and so may come from a file."""
    return "SecretStr" in str(field.annotation)


def dotenv(settings_cls: type[BaseSettings], env_file: object) -> dict[str, str]:
    """What a .env file sets, by upper-case name; nothing when there is no such file."""
    if not isinstance(env_file, str | Path):
        return {}
    source = DotEnvSettingsSource(settings_cls, env_file=env_file, case_sensitive=False)
    return {name.upper(): value for name, value in source.env_vars.items() if value}


def _text(path: Path, name: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SecretFileError(f"{name} names {path}, which cannot be read: {reason}.") from error
    if not text:
        raise SecretFileError(f"{name} names {path}, which is empty.")
    return text
