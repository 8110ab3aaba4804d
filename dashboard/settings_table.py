"""The table of settings in the documents, made from Settings so that it cannot be out of date.

`python -m dashboard.settings_table FILE...` rewrites what stands between the markers in each file.
"""

import re
import sys
from pathlib import Path
from typing import Final

from pydantic.fields import FieldInfo

from dashboard.settings import Settings, env_name
from dashboard.settings_files import is_secret

START: Final = "<!-- settings -->"
END: Final = "<!-- /settings -->"
_BETWEEN: Final = re.compile(f"{START}.*?{END}", re.DOTALL)


def markdown_table() -> str:
    """Every setting: its name, its default and what it is for. One line each."""
    rows = [
        f"| `{env_name(name)}`{' ¹' if is_secret(field) else ''} | {_default(field)} | "
        f"{field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    note = "¹ A secret: may come from a file instead, named by the same name followed by `_FILE`."
    return "\n".join(["| name | default | what it is |", "| --- | --- | --- |", *rows, "", note])


def embedded(document: str) -> str:
    """A document with the present table between its markers."""
    table = f"{START}\n{markdown_table()}\n{END}"
    return _BETWEEN.sub(lambda _: table, document)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return "" if field.default is None else f"`{field.default}`"


if __name__ == "__main__":
    for each in map(Path, sys.argv[1:]):
        each.write_text(embedded(each.read_text(encoding="utf-8")), encoding="utf-8")
