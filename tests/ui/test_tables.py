"""Cells of tables: money in each row's currency, rates of few cases, ranks, changes, links."""

import numpy as np
import pytest
from pandas import DataFrame

from dashboard.ui import charts
from dashboard.ui.charts import column
from dashboard.ui.charts.scene import Json
from dashboard.ui.export import as_csv
from dashboard.ui.tableview import sheet_envelope
from tests.ui.scenes import FORM, scene
from tests.ui.test_export import ABOUT

ROWS = DataFrame(
    {
        "rank": [1, 2, 3],
        "provider_id": [11, 12, 13],
        "provider": ["Ana", "Luis", "Sur"],
        "gross": [4_820_000, 55_500, np.nan],
        "currency": ["ARS", "USD", "ARS"],
        "cancelled_pct": [3.2, 50.0, np.nan],
        "bookings": [320, 6, 0],
        "change": [4.2, -3.1, 0.0],
        "orders": [10, 20, 5],
    }
)
TABLE = charts.table(
    [
        column("rank", "#", kind="rank"),
        column("provider", "Provider", kind="link"),
        column("gross", "Gross", " minor", "number", currency="currency"),
        column("cancelled_pct", "Cancelled", "%", "bar", cases="bookings"),
        column("change", "Change", "%", "delta"),
        column("orders", "Orders", "count", "bar"),
    ],
    select="provider_id",
)


def rows() -> list[list[list[object]]]:
    table: Json = TABLE.picture(ROWS, scene()).content["table"]
    found: list[list[list[object]]] = table["rows"]
    return found


def test_money_is_written_in_the_currency_of_its_row() -> None:
    assert [row[2][1] for row in rows()] == ["ARS\u00a048.200", "USD\u00a0555,00", "\u2013"]


def test_a_rate_of_few_cases_is_marked_with_the_reason() -> None:
    enough, few, unknown = (row[3] for row in rows())
    assert enough == [3.2, "3,20\u00a0%", 0.064]
    assert few == [50.0, "50,0\u00a0%", 1.0, "only 6 cases"]
    assert unknown == [None, "\u2013"]


def test_changes_have_an_arrow_and_sort_by_their_sign() -> None:
    assert [row[4] for row in rows()] == [
        [4.2, "↑\u00a04,20\u00a0%"],
        [-3.1, "↓\u00a03,10\u00a0%"],
        [0.0, "=\u00a00,00\u00a0%"],
    ]


def test_a_row_leads_to_the_record_that_its_link_names() -> None:
    table = TABLE.picture(ROWS, scene()).content["table"]
    assert (table["select"], table["ids"]) == ("provider_id", ["11", "12", "13"])
    assert table["columns"][1]["k"] == "link"
    assert rows()[0][0] == [1.0, "1"]


def test_the_summary_names_the_first_row_and_not_its_rank() -> None:
    assert TABLE.picture(ROWS, scene()).alt == "Table of 3 rows; the first is Ana."


def test_exports_hold_whole_amounts_with_their_currency_and_the_cases() -> None:
    sheet = TABLE.sheet(ROWS, scene())
    names = [each.name for each in sheet.columns]
    assert names[-2:] == ["currency", "bookings"]
    lines = as_csv(sheet, ABOUT).decode().splitlines()
    assert lines[-3] == "1,Ana,48200.0,3.2,4.2,10,ARS,320"
    assert b"USD\xc2\xa0555,00" in sheet_envelope(sheet, FORM, "x")


def test_a_missing_currency_or_denominator_is_named() -> None:
    with pytest.raises(ValueError, match="no column currency"):
        TABLE.picture(ROWS.drop(columns="currency"), scene())


def test_a_paged_table_says_which_rows_it_shows_and_by_what_they_are_ordered() -> None:
    listed = ROWS.assign(provider_id=["", "12", "13"], page=2, pages=7, skipped=50, total=8_000)
    listed = listed.assign(sort="-gross", rank=[np.nan, 51, 52])
    columns = [
        column("rank", "", kind="rank"),
        column("provider", "Provider", kind="link"),
        column("gross", "Gross", " minor", "number", currency="currency", sort="gross"),
    ]
    drawn = charts.table(columns, select="provider_id", opens=True, is_paged=True)
    table = drawn.picture(listed, scene()).content["table"]
    assert table["pager"] == {
        "page": 2,
        "pages": 7,
        "sort": "-gross",
        "words": "51 to 52 of 8.000",
    }
    assert table["opens"] is True
    assert table["ids"] == ["", "12", "13"]
    assert [head.get("s") for head in table["columns"]] == [None, None, "gross"]
    assert table["rows"][0][0] == [None, ""], "what is not of the list has no rank"
    with pytest.raises(ValueError, match="no column pages"):
        drawn.picture(listed.drop(columns="pages"), scene())
