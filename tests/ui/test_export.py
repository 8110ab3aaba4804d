"""What leaves the house is safe to open, exact, and says what it is."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook
from pandas import DataFrame, Series

from dashboard.ui.charts import Column, Sheet
from dashboard.ui.export import BOM, Provenance, as_csv, as_excel, as_workbook, file_name
from tests.ui.scenes import NOW, ZONE

SIGNS = ("=", "+", "-", "@", "\t", "\r", "|", "%")
HOSTILE = [*(f"{sign}1+1" for sign in SIGNS), "plain", "=cmd|' /C x'!A0"]
ABOUT = Provenance(
    title="=Title",
    filters="Period 1h",
    zone=ZONE,
    as_of=NOW,
    source="Postgres",
    definition="=Definition\nof two lines",
    statement="select 1\nfrom x",
)
SHEET = Sheet(
    (
        Column("name", "Name"),
        Column("amount", "Amount", "ARS minor", "number"),
        Column("ratio", "Ratio", "%", "number"),
        Column("at", "At", kind="moment"),
    ),
    DataFrame(
        {
            "name": HOSTILE,
            "amount": [123_456] * len(HOSTILE),
            "ratio": [0.5, float("nan"), float("inf"), *[-1.25] * (len(HOSTILE) - 3)],
            "at": Series([NOW] * len(HOSTILE)),
        }
    ),
)


def rows() -> list[list[str]]:
    text = as_csv(SHEET, ABOUT).decode("utf-8")
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM))))


def test_no_cell_of_a_csv_file_starts_a_formula() -> None:
    words = [cell for row in rows() for cell in row if not _is_number(cell)]
    assert [cell for cell in words if cell.startswith(SIGNS)] == []


def test_a_csv_file_says_what_it_is_before_its_header() -> None:
    about = {row[0]: row[1] for row in rows() if row and row[0].startswith("# ")}
    assert about["# Filters"] == "Period 1h"
    assert about["# Time zone"] == "America/Argentina/Buenos_Aires"
    assert about["# As of"] == "2026-11-20T14:00:00-03:00"
    assert about["# Statement"] == "select 1 from x"
    assert set(about) >= {"# Title", "# Generated at", "# Source", "# Definition"}


def test_csv_numbers_stay_numbers_and_what_is_unknown_stays_empty() -> None:
    data = rows()[rows().index([]) + 1 :]
    assert data[0] == ["Name", "Amount (ARS)", "Ratio (%)", "At"]
    assert [row[1] for row in data[1:]] == ["1234.56"] * len(HOSTILE)
    assert data[1][2] == "0.5"
    assert data[2][2] == ""
    assert data[4][2] == "-1.25"
    assert data[1][3] == "2026-11-20 14:00:00"


def test_excel_reads_numbers_as_numbers_times_as_times_and_no_formula() -> None:
    book = load_workbook(io.BytesIO(as_excel(SHEET, ABOUT)))
    data = book["Data"]
    assert [cell.value for cell in data[1]] == ["Name", "Amount (ARS)", "Ratio (%)", "At"]
    for row, hostile in zip(data.iter_rows(min_row=2), HOSTILE, strict=True):
        assert row[0].data_type == "s"
        assert row[0].value.replace("_x000D_", "\r") == hostile
        assert row[1].value == 1234.56
        assert row[3].value == datetime(2026, 11, 20, 14, 0)  # noqa: DTZ001 - as Excel holds it
    assert [data["C2"].value, data["C3"].value, data["C5"].value] == [0.5, None, -1.25]


def test_the_workbook_says_what_it_is_on_a_sheet_of_its_own() -> None:
    about = load_workbook(io.BytesIO(as_excel(SHEET, ABOUT)))["About"]
    said = {row[0].value: row[1].value for row in about.iter_rows()}
    assert said["Definition"] == "=Definition\nof two lines"
    assert {cell.data_type for row in about.iter_rows() for cell in row} == {"s"}
    assert set(said) >= {"Title", "Filters", "Time zone", "As of", "Generated at", "Statement"}


@pytest.mark.parametrize("title", ["Is it fast?", "../../etc/passwd", "¿Qué?", "a" * 300])
def test_a_file_name_holds_plain_letters_only(title: str) -> None:
    name = file_name(title, datetime(2026, 11, 20, 14, tzinfo=UTC), "csv")
    assert name.endswith("-20261120-140000.csv")
    assert len(name) < 100
    assert all(c.isascii() and (c.isalnum() or c in "-.") for c in name)
    assert ".." not in name


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_a_page_is_one_workbook_with_a_sheet_for_each_panel_and_what_they_are() -> None:
    long = replace(ABOUT, title="Does 'this' [very] long: question * have / an answer?")
    book = load_workbook(io.BytesIO(as_workbook([(SHEET, ABOUT), (SHEET, long), (SHEET, long)])))
    about, *sheets = book.worksheets
    assert about.title == "About"
    assert [sheet.title for sheet in sheets] == [
        "1 =Title", "2 Does this very long question", "3 Does this very long question"
    ]  # fmt: skip
    assert all(len(sheet.title) <= 31 for sheet in sheets)
    assert [sheet.max_row for sheet in sheets] == [len(HOSTILE) + 1] * 3
    said = [(row[0].value, row[1].value) for row in about.iter_rows(max_col=2)]
    assert [value for word, value in said if word == "Sheet"] == [s.title for s in sheets]
    assert [value for word, value in said if word == "Source"] == ["Postgres"] * 3
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
