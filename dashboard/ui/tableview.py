"""A sheet as a table on the screen: the same numbers as the picture, for those who read them."""

from typing import Final

from pandas import DataFrame

from dashboard.ui.charts.scene import Scene, Sheet
from dashboard.ui.charts.tables import MOST_ROWS, TableSpec
from dashboard.ui.envelope import encode
from dashboard.ui.numbers import Format
from dashboard.ui.theme import LIGHT
from dashboard.ui.words import say

HEIGHT: Final = 460


def sheet_envelope(sheet: Sheet, form: Format, key: str) -> bytes:
    """Give the envelope of a sheet's newest rows; the rest is in the exports."""
    shown = _newest_first(sheet)
    picture = TableSpec(sheet.columns).picture(shown, Scene(theme=LIGHT, format=form))
    if picture.is_empty:
        state = {"title": say("empty.title"), "hint": say("empty.hint")}
        return encode({"key": f"sheet-{key}", "state": "empty", **state})
    envelope = {"key": f"sheet-{key}", "state": "ok", "height": HEIGHT, "alt": picture.alt}
    if len(sheet.frame) > MOST_ROWS:
        words = say("table.cut", shown=MOST_ROWS, all=form.number(len(sheet.frame)))
        envelope["source"] = words
    return encode({**envelope, **picture.content})


def _newest_first(sheet: Sheet) -> DataFrame:
    moments = [column.name for column in sheet.columns if column.kind == "moment"]
    if not moments:
        return sheet.frame
    return sheet.frame.sort_values(moments[0], ascending=False, kind="stable")
