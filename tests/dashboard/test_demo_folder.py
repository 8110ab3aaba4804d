"""The demo's folder: who may use it, what it remembers, what is in the way, how it is removed."""

import os
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from dashboard.demo.clean import clean
from dashboard.demo.parts import binaries
from dashboard.demo.parts.folder import Folder
from dashboard.demo.refusal import DemoRefused


@pytest.fixture
def home(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "demo")
    folder.prepare(events=1000)
    return folder


def test_a_second_demo_on_the_same_folder_is_refused_and_told_which_process_has_it(
    home: Folder,
) -> None:
    home.hold()
    with pytest.raises(DemoRefused, match=f"already runs in .*process {os.getpid()}"):
        Folder(home.root).hold()
    home.release()
    Folder(home.root).hold()


def test_secrets_are_random_stay_the_same_and_are_for_their_owner_only(home: Folder) -> None:
    first = home.secret("redis")
    assert len(first) >= 32
    assert Folder(home.root).secret("redis") == first
    assert home.secret("postgres.web") != first
    assert stat.S_IMODE((home.root / "secrets.json").stat().st_mode) == 0o600


def test_memory_damaged_by_a_crash_is_no_memory(home: Folder) -> None:
    home.remember(postgres_port=5)
    assert home.number("postgres_port") == 5
    (home.root / "state.json").write_text('{"postgres_port": ')
    assert home.number("postgres_port") is None
    home.remember(redis_port=6)
    assert home.recall() == {"redis_port": 6}


def test_a_folder_that_cannot_be_written_is_one_sentence() -> None:
    with pytest.raises(DemoRefused) as refused:
        Folder(Path("/proc/atalaya-demo")).prepare(events=1000)
    said = str(refused.value)
    assert "cannot write there" in said
    assert "ATALAYA_DEMO_FOLDER" in said
    assert "\n" not in said


def test_too_little_disk_is_one_sentence_with_both_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_200_000_000))
    with pytest.raises(DemoRefused, match=r"needs 1\.7 GB of disk .* only 1\.2 GB are free"):
        Folder(tmp_path).prepare(events=1_000_000)
    Folder(tmp_path).prepare(events=1_000)


def test_without_any_postgres_the_sentence_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATALAYA_PG_BIN", str(tmp_path))
    with pytest.raises(DemoRefused, match=r"No Postgres 15 or later .*requirements-demo\.txt"):
        binaries.postgres()


def test_without_any_redis_the_sentence_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    with pytest.raises(DemoRefused, match=r"No redis-server .*requirements-demo\.txt"):
        binaries.redis()
    assert binaries.prometheus() is None


def test_cleaning_is_refused_while_the_demo_runs(home: Folder) -> None:
    home.hold()
    with pytest.raises(DemoRefused, match="already runs"):
        clean(Folder(home.root))
    assert home.root.exists()


def test_cleaning_removes_what_the_demo_made_and_nothing_else(home: Folder) -> None:
    (home.root / "redis").mkdir()
    (home.root / "redis" / "dump.rdb").write_text("x")
    home.secret("redis")
    ours = home.root / "my-thesis.txt"
    ours.write_text("keep me")
    assert clean(home) == []
    assert list(home.root.iterdir()) == [ours]
    ours.unlink()
    assert clean(home) == [home.root]
    assert clean(home) == []
