"""The README's pictures are of the pages as they are: same figures, same panels, none missing."""

import json
import runpy
import struct
from pathlib import Path

import pytest

from dashboard.navigation import ENTRIES, PAGES, Entry
from dashboard.ui.page import Page
from docs.screenshots import FOLDER, LARGEST_BYTES, MANIFEST, name_of, shots

REMEDY = "The pictures are of an older page: run `make demo`, then `make screenshots`."


def _manifest() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads(MANIFEST.read_text("utf-8"))
    return found


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> list[Page]:
    """What pages say is on them, when they are run without being drawn."""
    pages: list[Page] = []
    monkeypatch.setattr(Page, "_draw", lambda page: pages.append(page))  # noqa: PLW0108 - a method needs a function
    return pages


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_a_pages_picture_shows_the_figures_tabs_and_panels_that_the_page_has(
    entry: Entry, declared: list[Page]
) -> None:
    runpy.run_path(str(PAGES / entry.file))
    (page,) = declared
    tabs = list(dict.fromkeys(panel.tab for panel in page._panels))
    seen = _manifest()[name_of(entry)]
    shown = [panel.title for panel in page._panels if panel.tab == tabs[0]]
    assert seen["figures"] == [figure.label for figure in page._figures], REMEDY
    assert seen["tabs"] == (tabs if len(tabs) > 1 else []), REMEDY
    assert seen["panels"] == shown, REMEDY


def test_every_page_of_the_navigation_has_its_pictures_and_there_are_no_others() -> None:
    wanted = {shot.file for shot in shots()}
    listed = {file for page in _manifest().values() for file in page["pictures"]}
    there = {path.name for path in FOLDER.glob("*.png")}
    assert wanted == listed == there, REMEDY


@pytest.mark.parametrize("file", [shot.file for shot in shots()])
def test_a_picture_is_a_png_of_its_width_that_loads_quickly(file: str) -> None:
    content = (FOLDER / file).read_bytes()
    assert content.startswith(b"\x89PNG")
    (width,) = struct.unpack(">I", content[16:20])
    assert width == next(shot.width for shot in shots() if shot.file == file)
    assert len(content) <= LARGEST_BYTES


def test_the_readme_shows_every_page() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    for entry in ENTRIES:
        assert f"docs/pictures/{name_of(entry)}_light.png" in readme
