"""Removes what a demo keeps on disk, and nothing else."""

import os
import shutil
from pathlib import Path
from typing import Final

from dashboard.demo.parts.account import far_folder
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.guard import Watched, end
from dashboard.demo.refusal import DemoRefused

# Only names that a demo makes: ATALAYA_DEMO_FOLDER may name a folder that holds other things.
MADE: Final = (
    *("postgres", "postgres.new", "programs", "redis", "prometheus", "outbox", "log", "run"),
    *("state.json", "state.json.new", "secrets.json", "secrets.json.new", "lock"),
    *("settings.env", "settings.env.new"),
)


def clean(home: Folder) -> list[Path]:
    """Remove a demo's data; gives the folders removed. Raises DemoRefused while it runs."""
    places = [each for each in (home.root, far_folder(home.root)) if each.is_dir()]
    if not places:
        return []
    try:
        if home.root.is_dir():
            home.hold()
        end_leftovers(home)
        for each in places:
            _empty(each)
    except OSError as error:
        raise DemoRefused(
            f"{error.filename or home.root} cannot be removed ({error.strerror}): remove it as the "
            "user who made it."
        ) from error
    finally:
        home.release()
    return [each for each in places if not each.exists()]


def end_leftovers(home: Folder) -> None:
    """End processes that a crashed demo left behind."""
    records = (home.root / "run").glob("*.pid")
    left = [watched for each in records if (watched := Watched.parse(each.read_text()))]
    end(left)


def _empty(folder: Path) -> None:
    for name in MADE:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if not os.listdir(folder):  # noqa: PTH208 - Path.iterdir must be consumed to be closed
        folder.rmdir()
