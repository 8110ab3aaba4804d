"""Where tests keep what they throw away: in memory, where there is enough of it."""

import os
import tempfile
import time
from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - each folder in it is made by mkdtemp
ROOM: Final = 3_000_000_000  # a run's databases take a part of it; containers often have 64 MB
LEFT_OVER_S: Final = 3600


def scratch(prefix: str) -> Path:
    """A new folder that others may pass through; whoever asks for it removes it.

    A database is hundreds of small files: to make and drop it on a disk takes twenty times as long
    as in memory, and most of what the tests would take.
    """
    where = memory()
    if where is not None:
        _sweep(where, prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=where))
    folder.chmod(0o711)
    return folder


@cache
def memory() -> Path | None:
    """A file system in memory with room, whose programs may run; else None."""
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return None
    runs = not found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return MEMORY if runs and found.f_bavail * found.f_frsize > ROOM else None


def _sweep(where: Path, prefix: str) -> None:
    """Remove what killed runs left: memory is not emptied as a folder for temporary files is."""
    for each in where.glob(f"{prefix}*"):
        if _is_left_over(each):
            rmtree(each, ignore_errors=True)


def _is_left_over(folder: Path) -> bool:
    """Whether nobody has used a folder for an hour and no Postgres runs in it."""
    try:
        age = time.time() - folder.stat().st_mtime
    except OSError:
        return False  # its owner has just removed it
    return age > LEFT_OVER_S and not any(folder.glob("**/postmaster.pid"))
