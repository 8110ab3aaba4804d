"""Atalaya's own processes, started as in production: `python -m dashboard …` with settings."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STOP_S = 15


class Program:
    """One process and what it logs."""

    def __init__(
        self, command: str, log: Path, *, module: str = "dashboard", **settings: object
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if "ATALAYA" not in name}
        ours = {f"ATALAYA_{name.upper()}": str(value) for name, value in settings.items()}
        self._log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, command],
                cwd=ROOT,
                env=inherited | ours | {"ATALAYA_ENV_FILE": "", "ATALAYA_LOG_FORMAT": "json"},
                stdout=file,
                stderr=file,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def says(self, event: str) -> bool:
        """Whether the event is in the log. Fails when the process is gone before."""
        found = f'"event": "{event}"' in self.log
        assert found or self.process.poll() is None, self.log
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(STOP_S)

    def stop(self) -> int:
        """SIGTERM; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextmanager
def running(
    command: str, log: Path, *, module: str = "dashboard", **settings: object
) -> Iterator[Program]:
    program = Program(command, log, module=module, **settings)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.kill()
