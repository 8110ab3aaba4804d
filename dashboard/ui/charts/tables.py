"""Tables inside panels: sortable, searchable, with bars and small lines in their cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Final, SupportsFloat

import numpy as np
from pandas import DataFrame, NaT, Timestamp

from dashboard.ui.charts.cases import cases_text, is_few
from dashboard.ui.charts.scene import EMPTY, Column, Draw, Picture, Scene, Sheet, names_of
from dashboard.ui.charts.sheets import as_frame, in_words, name_in_words
from dashboard.ui.charts.status import RANKS, word_and_tone
from dashboard.ui.numbers import UNKNOWN
from dashboard.ui.words import say

MOST_ROWS: Final = 500
_SPARK_POINTS: Final = 48


@dataclass(frozen=True, slots=True)
class TableSpec:
    """Which columns a table shows; see `table`."""

    columns: tuple[Column, ...]
    select: str = ""
    leads_to: str = ""
    opens: bool = False
    is_paged: bool = False

    def picture(self, value: object, scene: Scene) -> Picture:
        """Lay the rows out as cells of [sort value, text, more]."""
        frame = as_frame(value).head(MOST_ROWS)
        if frame.empty:
            return EMPTY
        beside = [name for c in self.columns for name in (c.cases, c.currency) if name]
        names_of(frame, [*(column.name for column in self.columns), *beside])
        tops = {c.name: _top(frame, c) for c in self.columns if c.kind == "bar"}
        records = frame.to_dict("records")
        rows = [[_cell(r, c, scene, tops.get(c.name)) for c in self.columns] for r in records]
        heads = [_head(column) for column in self.columns]
        ids = [str(r[self.select]) for r in records] if self.select else []
        table = {"columns": heads, "rows": rows, "ids": ids, "select": self.select}
        table |= {"leads": self.leads_to} if self.leads_to else {}
        table |= {"opens": True} if self.opens else {}
        table |= {"pager": _pager(frame, ids, scene)} if self.is_paged else {}
        table |= {"chosen": scene.region} if self.opens and self.select == "region" else {}
        return Picture({"table": table}, self._summary(frame, records[0]))

    def sheet(self, value: object, _scene: Scene) -> Sheet:
        """Give the shown columns and what belongs to them, without the small lines."""
        frame = as_frame(value)
        wanted = [c for c in self.columns if c.kind != "spark"]
        known = {c.name for c in wanted}
        for each in self.columns:
            for name, unit in ((each.cases, "count"), (each.currency, "")):
                if name and name not in known:
                    known.add(name)
                    kind = "number" if unit else "text"
                    wanted.append(Column(name, in_words(name), unit, kind))
        shown = tuple(c for c in wanted if c.name in frame.columns)
        return Sheet(shown, frame[[column.name for column in shown]])

    def _summary(self, frame: DataFrame, first: dict[Any, Any]) -> str:
        name = next((c for c in self.columns if not c.is_number), self.columns[0])
        return f"Table of {len(frame)} rows; the first is {first[name.name]}."


def table(
    columns: Sequence[Column],
    *,
    select: str = "",
    leads_to: str = "",
    opens: bool = False,
    is_paged: bool = False,
    height: int = 400,
) -> Draw:
    """Draw rows as a table. `select` names the column that identifies a chosen row.

    With `leads_to` choosing a row opens that page with `?<select>=<the row's value>`; rows where
    the value is empty lead nowhere. With `opens` it sets the filter or choice of this page that is
    named like `select`, and choosing the row again takes it away. Of a paged table the frame holds
    one page, and in each row page, pages, skipped (rows before the page), total and sort: the
    viewer turns the page's choices `page` and `sort`.
    """
    spec = TableSpec(tuple(columns), select, leads_to, opens, is_paged)
    return Draw(spec.picture, spec.sheet, height=height, is_chart=False, select=select)


def _head(column: Column) -> dict[str, Any]:
    head = {"l": column.label, "k": column.kind, "n": column.is_number}
    return head | ({"s": column.sort} if column.sort else {})


def _pager(frame: DataFrame, ids: list[str], scene: Scene) -> dict[str, Any]:
    """Say which page of how many this is; rows without an id are not of the list."""
    names_of(frame, ["page", "pages", "skipped", "total", "sort"])
    at = frame.iloc[0]
    first, total = int(at["skipped"]) + 1, int(at["total"])
    last = first + sum(map(bool, ids)) - 1
    said = {"first": first, "last": last, "all": total}
    words = say("table.pager", **{k: scene.format.number(n) for k, n in said.items()})
    page, pages = int(at["page"]), int(at["pages"])
    return {"page": page, "pages": pages, "sort": str(at["sort"]), "words": words}


def _top(frame: DataFrame, column: Column) -> float:
    values = frame[column.name].to_numpy(dtype=float, na_value=np.nan)
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else 0.0


def _cell(row: dict[Any, Any], column: Column, scene: Scene, top: float | None) -> list[Any]:
    value = row[column.name]
    if column.kind == "spark":
        return _spark(value)
    if _is_unknown(value):
        return [None, "" if column.kind == "rank" else UNKNOWN]
    if column.kind == "status":
        word, tone = word_and_tone(str(value))
        return [RANKS[tone], word, tone]
    if isinstance(value, Timestamp | datetime):
        return [value.timestamp(), scene.format.recent(value, scene.now)]
    if column.is_number and isinstance(value, SupportsFloat):
        return _number(row, column, scene, top)
    words = name_in_words(str(value)) if column.kind == "word" else str(value)
    return [words, words]


def _number(row: dict[Any, Any], column: Column, scene: Scene, top: float | None) -> list[Any]:
    """Give a number's cell: to sort by, words, share of the largest, why it is grey."""
    value = float(row[column.name])
    share = round(value / top, 4) if top else 0.0
    cell = [value, _amount(value, row, column, scene), share if column.kind == "bar" else None]
    cases = row.get(column.cases) if column.cases else None
    if isinstance(cases, SupportsFloat) and not _is_unknown(cases) and is_few(float(cases)):
        return [*cell, cases_text(scene.format, float("nan"), float(cases))]
    return cell if column.kind == "bar" else cell[:2]


def _amount(value: float, row: dict[Any, Any], column: Column, scene: Scene) -> str:
    form = scene.format
    if column.kind == "delta":
        arrow = "↑" if value > 0 else "↓" if value < 0 else "="
        return f"{arrow}\u00a0{form.value(abs(value), column.unit)}"
    currency = row.get(column.currency) if column.currency else None
    if column.currency:
        return form.money(value, currency) if isinstance(currency, str) else UNKNOWN
    return form.value(value, column.unit)


def _is_unknown(value: object) -> bool:
    return value is None or value is NaT or (isinstance(value, float) and not isfinite(value))


def _spark(values: object) -> list[Any]:
    """Keep a small line small: its last value to sort by, and at most so many points."""
    given = values if isinstance(values, Iterable) else ()
    numbers = [None if _is_unknown(value) else float(value) for value in given]
    every = -(-len(numbers) // _SPARK_POINTS) or 1
    drawn: list[float | None] = [n if n is None else float(f"{n:.4g}") for n in numbers[::every]]
    return [next((n for n in reversed(numbers) if n is not None), None), "", drawn]


def spark_points(values: Sequence[float | None]) -> list[float | None]:
    """Give the points of a key figure's small line."""
    points: list[float | None] = _spark(values)[2]
    return points
