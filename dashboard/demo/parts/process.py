"""A process that the demo starts: it dies with the demo, writes to a log, and stops when asked."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from dashboard.demo.parts.folder import OWNER_ONLY, Folder
from dashboard.demo.parts.guard import Watched, birth, end
from dashboard.demo.refusal import DemoRefused

PR_SET_PDEATHSIG: Final = 1
POLL_S: Final = 0.02
LOG_LINES_SHOWN: Final = 3
LOG_BYTES_KEPT: Final = 5_000_000

# Loaded here, not in the child: after dropping privileges the child may not be able to read it.
_libc: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine that a part runs as, because it refuses to run as root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How to run a part. Secrets belong into `environment` or a file, never into `argv`."""

    name: str
    argv: Sequence[str | Path]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None
    folder: Path = Path("/")


@dataclass(slots=True)
class Child:
    """One running command. `start` must be called in the main thread, which the kernel watches."""

    command: Command
    home: Folder
    guard: "Guard"
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return self.process.pid if self.process else 0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, after ending what an earlier demo left behind under this name."""
        self.end_leftover()
        command, account = self.command, self.command.account
        with _open_log(self.home.log(command.name)) as log:
            self.process = subprocess.Popen(
                [str(each) for each in command.argv],
                env=dict(command.environment),
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the demo, which stops its parts in order
                preexec_fn=_die_with(os.getpid(), command.stop_signal),  # noqa: PLW1509 - no threads run Python in the child
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        watched = Watched(self.pid, birth(self.pid) or "0", int(command.stop_signal))
        self.guard.watch(watched)
        self._record.write_text(str(watched))

    def wait_until(self, is_ready: Callable[[], bool], *, within_s: float) -> None:
        """Wait for readiness. Raises DemoRefused when it ends first or takes too long."""
        deadline = time.monotonic() + within_s
        while not is_ready():
            if not self.is_alive:
                raise DemoRefused(f"{self.command.name} ended while starting: {self.last_words()}")
            if time.monotonic() > deadline:
                raise DemoRefused(
                    f"{self.command.name} was not ready after {within_s:.0f} s: {self.last_words()}"
                )
            time.sleep(POLL_S)

    def stop(self, *, within_s: float = 15) -> None:
        """Ask it to stop, wait, and kill it when it does not. Safe to call twice."""
        if self.process is None:
            return
        if self.is_alive:
            self.process.send_signal(self.command.stop_signal)
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._record.unlink(missing_ok=True)

    def end_leftover(self) -> None:
        """End the process that a demo which crashed could not end itself."""
        if self._record.exists():
            leftover = Watched.parse(self._record.read_text())
            end([leftover] if leftover else [])
            self._record.unlink()

    def last_words(self) -> str:
        """The end of its log, in one line, and where the rest is."""
        path = self.home.log(self.command.name)
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        said = " / ".join(line.strip() for line in lines[-LOG_LINES_SHOWN:] if line.strip())
        return f"{said or 'it said nothing'} (log: {path})"

    @property
    def _record(self) -> Path:
        return self.home.root / "run" / f"{self.command.name}.pid"


class Guard:
    """The process of `guard.py`: ends everything watched when this process is killed."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("guard.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._process.pid

    def watch(self, process: Watched) -> None:
        """End this process, too, when we are killed."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(f"{process}\n".encode())
                self._process.stdin.flush()

    def dismiss(self) -> None:
        """All is stopped: let the guard go."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()


def _open_log(path: Path) -> IO[bytes]:
    """The log, appended to; the former one is kept beside it once it is large."""
    if path.exists() and path.stat().st_size > LOG_BYTES_KEPT:
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY), "ab")


def _die_with(parent: int, request: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes the part: ask the kernel to end it with its parent."""
    if _libc is None:
        return None

    def ask_the_kernel() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(request))
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's "&" hands it down ignored
        if os.getppid() != parent:  # killed between fork and prctl
            os._exit(1)

    return ask_the_kernel
