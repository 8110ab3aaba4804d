"""Totals over time: which bucket is not over, and where the comparison lies; distributions."""

import base64
from datetime import UTC, datetime, timedelta

import numpy as np
import plotly.graph_objects as go
import pytest
from pandas import DataFrame, Timestamp, date_range

from dashboard.ui import charts
from dashboard.ui.charts.scene import Json
from dashboard.ui.theme import DARK, LIGHT, Theme
from tests.ui.scenes import NOW, ZONE, scene

STACK = charts.stacked_bars(unit="count")


def totals(freq: str, last: str, *, periods: int = 4, top: float = 10.0) -> DataFrame:
    """Rows of local buckets, the last of which begins at a local day or hour."""
    at = date_range(end=Timestamp(last, tz=ZONE), periods=periods, freq=freq)
    rows = [(each.astimezone(UTC), name, top) for each in at for name in ("paid", "refunded")]
    return DataFrame(rows, columns=["at", "series", "value"])


def figure(value: DataFrame, **changes: object) -> Json:
    given = {"thresholds": (), "marks": (), **changes}
    found: Json = STACK.picture(value, scene(**given)).content["fig"]  # type: ignore[arg-type]  # fields by name
    return found


def hatched(fig: Json) -> list[bool]:
    first = next(trace for trace in fig["data"] if trace["type"] == "bar")
    return [shape == "/" for shape in first["marker"]["pattern"]["shape"]]


def dashed(fig: Json) -> Json:
    found: Json = next(trace for trace in fig["data"] if trace.get("name") == "last week")
    return found


def numbers(encoded: Json) -> list[float]:
    raw = base64.b64decode(encoded["bdata"])
    return [float(each) for each in np.frombuffer(raw, dtype="<f4")]


@pytest.mark.parametrize(
    ("freq", "last", "now", "is_open"),
    [
        ("h", "2026-11-20 13:00", datetime(2026, 11, 20, 16, 59, tzinfo=UTC), True),
        ("h", "2026-11-20 13:00", datetime(2026, 11, 20, 17, 0, tzinfo=UTC), False),
        ("D", "2026-11-20", datetime(2026, 11, 21, 2, 59, tzinfo=UTC), True),
        ("D", "2026-11-20", datetime(2026, 11, 21, 3, 0, tzinfo=UTC), False),
        ("7D", "2026-11-16", datetime(2026, 11, 22, 12, 0, tzinfo=UTC), True),
        ("7D", "2026-11-16", datetime(2026, 11, 23, 3, 0, tzinfo=UTC), False),
        ("MS", "2026-02-01", datetime(2026, 3, 1, 2, 0, tzinfo=UTC), True),
        ("MS", "2026-02-01", datetime(2026, 3, 1, 3, 0, tzinfo=UTC), False),
    ],
)
def test_the_last_bucket_is_hatched_only_while_it_is_not_over(
    freq: str, last: str, now: datetime, *, is_open: bool
) -> None:
    assert hatched(figure(totals(freq, last), now=now)) == [False, False, False, is_open]


def test_the_comparison_is_one_dashed_line_of_totals_over_the_same_buckets() -> None:
    value = totals("D", "2026-11-20")
    before = totals("D", "2026-11-13", top=4.0)
    picture = STACK.picture(value, scene(previous=before, marks=()))
    assert picture.content["compared"] is True
    line = dashed(picture.content["fig"])
    assert numbers(line["y"]) == [8.0] * 4
    assert line["x"][0] == "2026-11-17 00:00:00.000"
    assert line["line"]["dash"] == "4px,3px"


def test_months_of_the_comparison_lie_over_the_months_of_the_period() -> None:
    value = totals("MS", "2026-11-01", periods=3)
    before = totals("MS", "2025-11-01", periods=3)
    shift = timedelta(days=366)
    line = dashed(figure(value, previous=before, shift=shift))
    assert [x[:10] for x in line["x"]] == ["2026-09-01", "2026-10-01", "2026-11-01"]


def test_without_a_comparison_nothing_is_dashed() -> None:
    picture = STACK.picture(totals("D", "2026-11-20"), scene(previous=None))
    assert picture.content["compared"] is False


def test_few_days_have_their_dates_below_them() -> None:
    axis = figure(totals("D", "2026-11-20", periods=13))["layout"]["xaxis"]
    assert len(axis["tickvals"]) == 7
    assert axis["tickvals"][-1].startswith("2026-11-20")
    assert "tickvals" not in figure(totals("h", "2026-11-20"))["layout"]["xaxis"]


def test_a_sum_of_a_period_that_is_over_has_no_dotted_end() -> None:
    value = totals("D", "2026-11-18")
    fig = charts.lines(sums=True, unit="count").picture(value, scene(thresholds=())).content["fig"]
    assert not [trace for trace in fig["data"] if "so far" in trace.get("name", "")]
    open_still = scene(thresholds=(), now=NOW - timedelta(days=1, hours=20))
    fig = charts.lines(sums=True, unit="count").picture(value, open_still).content["fig"]
    assert [trace for trace in fig["data"] if "so far" in trace.get("name", "")]


DEPTH = DataFrame(
    {"bucket": ["1", "2", "3", "4+"], "n": [10, 60, 20, 10], "mark": ["", "median", None, "p90"]}
)
COLUMNS = charts.columns(x_title="Pages in a session")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_plotly_accepts_stacks_with_a_comparison_and_distributions(theme: Theme) -> None:
    value = totals("D", "2026-11-20")
    assert go.Figure(**STACK.picture(value, scene(theme, previous=value)).content["fig"])
    assert go.Figure(**COLUMNS.picture(DEPTH, scene(theme, previous=DEPTH)).content["fig"])


def test_a_distribution_keeps_the_order_of_its_classes_and_names_some() -> None:
    picture = COLUMNS.picture(DEPTH, scene())
    bars, names = picture.content["fig"]["data"]
    assert numbers(bars["y"]) == [10, 60, 20, 10]
    assert bars["hovertext"][1] == "<b>2</b>: 60, 60,0\u00a0% of all"
    assert list(zip(names["x"], names["text"], strict=True)) == [(1, "median"), (3, "p90")]
    assert picture.alt == "Most often 2, 60 % of all. median: 2. p90: 4+."


def test_a_distribution_is_compared_class_by_class() -> None:
    before = DEPTH.assign(n=[5, 6, 7, 8])
    picture = COLUMNS.picture(DEPTH, scene(previous=before))
    assert picture.content["compared"] is True
    line = next(t for t in picture.content["fig"]["data"] if "dash" in t.get("line", {}))
    assert numbers(line["y"]) == [5, 6, 7, 8]
    assert line["hovertext"][0] == "last week: 5"
    other = COLUMNS.picture(DEPTH, scene(previous=DEPTH.head(2)))
    assert other.content["compared"] is False


def test_a_distribution_of_money_is_in_whole_units() -> None:
    money = charts.columns(unit="ARS minor")
    fig = money.picture(DEPTH.assign(n=[100_000, 500_000, 0, 0]), scene()).content["fig"]
    assert numbers(fig["data"][0]["y"])[:2] == [1_000, 5_000]
    assert fig["layout"]["yaxis"]["ticksuffix"] == " ARS"
    assert "ARS\u00a05.000,00" in fig["data"][0]["hovertext"][1]


def test_a_distribution_of_nothing_is_empty() -> None:
    assert COLUMNS.picture(DEPTH.head(0), scene()).is_empty
    assert COLUMNS.picture(DEPTH.assign(n=0), scene()).is_empty
