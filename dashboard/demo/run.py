"""Starts the whole demo step by step, keeps it running, and stops it in order."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

import psycopg

from dashboard.demo.house import House
from dashboard.demo.parts.folder import FULL, Folder
from dashboard.demo.parts.ports import must_be_free
from dashboard.demo.refusal import DemoRefused
from dashboard.demo.steps import Steps
from data.errors import SourceDown

LOOK_EVERY_S: Final = 0.5
STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who started the demo asked for."""

    port: int
    events: int
    seed: int


class Stopped(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: not an error, and nobody but `run` may catch it."""


def run(home: Folder, wishes: Wishes) -> None:
    """Run the demo until it is stopped. Raises DemoRefused with a sentence when it cannot."""
    steps = Steps()
    began = time.monotonic()
    home.prepare(events=wishes.events)
    home.hold()
    try:
        must_be_free(wishes.port)
        with _stoppable(steps), _explained(home), ExitStack() as stack:
            house = House(home, steps, stack, port=wishes.port)
            house.open(events=wishes.events, seed=wishes.seed)
            steps.say(
                f"\nAtalaya is at http://127.0.0.1:{wishes.port} after "
                f"{time.monotonic() - began:.0f} s. Ctrl-C stops it and keeps its data in "
                f"{home.root}.\n"
            )
            while True:
                house.look_after()
                time.sleep(LOOK_EVERY_S)
    finally:
        home.release()


@contextmanager
def _stoppable(steps: Steps) -> Iterator[None]:
    """Turn the first request to stop into Stopped; more of them do not disturb the stopping."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for each in STOPS:
            signal.signal(each, signal.SIG_IGN)
        steps.say("\nStopping ...")
        raise Stopped

    former = {each: signal.signal(each, stop) for each in STOPS}
    try:
        yield
    except Stopped:
        steps.say("Stopped. The next start keeps the data.")
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


@contextmanager
def _explained(home: Folder) -> Iterator[None]:
    """Turn what goes wrong on a machine (no disk, no rights) into a sentence."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise DemoRefused(home.why_not(OSError(FULL[0], "no space"))) from error
    except psycopg.OperationalError as error:
        raise DemoRefused(
            f"Postgres ended while the demo used it; its log is {home.log('postgres')}."
        ) from error
    except SourceDown as down:
        raise DemoRefused(f"{down} Logs are in {home.root / 'log'}.") from down
    except OSError as error:
        raise DemoRefused(home.why_not(error)) from error
