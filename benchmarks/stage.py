"""An own, isolated Atalaya to measure: the demo's real parts on free loopback ports.

Its data lies in `.demo-bench/` and is kept, so that only the first run fills it.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import psycopg

from benchmarks.registry import Ground
from dashboard import runtime
from dashboard.demo import environment
from dashboard.demo.house import House
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.guard import Watched
from dashboard.demo.parts.ports import LOOPBACK, free_port
from dashboard.demo.steps import Steps
from dashboard.settings import PREFIX, Settings
from data.sources import Sources

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / ".demo-bench"
QUICK: Final = Ground("quick", 50_000)
SEED: Final = 1
ENDS_WITHIN_S: Final = 20


@dataclass(slots=True)
class Stage:
    """What measurements need of a running Atalaya."""

    house: House
    home: Folder
    port: int
    is_quick: bool

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def size(self) -> dict[str, object]:
        """How much data it holds, for the context of a result."""
        return {"events_seeded": self.home.number("events"), "cpus": os.cpu_count()}

    @property
    def server(self) -> psutil.Process:
        """The process that serves the pages."""
        record = Watched.parse((self.home.root / "run" / "web.pid").read_text())
        if record is None:
            raise RuntimeError("the pages' process left no record")
        return psutil.Process(record.pid)

    def restart_server(self) -> None:
        """A fresh process of the pages: nothing of the measurement before is in its memory."""
        server = self.server
        server.send_signal(signal.SIGTERM)
        server.wait(ENDS_WITHIN_S)
        self.house.look_after()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """A connection to Postgres that may do anything; each statement its own transaction."""
        with self.house.postgres.connect() as connection:
            yield connection

    @contextmanager
    def sources(self) -> Iterator[Sources]:
        """What questions read from, with the settings that the pages have."""
        prometheus = self.house.prometheus
        told = environment.for_web(
            self.home,
            postgres=self.house.postgres,
            redis=self.house.redis,
            prometheus=prometheus if prometheus.is_present else None,
            port=self.port,
        )
        built = runtime.build(_settings(told))
        try:
            yield built.sources
        finally:
            built.close()


@contextmanager
def stage(ground: Ground, *, quick: bool) -> Iterator[Stage]:
    """Start everything on so much data, and stop everything at the end."""
    home = Folder(FOLDER / ground.folder)
    events = ground.events
    if home.is_filled and home.number("events") != events:
        shutil.rmtree(home.root)
    home.prepare(events=events)
    home.hold()
    port = free_port()
    try:
        with ExitStack() as stack:
            house = House(home, Steps(), stack, port=port)
            house.open(events=events, seed=SEED)
            yield Stage(house, home, port, quick)
    finally:
        home.release()


def settled(seconds: float) -> None:
    """Let what a start set in motion come to rest; not a wait for a condition."""
    time.sleep(seconds)


def _settings(told: dict[str, str]) -> Settings:
    fields = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in told.items()
        if name.startswith(PREFIX)
    }
    return Settings.model_validate(fields)
