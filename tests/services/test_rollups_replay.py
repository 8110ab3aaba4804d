"""A shuffled, late, repeated stream with crashes and open writers ends in the right cells."""

from collections.abc import Iterator

import pytest

from tests.services.rollup_replay import Fragile, Replay, faults
from tests.services.rollup_streams import empty, stream, ties


@pytest.fixture
def fragile(db_url: str) -> Iterator[Fragile]:
    database = Fragile(db_url, pool_size=3)
    yield database
    database.dispose()


def play(db: Fragile, url: str, seed: int) -> list[str]:
    empty(db)
    sent = stream(seed) if seed else ties()
    replay = Replay(db, url, seed=seed)
    try:
        replay.play(sent)
    finally:
        replay.close()
    return faults(db, sent)


def test_small_streams_end_as_their_recompute_and_as_the_reference(
    fragile: Fragile, db_url: str
) -> None:
    assert {seed: play(fragile, db_url, seed) for seed in range(10)} == {
        seed: [] for seed in range(10)
    }


@pytest.mark.slow
def test_many_small_streams_end_as_their_recompute_and_as_the_reference(
    fragile: Fragile, db_url: str
) -> None:
    differing = {seed: play(fragile, db_url, seed) for seed in range(10, 55)}
    assert {seed: tables for seed, tables in differing.items() if tables} == {}
