"""What the server does before the first viewer comes, so that none has to wait for it later."""

import gc
import sys
from collections.abc import Iterator

import pytest

from dashboard import server


@pytest.fixture(autouse=True)
def usual_collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_pages_import_is_there_and_never_collected_again() -> None:
    server.warm_up()
    assert set(server.WARM) <= set(sys.modules)
    assert gc.get_freeze_count() > 100_000


def test_full_collections_become_rare() -> None:
    young, middle, full = gc.get_threshold()
    server.warm_up()
    assert gc.get_threshold() == server.COLLECT_AFTER
    assert young * middle * full * 100 <= 7_000 * 10 * 200
