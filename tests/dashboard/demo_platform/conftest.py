"""One filled marketplace for all tests of the simulated platform; tests that write get a clone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from dashboard.demo.platform.history import fill
from dashboard.demo.platform.incidents import planted
from dashboard.demo.platform.setting import Setting
from tests.postgres_server import PostgresServer

ROOT: Final = Path(__file__).resolve().parents[3]
# A Friday, 16:40 in Argentina, six minutes after a quarter: nothing may depend on round times.
NOW: Final = datetime(2026, 11, 20, 19, 40, 17, tzinfo=UTC)
EVENTS: Final = 400_000
SEED: Final = 7
SETTING: Final = Setting(SEED, EVENTS, NOW, planted(NOW))
_numbers: Final = count()

Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """To fill the marketplace takes a quarter of a minute, whichever test asks for it first."""
    for item in items:
        if "marketplace" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


def filled_url(new_database: Callable[[], str], *, events: int = EVENTS, seed: int = SEED) -> str:
    url = new_database()
    fill(url, events=events, seed=seed, now=NOW, progress=lambda _: None)
    return url


@pytest.fixture(scope="session")
def marketplace(new_database: Callable[[], str]) -> str:
    """Read only: a database of ninety days up to NOW."""
    return filled_url(new_database)


@pytest.fixture
def copies(postgres: PostgresServer, marketplace: str) -> Iterator[Callable[[], str]]:
    """Make further copies of the marketplace to play on."""
    made: list[str] = []

    def copy() -> str:
        made.append(f"played_{next(_numbers)}")
        return postgres.clone(marketplace.rpartition("/")[2], made[-1])

    yield copy
    for name in made:
        postgres.drop(name)


@pytest.fixture
def ask(marketplace: str) -> Iterator[Rows]:
    """Ask the filled marketplace."""
    with psycopg.connect(marketplace, autocommit=True) as connection:
        yield lambda statement, **given: connection.execute(statement, given).fetchall()
