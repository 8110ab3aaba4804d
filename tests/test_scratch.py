"""What tests throw away lies in memory only where that is safe, and does not pile up there."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import scratch

GIGABYTE = 1_000_000_000


@pytest.fixture
def in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """As if a folder were in memory, with room."""
    monkeypatch.setattr(scratch, "MEMORY", tmp_path)
    monkeypatch.setattr(scratch, "ROOM", 1)
    scratch.memory.cache_clear()
    yield tmp_path
    scratch.memory.cache_clear()


def test_what_a_killed_run_left_goes_and_what_is_in_use_stays(in_memory: Path) -> None:
    left, recent, running, theirs = (
        in_memory / name for name in ("ours-left", "ours-recent", "ours-running", "theirs")
    )
    for each in (left, recent, running, theirs):
        (each / "data").mkdir(parents=True)
    (running / "data" / "postmaster.pid").touch()
    held = scratch.scratch("ours-")
    at = time.time() - 2 * scratch.NEW_S
    for each in (left, running, theirs, held):
        os.utime(each, (at, at))

    made = scratch.scratch("ours-")

    assert made.parent == in_memory
    assert set(in_memory.iterdir()) == {made, held, recent, running, theirs}


@pytest.mark.parametrize(
    ("flags", "free", "usable"),
    [(0, 4 * GIGABYTE, True), (0, GIGABYTE, False), (os.ST_NOEXEC, 4 * GIGABYTE, False)],
)
def test_memory_is_used_where_there_is_room_and_programs_may_run(
    in_memory: Path, monkeypatch: pytest.MonkeyPatch, *, flags: int, free: int, usable: bool
) -> None:
    monkeypatch.setattr(scratch, "ROOM", 3 * GIGABYTE)
    found = SimpleNamespace(f_flag=flags, f_bavail=free // 4096, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: found)
    assert scratch.memory() == (in_memory if usable else None)


def test_without_such_a_place_it_is_the_usual_folder(
    in_memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MEMORY", in_memory / "none")
    made = scratch.scratch("atalaya-test-scratch-")
    assert made.parent != in_memory
    made.rmdir()
