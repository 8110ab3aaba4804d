"""A funnel says how many reach each step, who is lost and who may still come."""

import base64

import numpy as np
import plotly.graph_objects as go
import pytest
from pandas import DataFrame

from dashboard.ui import charts
from dashboard.ui.charts.scene import Json
from dashboard.ui.theme import DARK, LIGHT, Theme
from tests.ui.scenes import scene

STEPS = DataFrame(
    {
        "step": ["visit", "search", "provider_selected", "checkout", "booking_paid"],
        "sessions": [1_000, 600, 300, 90, 40],
        "still_converting": [0, 50, 20, 10, 0],
        "lost_minor": [np.nan, 900_000, 1_200_000, np.nan, 70_000],
        "window": "24h",
    }
)
FUNNEL = charts.steps()


def figure(value: DataFrame = STEPS, theme: Theme = LIGHT, **changes: object) -> Json:
    found: Json = FUNNEL.picture(value, scene(theme, **changes)).content["fig"]
    return found


def bars(fig: Json) -> list[Json]:
    return [trace for trace in fig["data"] if trace["type"] == "bar"]


def lengths(trace: Json) -> list[float]:
    raw = base64.b64decode(trace["x"]["bdata"])
    return [float(each) for each in np.frombuffer(raw, dtype="<f4")]


def words(fig: Json) -> list[str]:
    return [text for trace in fig["data"] if trace.get("mode") == "text" for text in trace["text"]]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_plotly_accepts_the_funnel(theme: Theme) -> None:
    assert go.Figure(**figure(theme=theme, previous=STEPS))


def test_each_step_says_its_count_and_its_share_of_those_who_began() -> None:
    said = words(figure())
    assert "<b>Provider selected</b>" in said
    assert any("<b>300</b>" in each and "30,0\u00a0%" in each for each in said)


def test_those_who_may_still_come_are_hatched_and_not_lost() -> None:
    fig = figure()
    lost, reached, still = bars(fig)
    assert lengths(reached) == [1000, 600, 300, 90, 40]
    assert lengths(still) == [0, 50, 20, 10, 0]
    assert still["base"] == [1000, 600, 300, 90, 40]
    assert still["marker"]["pattern"]["shape"] == "/"
    assert lengths(lost) == [1000, 1000, 600, 300, 90]
    assert "↓ 60,0\u00a0% go on, 350 leave" in words(fig)
    assert "+50 may still" in words(fig)
    assert "350 left before it<br>50 may still come" in reached["hovertext"][1]


def test_the_money_that_leaves_is_said_and_nothing_where_it_is_unknown() -> None:
    said = words(figure())
    assert "ARS\u00a012.000 lost" in said
    assert [each for each in said if "lost" in each] == [
        "ARS\u00a09.000,00 lost",
        "ARS\u00a012.000 lost",
        "ARS\u00a0700,00 lost",
    ]


def test_what_is_lost_is_in_the_currency_of_the_panel() -> None:
    assert "USD\u00a012.000 lost" in words(figure(unit="USD minor"))


@pytest.mark.parametrize(
    ("window", "said"),
    [("30m", "30 minutes"), ("24h", "24 hours"), ("7d", "7 days"), ("any", "however long")],
)
def test_the_conversion_window_is_printed_on_the_chart(window: str, said: str) -> None:
    picture = FUNNEL.picture(STEPS.assign(window=window), scene())
    assert said in picture.content["fig"]["layout"]["annotations"][0]["text"]
    assert said in picture.alt


def test_the_comparison_is_dashed_below_with_its_own_numbers() -> None:
    before = STEPS.assign(sessions=[800, 480, 200, 64, 24], still_converting=0)
    picture = FUNNEL.picture(STEPS, scene(previous=before))
    fig = picture.content["fig"]
    assert picture.content["compared"] is True
    dashed = next(t for t in fig["data"] if t.get("mode") == "lines")
    assert dashed["line"]["dash"] == "3px,2px"
    assert list(dashed["x"][1::6]) == [800, 480, 200, 64, 24]
    hover = bars(fig)[-1]["hovertext"][2]
    assert hover == "<b>Provider selected, last week</b><br>200<br>25,0\u00a0% of the first step"
    assert any("↑ 5,0 pp" in each for each in words(fig))


def test_a_comparison_with_nobody_in_it_is_not_drawn() -> None:
    nobody = STEPS.assign(sessions=0, still_converting=0)
    assert FUNNEL.picture(STEPS, scene(previous=nobody)).content["compared"] is False
    assert FUNNEL.picture(STEPS, scene(previous=STEPS.head(0))).content["compared"] is False


def test_a_rate_of_few_cases_is_not_said_as_a_rate() -> None:
    value = STEPS.assign(sessions=[100, 60, 20, 6, 2], still_converting=0)
    said = words(figure(value))
    assert "↓ only 20 cases, 14 leave" in said
    assert "↓ 33,3\u00a0% go on, 40 leave" in said


def test_the_summary_says_where_most_are_lost() -> None:
    said = FUNNEL.picture(STEPS, scene()).alt
    assert said.startswith("Visit: 1.000, Booking paid: 40, which is 4,00\u00a0%.")
    assert "Most leave before Search: 350." in said


def test_a_funnel_that_nobody_entered_is_empty() -> None:
    assert FUNNEL.picture(STEPS.head(0), scene()).is_empty
    assert FUNNEL.picture(STEPS.assign(sessions=0), scene()).is_empty


def test_columns_that_the_answer_may_leave_out_are_left_out() -> None:
    fig = figure(STEPS[["step", "sessions"]])
    assert len(bars(fig)) == 2
    assert "↓ 60,0\u00a0% go on, 400 leave" in words(fig)
    assert fig["layout"]["annotations"][0]["text"] == ""


def test_the_sheet_holds_counts_rates_losses_and_the_comparison() -> None:
    sheet = FUNNEL.sheet(STEPS, scene(previous=STEPS.assign(sessions=[10, 9, 8, 7, 6])))
    assert [column.label for column in sheet.columns] == [
        *("Step", "Sessions", "Of the first step", "Of the step before"),
        *("Still converting", "Left before", "Value lost", "last week"),
    ]
    second = sheet.frame.iloc[1]
    assert second[["count", "of_first", "of_last", "still", "lost", "before"]].tolist() == [
        *(600, 60.0, 60.0, 50, 350, 9),
    ]
