"""Grids of cells: what has a colour, what is grey, neutral or hatched, and what is written."""

import base64
from datetime import date, timedelta

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray
from pandas import DataFrame, concat

from dashboard.ui import charts
from dashboard.ui.charts.scene import POINTS, Draw, Json
from dashboard.ui.charts.shades import READABLE, contrast, ink, shade
from dashboard.ui.envelope import encode
from dashboard.ui.theme import DARK, LIGHT, Theme
from tests.ui.scenes import scene

MONDAY = date(2026, 11, 2)
COHORTS = DataFrame(
    [
        {
            "cohort": MONDAY + timedelta(weeks=week),
            "offset": offset,
            "size": size,
            "returned": back,
            "returned_pct": 100 * back / size,
            "complete": week + offset < 2,
        }
        for week, size, came in ((0, 200, (200, 50, 30)), (1, 20, (20, 9)), (2, 80, (80,)))
        for offset, back in enumerate(came)
    ]
)
HOURS = DataFrame(
    [
        {"province": "AR-X", "hour": hour, "sessions": count}
        for hour, count in ((9, 30), (10, 60), (18, 10), (23, 100))
    ]
    + [{"province": "AR-C", "hour": 8, "sessions": 4_000}]
)
RATES = DataFrame(
    {
        "x": [1, 3, 1, 3],
        "y": ["card", "card", "bank_transfer", "bank_transfer"],
        "value": [90.0, 60.0, 100.0, np.nan],
        "attempts": [500, 100, 12, 0],
        "approved": [450, 60, 12, 0],
    }
)
MATRIX = charts.heatmap(
    cases="attempts", part="approved", unit="%", names={"card": "Card", "1": "1 cuota"}
)
GRIDS: list[tuple[str, Draw, DataFrame]] = [
    ("cohorts", charts.cohorts(), COHORTS),
    ("hours", charts.hours(), HOURS),
    ("matrix", MATRIX, RATES),
]


def figure(draw: Draw, value: DataFrame, theme: Theme = LIGHT) -> Json:
    found: Json = draw.picture(value, scene(theme)).content["fig"]
    return found


def cells(trace: Json) -> NDArray[np.float32]:
    rows, columns = (int(each) for each in trace["z"]["shape"].split(","))
    raw = np.frombuffer(base64.b64decode(trace["z"]["bdata"]), dtype="<f4")
    return raw.reshape(rows, columns)


def heats(fig: Json) -> list[Json]:
    return [trace for trace in fig["data"] if trace["type"] == "heatmap"]


def key(fig: Json) -> str:
    found: str = fig["layout"]["annotations"][0]["text"]
    return found


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("draw", "value"), [g[1:] for g in GRIDS], ids=[g[0] for g in GRIDS])
def test_plotly_accepts_every_grid(draw: Draw, value: DataFrame, theme: Theme) -> None:
    assert go.Figure(**figure(draw, value, theme))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_are_readable_on_every_shade_of_the_scale(theme: Theme) -> None:
    shades = [shade(theme, n / 100) for n in range(101)]
    assert [each for each in shades if contrast(ink(each), each) < READABLE] == []
    assert [c for c in (theme.line, theme.grid) if contrast(theme.muted, c) < READABLE] == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_more_is_always_further_from_the_ground(theme: Theme) -> None:
    away = [contrast(shade(theme, n / 50), theme.raised) for n in range(51)]
    assert away == sorted(away)
    assert away[0] > 1.25


def test_the_first_period_of_a_cohort_has_no_colour_and_says_how_many_began() -> None:
    fig = figure(charts.cohorts(), COHORTS)
    coloured, plain = heats(fig)
    assert np.isnan(cells(coloured)[:, 0]).all()
    assert cells(plain)[:, 0].tolist() == [1.0, 1.0, 1.0]
    labels = next(trace for trace in fig["data"] if trace.get("mode") == "text")
    texts = dict(zip(zip(labels["y"], labels["x"], strict=True), labels["text"], strict=True))
    assert [texts[row, 0] for row in range(3)] == ["200", "20", "80"]
    assert texts[0, 1] == "25"


def test_numbers_in_cells_are_left_out_where_there_is_no_room() -> None:
    def written(columns: int) -> list[str]:
        rows = [{"x": n, "y": "all", "value": n} for n in range(columns)]
        traces = figure(charts.heatmap(unit="count"), DataFrame(rows))["data"]
        return [trace["meta"] for trace in traces if trace.get("mode") == "text"]

    assert [written(columns) for columns in (4, 12, 24)] == [["cells"], ["wide"], []]


def test_the_colour_scale_leaves_out_the_first_period_and_small_cohorts() -> None:
    coloured, plain = heats(figure(charts.cohorts(), COHORTS))
    assert cells(coloured)[0, 1:].tolist() == pytest.approx([1.0, 0.6])
    assert np.isnan(cells(coloured)[1]).all()
    assert cells(plain)[1, 1] == 0.0
    assert "only 20 cases" in plain["text"][1][1]


def test_a_period_that_is_not_over_is_hatched_and_says_so() -> None:
    fig = figure(charts.cohorts(), COHORTS)
    hatched = next(trace for trace in fig["data"] if "fillpattern" in trace)
    centres = {(hatched["y"][n] + 0.47, hatched["x"][n] + 0.47) for n in range(0, 18, 6)}
    assert centres == {(0, 2), (1, 1), (2, 0)}
    assert heats(fig)[0]["text"][0][2].endswith("30 of 200<br>not over yet")
    assert "not over yet" in key(fig)


def test_a_cohort_without_an_open_period_has_no_hatching() -> None:
    fig = figure(charts.cohorts(), COHORTS.assign(complete=True))
    assert not [trace for trace in fig["data"] if "fillpattern" in trace]
    assert "not over yet" not in key(fig)


