"""The demo's processes while it runs: stopped in reverse order, started again when they end."""

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.process import Child, Command, Guard
from dashboard.demo.refusal import DemoRefused
from dashboard.demo.steps import Steps

ROOT: Final = Path(__file__).resolve().parents[2]
RESTARTS: Final = 5
RESTARTS_WITHIN_S: Final = 600


class Part(Protocol):
    """Something that runs and can be stopped."""

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""

    def stop(self) -> None:
        """End it. Safe to call twice."""


@dataclass(slots=True)
class _Resident:
    name: str
    part: Part
    start: Callable[[], None]
    restarts: list[float] = field(default_factory=list)
    is_given_up: bool = False


class Care:
    """Starts processes and answers for them. `stack` stops them, last started first."""

    def __init__(self, home: Folder, steps: Steps, stack: ExitStack) -> None:
        self._home = home
        self._steps = steps
        self._stack = stack
        self._residents: list[_Resident] = []
        self.guard = Guard()
        stack.callback(self.guard.dismiss)

    def take(self, name: str, part: Part, start: Callable[[], None]) -> None:
        """Start a part now, and again whenever it ends by itself. Raises DemoRefused."""
        self._stack.callback(part.stop)
        start()
        self._residents.append(_Resident(name, part, start))

    def python(
        self,
        name: str,
        *,
        arguments: list[str],
        settings: Mapping[str, str],
        ready: Callable[[], bool],
        within_s: float,
    ) -> None:
        """Start one of our own modules (`python -m …`). Raises DemoRefused."""
        command = Command(
            name=name,
            argv=[sys.executable, "-m", *arguments],
            environment=settings,
            folder=ROOT,
        )
        child = Child(command, self._home, self.guard)

        def start() -> None:
            child.start()
            child.wait_until(ready, within_s=within_s)

        self.take(name, child, start)

    def look_after(self) -> None:
        """Start again what ended by itself, unless it does so too often."""
        for each in self._residents:
            if not each.is_given_up and not each.part.is_alive:
                self._revive(each)

    def _revive(self, resident: _Resident) -> None:
        now = time.monotonic()
        recent = [each for each in resident.restarts if now - each < RESTARTS_WITHIN_S]
        resident.restarts = [*recent, now]
        if len(resident.restarts) > RESTARTS:
            resident.is_given_up = True
            log = self._home.log(resident.name)
            self._steps.say(f"{resident.name} ends again and again; its log is {log}.")
            return
        self._steps.say(f"{resident.name} ended by itself; starting it again.")
        try:
            resident.start()
        except DemoRefused as refusal:
            self._steps.say(str(refusal))
