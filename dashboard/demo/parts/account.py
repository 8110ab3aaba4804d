"""Postgres refuses to run as root: which user runs it instead, and where that user can reach it."""

import hashlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final

from dashboard.demo.parts.process import Account
from dashboard.demo.refusal import DemoRefused

CANDIDATES: Final = ("postgres", "nobody")
FAR: Final = Path("/var/lib")  # only root makes folders here, so nobody prepared a trap
PRIVATE: Final = 0o700
PASSABLE: Final = 0o711


def unprivileged() -> Account | None:
    """The user to run as when we are root, else None. Raises DemoRefused when there is none."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise DemoRefused(
        "Postgres does not run as root, and there is neither a user postgres nor a user nobody to "
        "run it as: start the demo as an ordinary user."
    )


def can_use(account: Account | None, path: Path) -> bool:
    """Whether the account may enter a folder or execute a file: the kernel is asked."""
    if account is None:
        return True
    command = [shutil.which("test") or "/usr/bin/test", "-x", str(path)]
    answer = subprocess.run(
        command, user=account.uid, group=account.gid, extra_groups=[], check=False, cwd="/"
    )
    return answer.returncode == 0


def far_folder(root: Path) -> Path:
    """Where data of a demo in `root` is kept when the account cannot reach `root`."""
    return FAR / f"atalaya-demo-{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"


def reachable(root: Path, account: Account | None) -> Path:
    """A folder that the account can pass through: `root`, else one of the system's."""
    if can_use(account, root):
        return root
    folder = far_folder(root)
    folder.mkdir(mode=PASSABLE, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise DemoRefused(f"{folder} belongs to somebody else: remove it and start again.")
    folder.chmod(PASSABLE)
    return folder


def private_folder(path: Path, account: Account | None) -> None:
    """Make a folder that only the account can read."""
    path.mkdir(mode=PRIVATE, exist_ok=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def executable(binaries: Path, folder: Path, account: Account | None) -> Path:
    """The binaries where the account can execute them: as they are, else a copy in `folder`."""
    if can_use(account, binaries / "postgres"):
        return binaries
    package = binaries.parents[1]
    programs = folder / "programs"
    copied = programs / binaries.relative_to(package.parent)
    if not (copied / "postgres").exists():
        # The programs look for their libraries beside the package that they came in.
        for each in (package / binaries.parent.name, package.with_name(f"{package.name}.libs")):
            if each.is_dir():
                target = programs / each.relative_to(package.parent)
                shutil.copytree(each, target, symlinks=True, dirs_exist_ok=True)
    for each in (programs, *programs.rglob("*")):  # whatever the umask was
        if each.is_dir():
            each.chmod(0o755)
    if not can_use(account, copied / "postgres"):
        raise DemoRefused(f"Postgres cannot be run from {copied}: start the demo as another user.")
    return copied
