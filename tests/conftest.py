"""What all tests share: a real Postgres per worker, and a migrated database per test."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Final

import pytest
from playwright.sync_api import Browser
from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]  # it has none

from data import migrations
from data.database import Database
from tests.browser import chromium
from tests.postgres_server import PostgresServer

ON_ONE_WORKER: Final = ("tests/e2e/", "tests/dashboard/demo_platform/")
# What a test takes, roughly, by its marks; one without a mark takes less than a second.
SECONDS: Final[Mapping[str, float]] = {"slow": 15, "browser": 6}
TEMPLATE: Final = "atalaya_template"
_numbers: Final = count()


def _unit(nodeid: str) -> str:
    """What stays on one worker: the tests of a file, or of a folder with one stage."""
    shared = (place for place in ON_ONE_WORKER if nodeid.startswith(place))
    return next(shared, nodeid.partition("::")[0])


def _seconds(item: pytest.Item) -> float:
    return sum(SECONDS.get(mark.name, 0) for mark in item.iter_markers()) or 0.5


class Scheduling(LoadGroupScheduling):  # type: ignore[misc]  # xdist brings no types
    """Tests that share servers stay on one worker.

    A mark cannot say so: xdist 3.8 loses its groups under pytest 9.2 (pytest-xdist issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        return _unit(nodeid)


@pytest.hookimpl(optionalhook=True)  # absent under `-p no:xdist`
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling | None:
    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False  # xdist's own order: most tests first
    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)  # of what `-m` and `-k` leave
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first: one that begins last would keep one worker at it alone."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for item in items:
        seconds[_unit(item.nodeid)] += _seconds(item)
    items.sort(key=lambda item: -seconds[_unit(item.nodeid)])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the tests of one file.

    No longer than that: while it is open, Playwright's loop runs in this thread, and neither a
    second Playwright nor asyncio.run would work.
    """
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server of this run (and xdist worker). Do not stop it: see `disposable_postgres`."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def new_database(postgres: PostgresServer) -> Callable[[], str]:
    """Make a further migrated database and give its URL; it goes with the server."""
    migrations.upgrade(postgres.create(TEMPLATE))
    return lambda: postgres.clone(TEMPLATE, f"test_{next(_numbers)}")


@pytest.fixture
def empty_url(postgres: PostgresServer) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"empty_{next(_numbers)}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture
def db_url(postgres: PostgresServer, new_database: Callable[[], str]) -> Iterator[str]:
    """A migrated database of this test alone."""
    url = new_database()
    yield url
    postgres.drop(url.rpartition("/")[2])


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A migrated database of this test alone, as the program sees it."""
    database = Database(db_url, pool_size=3)
    yield database
    database.dispose()


@pytest.fixture
def disposable_postgres() -> Iterator[PostgresServer]:
    """A server of this test alone, its database `atalaya` migrated, to stop, start and freeze."""
    server = PostgresServer()
    try:
        server.start()
        migrations.upgrade(server.create("atalaya"))
        yield server
    finally:
        server.remove()
