"""A server in which one question of the Launch monitor is broken, until SIGUSR1 mends it.

Run as `python -m tests.e2e.broken_question serve`.
"""

import signal
from typing import NoReturn

from pandas import DataFrame

from dashboard.commands import main
from data import launch
from data.period import Filters
from data.signals import Signals

SECRET = "postgresql://ops:hunter2@db.internal"  # noqa: S105 - nobody's


def _broken(signals: Signals, filters: Filters) -> DataFrame:
    return _raise()


def _raise() -> NoReturn:
    raise KeyError(SECRET)


if __name__ == "__main__":
    question = launch.webhooks
    whole = question._function
    signal.signal(signal.SIGUSR1, lambda *_: setattr(question, "_function", whole))
    question._function = _broken
    main()
