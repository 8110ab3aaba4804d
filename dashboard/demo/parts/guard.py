"""Ends the demo's processes when the demo itself was killed. Runs as a process of its own.

The demo holds the other end of our standard input and writes "<pid> <birth> <signal>" for each
process it starts. When it ends for whatever reason, the pipe closes, and what still lives is
stopped. On Linux the kernel has told them already (PR_SET_PDEATHSIG); this also catches those that
did not obey.

Only the standard library is imported: it starts in milliseconds and survives a broken environment.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

PATIENCE_S = 15.0


class Watched(NamedTuple):
    """One process, by id and birth, and the signal that asks it to stop."""

    pid: int
    born: str
    request: int

    @classmethod
    def parse(cls, line: str) -> "Watched | None":
        """Read "<pid> <birth> <signal>"; None when a crash left something else."""
        words = line.split()
        if len(words) != 3 or not all(word.isdigit() for word in words):
            return None
        return cls(int(words[0]), words[1], int(words[2]))

    def __str__(self) -> str:
        return f"{self.pid} {self.born} {self.request}"


def birth(pid: int) -> str:
    """When a process began, in the kernel's ticks; "" when there is none (or no /proc to ask).

    A process id is used again by others; together with its birth it names one process.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]


def lives(pid: int, born: str) -> bool:
    """Whether that very process still runs."""
    if Path("/proc/self/stat").exists():
        return bool(born) and birth(pid) == born
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's, but it is there
    return True


def end(processes: list[Watched], patience_s: float = PATIENCE_S) -> None:
    """Ask all to stop, wait for them, kill what remains."""
    for forced in (False, True):
        living = [each for each in processes if lives(each.pid, each.born)]
        for each in living:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(each.pid, signal.SIGKILL if forced else each.request)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and any(lives(each.pid, each.born) for each in living):
            time.sleep(0.05)


def main() -> None:
    """Read what to watch until the demo is gone, then end it."""
    for request in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(request, signal.SIG_IGN)
    watched = [each for line in sys.stdin if (each := Watched.parse(line))]
    end(list(reversed(watched)))


if __name__ == "__main__":
    main()
