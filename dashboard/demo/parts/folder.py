"""The demo's folder: its memory between starts, its secrets, its logs, and who holds it now."""

import errno
import fcntl
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Final, Self

from dashboard.demo.refusal import DemoRefused

DEFAULT: Final = Path(__file__).resolve().parents[3] / ".demo"
SPACE_TO_START: Final = 1_000_000_000
SPACE_PER_EVENT: Final = 700  # table, indexes, rollups, log: measured at 1 M events, rounded up
OWNER_ONLY: Final = 0o600
FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Folder:
    """`.demo/`: data, logs and remembered ports of one demo. Only one process may hold it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._lock: int | None = None

    @classmethod
    def usual(cls) -> Self:
        """The folder of this checkout, or the one ATALAYA_DEMO_FOLDER names."""
        named = os.environ.get("ATALAYA_DEMO_FOLDER")
        return cls(Path(named) if named else DEFAULT)

    def prepare(self, *, events: int) -> None:
        """Make the folder usable for so many events. Raises DemoRefused when it cannot be."""
        try:
            for each in (self.root, self.root / "log", self.root / "run"):
                each.mkdir(parents=True, exist_ok=True)
            probe = self.root / "run" / "probe"
            probe.write_text("writable")
            probe.unlink()
        except OSError as error:
            raise DemoRefused(self.why_not(error)) from error
        needed = SPACE_TO_START if self.is_filled else SPACE_TO_START + events * SPACE_PER_EVENT
        free = shutil.disk_usage(self.root).free
        if free < needed:
            raise DemoRefused(
                f"The demo needs {needed / 1e9:.1f} GB of disk in {self.root} and only "
                f"{free / 1e9:.1f} GB are free: make room, or ask for fewer --events."
            )

    def why_not(self, error: OSError) -> str:
        """A sentence about an error of the operating system in this folder."""
        if error.errno in FULL:
            return f"The disk that holds {self.root} is full: make room and start again."
        reason = error.strerror or type(error).__name__
        return (
            f"The demo keeps its data in {self.root} and cannot write there ({reason}): make the "
            "folder writable, or name another one in ATALAYA_DEMO_FOLDER."
        )

    def hold(self) -> None:
        """Take the folder for this process until it ends. Raises DemoRefused when it is taken."""
        if self._lock is not None:
            return
        handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(handle, 32).decode().strip() or "unknown"
            os.close(handle)
            raise DemoRefused(
                f"A demo already runs in {self.root} (process {holder}): use it, or stop it first."
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._lock = handle

    def release(self) -> None:
        """Let another process take the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def is_filled(self) -> bool:
        """Whether history was written to its end."""
        return "filled" in self.recall()

    def recall(self) -> dict[str, object]:
        """What was remembered; nothing when there is no memory or it was damaged by a crash."""
        try:
            memory = json.loads((self.root / "state.json").read_text())
        except (OSError, ValueError):
            return {}
        return memory if isinstance(memory, dict) else {}

    def remember(self, **facts: object) -> None:
        """Add facts to the memory, all or none of them."""
        self.write_private("state.json", json.dumps({**self.recall(), **facts}, indent=1))

    def number(self, name: str) -> int | None:
        """A remembered whole number, such as a port."""
        value = self.recall().get(name)
        return value if isinstance(value, int) else None

    def secret(self, name: str) -> str:
        """A generated password, the same at each start; kept in a file only its owner can read."""
        path = self.root / "secrets.json"
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(24)
            self.write_private("secrets.json", json.dumps(known, indent=1))
        return known[name]

    def write_private(self, name: str, text: str) -> Path:
        """Write a file that only its owner can read, all or nothing."""
        fresh = self.root / f"{name}.new"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        return fresh.replace(self.root / name)

    def log(self, name: str) -> Path:
        """Log file of a part."""
        return self.root / "log" / f"{name}.log"