def test_cells_that_the_answer_does_not_have_stay_empty() -> None:
    for trace in heats(figure(charts.cohorts(), COHORTS)):
        assert np.isnan(cells(trace)[2, 1:]).all()
        assert trace["text"][2][1:] == ["", ""]


def test_days_and_codes_are_written_as_people_read_them() -> None:
    layout = figure(charts.cohorts(), COHORTS)["layout"]
    assert layout["yaxis"]["ticktext"] == ["02/11/2026", "09/11/2026", "16/11/2026"]
    layout = figure(MATRIX, RATES)["layout"]
    assert layout["yaxis"]["ticktext"] == ["Card", "Bank transfer"]
    assert layout["xaxis"]["ticktext"] == ["1 cuota", "3"]


def test_hours_are_all_there_and_each_row_is_measured_by_its_own_busiest_hour() -> None:
    (coloured,) = heats(figure(charts.hours(), HOURS))
    found = cells(coloured)
    assert found.shape == (2, 24)
    assert found[0, [9, 10, 23]].tolist() == pytest.approx([0.3, 0.6, 1.0])
    assert found[1, 8] == 1.0
    assert found[0, 0] == 0.0
    assert coloured["text"][0][23] == "<b>Córdoba, 23 h</b><br>100<br>50,0\u00a0% of the day"


def test_the_busiest_hours_of_each_row_are_marked() -> None:
    fig = figure(charts.hours(peaks=2), HOURS)
    marks = next(trace for trace in fig["data"] if trace.get("mode") == "markers")
    assert list(zip(marks["y"], marks["x"], strict=True)) == [(0, 10), (0, 23), (1, 8)]
    assert "busiest hours" in key(fig)


def test_a_row_of_few_cases_is_grey_and_has_no_busiest_hour() -> None:
    quiet = DataFrame({"province": "AR-V", "hour": [9, 10], "sessions": [12, 5]})
    fig = figure(charts.hours(peaks=1), concat([HOURS, quiet]))
    coloured, plain = heats(fig)
    assert np.isnan(cells(coloured)[2]).all()
    assert cells(plain)[2].tolist() == [0.0] * 24
    assert "only 17 cases" in plain["text"][2][9]
    marks = next(trace for trace in fig["data"] if trace.get("mode") == "markers")
    assert 2 not in marks["y"]


def test_money_in_cells_is_short_and_its_currency_stands_in_the_key() -> None:
    value = DataFrame({"x": ["card", "cash"], "y": "all", "value": [2_821_500, 4_000_000]})
    fig = figure(charts.heatmap(unit="ARS minor"), value)
    labels = next(trace for trace in fig["data"] if trace.get("mode") == "text")
    assert labels["text"] == ["28.215", "40.000"]
    assert "ARS\u00a040.000" in key(fig)


def test_words_that_would_touch_stand_on_two_lines() -> None:
    methods = ("account_money", "bank_transfer", "credit_card", "cash", "debit_card")
    value = DataFrame([{"x": each, "y": "Córdoba", "value": 1} for each in methods])
    axis = figure(charts.heatmap(unit="count"), value)["layout"]["xaxis"]
    assert axis["ticktext"][0] == "Account<br>money"
    assert axis["ticktext"][3] == "Cash"


def test_provinces_are_written_as_the_filters_write_them() -> None:
    value = DataFrame({"province": ["Ciudad Autónoma de Buenos Aires"], "hour": 9, "sessions": 99})
    axis = figure(charts.hours(), value)["layout"]["yaxis"]
    assert axis["ticktext"] == ["Ciudad de Buenos Aires"]


def test_a_whole_country_by_hour_is_a_small_figure() -> None:
    rows = [
        {"province": f"Province {n}", "hour": hour, "sessions": 12_345 + n * hour}
        for n in range(24)
        for hour in range(24)
    ]
    picture = charts.hours().picture(DataFrame(rows), scene())
    assert len(encode(picture.content)) < 60_000
    scatters = [t for t in picture.content["fig"]["data"] if t["type"] == "scatter"]
    assert all(len(trace["x"]) <= POINTS for trace in scatters)
    assert picture.content["height"] > 500


def test_rates_say_numerator_and_denominator_and_few_cases_are_grey() -> None:
    coloured, plain = heats(figure(MATRIX, RATES))
    assert coloured["text"][0][0] == "<b>Card, 1 cuota</b><br>90,0\u00a0%<br>450 of 500"
    assert np.isnan(cells(coloured)[1]).all()
    assert cells(plain)[1].tolist() == [0.0, 1.0]
    assert "only 12 cases" in plain["text"][1][0]


def test_the_summary_names_the_largest_cell_that_counts() -> None:
    said = MATRIX.picture(RATES, scene()).alt
    assert said == "2 rows by 2 columns; the most is 90,0\u00a0%: Card, 1 cuota."


def test_markup_in_names_stays_text() -> None:
    fig = figure(MATRIX, RATES.assign(y="<b>x</b>").head(2))
    assert fig["layout"]["yaxis"]["ticktext"] == ["&lt;b&gt;x&lt;/b&gt;"]
    assert "&lt;b&gt;x" in heats(fig)[0]["text"][0][0]


def test_a_grid_without_a_value_is_empty() -> None:
    assert MATRIX.picture(RATES.head(0), scene()).is_empty
    assert MATRIX.picture(RATES.assign(value=np.nan), scene()).is_empty


def test_the_sheet_has_a_row_for_each_cell_with_unit_and_cases() -> None:
    sheet = MATRIX.sheet(RATES, scene())
    assert len(sheet.frame) == 4
    rate = next(column for column in sheet.columns if column.name == "value")
    assert (rate.unit, rate.cases) == ("%", "attempts")
