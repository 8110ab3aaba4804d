"""Where tests keep what they throw away: in memory, where there is enough of it."""

import fcntl
import os
import tempfile
import time
from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - each folder in it is made by mkdtemp
ROOM: Final = 3_000_000_000  # a run's databases take a part of it; containers often have 64 MB
NEW_S: Final = 60  # for so long a folder may be waiting for its maker's lock


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
    # Never closed: the lock says that this process lives, and goes with it however it ends.
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_SH)
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
    """Whether the process that made a folder is gone, and no Postgres runs in it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return False  # its owner has just removed it, or is somebody else
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        old = time.time() - os.fstat(handle).st_mtime > NEW_S
        return old and not any(folder.glob("*/postmaster.pid"))
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
