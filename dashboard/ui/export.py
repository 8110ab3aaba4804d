"""What leaves the house: a panel's numbers as CSV or Excel, with what they mean and their age.

Cells that a spreadsheet would run as a formula are written as text.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import xlsxwriter
from pandas import NaT, Timestamp
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from dashboard.runtime import runtime
from dashboard.ui.charts.scene import Column, Sheet
from dashboard.ui.filters import in_words
from dashboard.ui.material import Material
from dashboard.ui.numbers import MONEY
from dashboard.ui.spec import PanelSpec
from data.database import readable
from data.period import Filters, Selection
from data.raw import KINDS

if TYPE_CHECKING:
    from _csv import Writer

BOM: Final = "\ufeff"
"""Without it Excel reads a CSV file in the machine's old code page."""
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_LONGEST_CELL: Final = 32_000
_LONGEST_NAME: Final = 31
_BOOK: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "nan_inf_to_errors": False,
}
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
    writer = _write_lines(out, about)
    writer.writerow([safe(heading(column)) for column in sheet.columns])
    for row in _rows(sheet, about.zone):
        writer.writerow([_csv_cell(cell) for cell in row])
    return (BOM + out.getvalue()).encode("utf-8")


def provenance(spec: PanelSpec, material: Material, selection: Selection) -> Provenance:
    """Say what the numbers of a panel are."""
    answer = material.answer
    return Provenance(
        title=spec.title,
        filters=in_words(selection),
        zone=runtime().zone,
        as_of=answer.as_of,
        source=answer.source,
        definition=spec.question.definition,
        statement=answer.statement,
    )


Part = tuple[Sheet, Provenance]
"""The numbers of one panel, and what they are."""


def as_excel(sheet: Sheet, about: Provenance) -> bytes:
    """Write a workbook: the numbers on one sheet, what they are on another."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _BOOK) as book:
        _write_data(book, book.add_worksheet("Data"), sheet, about.zone)
        _write_about(book, book.add_worksheet("About"), about)
    return out.getvalue()


def as_workbook(parts: Sequence[Part]) -> bytes:
    """Write a page: what each panel is on the first sheet, its numbers on one of its own."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _BOOK) as book:
        contents = book.add_worksheet("About")
        row = 0
        for n, (sheet, about) in enumerate(parts, start=1):
            name = f"{n} {_sheet_name(about.title)}"[:_LONGEST_NAME].strip()
            _write_data(book, book.add_worksheet(name), sheet, about.zone)
            row = _write_about(book, contents, about, sheet_name=name, row=row) + 1
    return out.getvalue()


def about_raw(kind: str, words: str, filters: Filters) -> bytes:
    """Say above raw rows which they are, in the lines of every CSV of ours."""
    about = Provenance(
        title=f"Raw {kind}",
        filters=words,
        zone=filters.zone,
        as_of=filters.now,
        source="Postgres",
        definition="Every row of the period as it stands, oldest first; amounts in minor units.",
        statement=readable(KINDS[kind][0], filters.sql()),
    )
    out = io.StringIO()
    out.write(BOM)
    _write_lines(out, about)
    return out.getvalue().encode("utf-8")


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


def _write_lines(out: io.StringIO, about: Provenance) -> "Writer":
    writer = csv.writer(out, lineterminator="\r\n")
    for word, value in about.lines():
        writer.writerow([f"# {word}", safe(" ".join(value.split()))])
    writer.writerow([])
    return writer


def _sheet_name(title: str) -> str:
    """Leave out what Excel does not take in the name of a sheet."""
    return "".join(c for c in title if c not in "[]:*?/\\'" and c.isprintable())


def _write_data(book: xlsxwriter.Workbook, page: Worksheet, sheet: Sheet, zone: ZoneInfo) -> None:
    bold = book.add_format({"bold": True, "bottom": 1})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for n, column in enumerate(sheet.columns):
        page.write_string(0, n, heading(column), bold)
        page.set_column(n, n, min(_WIDEST, max(14, len(heading(column)) + 2)))
    for r, row in enumerate(_rows(sheet, zone), start=1):
        for n, cell in enumerate(row):
            _write(page, (r, n), cell, moment)
    page.freeze_panes(1, 0)


def _write_about(
    book: xlsxwriter.Workbook,
    page: Worksheet,
    about: Provenance,
    *,
    sheet_name: str = "",
    row: int = 0,
) -> int:
    """Write what numbers are, from a row on; gives the row after the last."""
    bold = book.add_format({"bold": True})
    page.set_column(0, 0, 16)
    page.set_column(1, 1, 100)
    lines = about.lines()
    for r, (word, value) in enumerate([("Sheet", sheet_name), *lines] if sheet_name else lines):
        page.write_string(row + r, 0, word, bold)
        page.write_string(row + r, 1, value[:_LONGEST_CELL])
    return row + r + 1


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
