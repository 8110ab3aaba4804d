"""What leaves the house: a panel's numbers as CSV or Excel, with what they mean and their age.

Cells that a spreadsheet would run as a formula are written as text.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import xlsxwriter
from pandas import NaT, Timestamp
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from dashboard.ui.charts.scene import Column, Sheet
from dashboard.ui.numbers import MONEY

BOM: Final = "\ufeff"
"""Without it Excel reads a CSV file in the machine's old code page."""
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_LONGEST_CELL: Final = 32_000
_WIDEST: Final = 60

Cell = str | float | int | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an export says about itself."""

    title: str
    filters: str
    zone: ZoneInfo
    as_of: datetime
    source: str
    definition: str
    statement: str

    def lines(self, now: datetime | None = None) -> list[tuple[str, str]]:
        """Give it as pairs of a word and its value."""
        made = (now or datetime.now(UTC)).astimezone(self.zone)
        return [
            ("Title", self.title),
            ("Filters", self.filters),
            ("Time zone", self.zone.key),
            ("As of", self.as_of.astimezone(self.zone).isoformat(timespec="seconds")),
            ("Generated at", made.isoformat(timespec="seconds")),
            ("Source", self.source),
            ("Definition", self.definition),
            ("Statement", self.statement),
        ]


def as_csv(sheet: Sheet, about: Provenance) -> bytes:
    """Write CSV in UTF-8: lines about the numbers, then a header row, then the rows."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for word, value in about.lines():
        writer.writerow([f"# {word}", safe(" ".join(value.split()))])
    writer.writerow([])
    writer.writerow([safe(heading(column)) for column in sheet.columns])
    for row in _rows(sheet, about.zone):
        writer.writerow([_csv_cell(cell) for cell in row])
    return (BOM + out.getvalue()).encode("utf-8")


def as_excel(sheet: Sheet, about: Provenance) -> bytes:
    """Write a workbook: the numbers on one sheet, what they are on another."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**options, "nan_inf_to_errors": False}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        data = book.add_worksheet("Data")
        for n, column in enumerate(sheet.columns):
            data.write_string(0, n, heading(column), bold)
            data.set_column(n, n, min(_WIDEST, max(14, len(heading(column)) + 2)))
        for r, row in enumerate(_rows(sheet, about.zone), start=1):
            for n, cell in enumerate(row):
                _write(data, (r, n), cell, moment)
        data.freeze_panes(1, 0)
        _write_about(book.add_worksheet("About"), about, book.add_format({"bold": True}))
    return out.getvalue()


def heading(column: Column) -> str:
    """Name a column with its unit; money is exported in whole currency units."""
    unit = column.unit.removesuffix(MONEY)
    return f"{column.label} ({unit})" if unit and unit not in {"count", "state"} else column.label


def safe(words: str) -> str:
    """Keep a spreadsheet from taking text for a formula."""
    return f"'{words}" if words.startswith(_DANGEROUS) else words


def file_name(title: str, at: datetime, ending: str) -> str:
    """Give a name that says what is inside and when it was read, in plain letters."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in title.lower())
    words = "-".join(part for part in plain.split("-") if part)
    return f"atalaya-{words[:60]}-{at:%Y%m%d-%H%M%S}.{ending}"


def _write_about(page: Worksheet, about: Provenance, bold: CellFormat) -> None:
    page.set_column(0, 0, 16)
    page.set_column(1, 1, 100)
    for r, (word, value) in enumerate(about.lines()):
        page.write_string(r, 0, word, bold)
        page.write_string(r, 1, value[:_LONGEST_CELL])


def _write(page: Worksheet, at: tuple[int, int], cell: Cell, moment: CellFormat) -> None:
    if cell is None:
        return
    if isinstance(cell, datetime):
        page.write_datetime(*at, cell, moment)
    elif isinstance(cell, bool):
        page.write_boolean(*at, cell)
    elif isinstance(cell, int | float):
        page.write_number(*at, cell)
    else:
        page.write_string(*at, cell[:_LONGEST_CELL])


def _rows(sheet: Sheet, zone: ZoneInfo) -> Iterable[list[Cell]]:
    names = [column.name for column in sheet.columns]
    for row in sheet.frame[names].itertuples(index=False, name=None):
        yield [_cell(value, col, zone) for value, col in zip(row, sheet.columns, strict=True)]


def _cell(value: object, column: Column, zone: ZoneInfo) -> Cell:
    """Give a value as a spreadsheet holds it: local times without a zone, money in whole units."""
    if value is None or value is NaT or value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return None
    if isinstance(value, Timestamp | datetime):
        return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, bool | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    number = _number(value)
    if number is None:
        return str(value)
    return number / 100 if column.unit.endswith(MONEY) else number


def _number(value: object) -> float | int | None:
    """Give a number of whatever library as Python's own; infinities are no numbers."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, int):
        return plain
    if isinstance(plain, float):
        return plain if abs(plain) != float("inf") else None
    return None


def _csv_cell(cell: Cell) -> str | float | int:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return safe(cell) if isinstance(cell, str) else cell
