"""Every picture is a figure that Plotly accepts, and says what a reader needs."""

import base64
from datetime import timedelta

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray
from pandas import DataFrame

from dashboard.ui import charts
from dashboard.ui.charts import column
from dashboard.ui.charts.scene import POINTS, Draw, Json
from dashboard.ui.theme import DARK, LIGHT, Theme
from tests.ui.scenes import NOW, scene, series

RANKING = DataFrame({"name": ["Ana", "Luis"], "runs": [40, 12]})
CHARTS: list[tuple[str, Draw, DataFrame]] = [
    ("lines", charts.lines(), series("p50", "p95", "p99")),
    ("one line", charts.lines(), series("")),
    ("sums", charts.lines(sums=True), series("")),
    ("stacked bars", charts.stacked_bars(), series("done", "failed", step_s=3600, points=24)),
    ("bars", charts.bars(x="name", y="runs", unit="count"), RANKING),
]


def figure(draw: Draw, value: object, theme: Theme = LIGHT, **changes: object) -> Json:
    found: Json = draw.picture(value, scene(theme, **changes)).content["fig"]
    return found


def numbers(encoded: Json) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(encoded["bdata"]), dtype="<f4")


def traces(fig: Json, name: str) -> list[Json]:
    return [trace for trace in fig["data"] if trace.get("name") == name]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("draw", "value"), [c[1:] for c in CHARTS], ids=[c[0] for c in CHARTS])
def test_plotly_accepts_every_figure(draw: Draw, value: DataFrame, theme: Theme) -> None:
    assert go.Figure(**figure(draw, value, theme=theme, previous=value))


@pytest.mark.parametrize(("draw", "value"), [c[1:] for c in CHARTS], ids=[c[0] for c in CHARTS])
def test_no_figure_sets_a_range_of_its_own_on_the_axes_that_viewers_zoom(
    draw: Draw, value: DataFrame
) -> None:
    layout = figure(draw, value)["layout"]
    assert "range" not in layout["xaxis"]
    assert "range" not in layout["yaxis"]
    assert layout["uirevision"] == "1h|last_week"


def test_an_answer_without_a_number_is_empty_and_not_a_flat_line() -> None:
    nothing = series("p95").assign(value=np.nan)
    assert charts.lines().picture(nothing, scene()).is_empty
    assert charts.lines().picture(series("p95").head(0), scene()).is_empty
    assert charts.stacked_bars().picture(series("p95").head(0), scene()).is_empty
    assert charts.table([column("name", "Name")]).picture(RANKING.head(0), scene()).is_empty


def test_times_are_those_of_the_business_time_zone() -> None:
    line = traces(figure(charts.lines(), series("p95")), "p95")[0]
    assert line["x0"] == "2026-11-20 13:00:00.000"
    assert line["dx"] == 60_000


def test_missing_buckets_are_gaps() -> None:
    value = series("p95").drop(index=[10, 11])
    line = traces(figure(charts.lines(), value), "p95")[0]
    assert np.flatnonzero(np.isnan(numbers(line["y"]))).tolist() == [10, 11]


def test_a_long_series_keeps_its_peak_in_at_most_500_points() -> None:
    value = series("p95", points=5_000)
    value.loc[2_345, "value"] = 9_999.0
    found = numbers(traces(figure(charts.lines(), value), "p95")[0]["y"])
    assert len(found) <= POINTS
    assert found.max() == 9_999.0


def test_the_comparison_lies_over_the_period_dashed_and_half_transparent() -> None:
    before = series("p95").assign(at=lambda rows: rows["at"] - timedelta(days=7))
    fig = figure(charts.lines(), series("p95"), previous=before)
    line = traces(fig, "p95, last week")[0]
    assert line["x0"] == "2026-11-20 13:00:00.000"
    assert line["opacity"] == 0.5
    assert "dash" in line["line"]


def test_many_series_are_drawn_without_their_comparison() -> None:
    value = series(*"abcdef")
    names = [
        trace.get("name", "") for trace in figure(charts.lines(), value, previous=value)["data"]
    ]
    assert not [name for name in names if "last week" in name]


def test_the_last_bucket_of_a_sum_is_dotted() -> None:
    fig = figure(charts.lines(sums=True), series("paid"))
    assert numbers(traces(fig, "paid")[0]["y"]).size == 60
    assert traces(fig, "paid so far")[0]["line"]["dash"] == "dot"


def test_thresholds_are_drawn_with_their_words_and_left_out_when_far_away() -> None:
    fig = figure(charts.lines(), series("p95"))
    labels = next(trace for trace in fig["data"] if trace.get("meta") == "labels")
    assert [text.strip() for text in labels["text"]] == ["p95", "warning 80 ms", "critical 95 ms"]
    low = figure(charts.lines(), series("p95", top=5))
    labels = next(trace for trace in low["data"] if trace.get("meta") == "labels")
    assert [text.strip() for text in labels["text"]] == ["p95"]


def test_marks_say_what_happened_and_markup_in_them_stays_text() -> None:
    fig = figure(charts.lines(), series("p95"))
    marks = next(trace for trace in fig["data"] if trace["mode"] == "markers")
    assert marks["customdata"] == ["api 4.18", "&lt;b&gt;slow&lt;/b&gt;"]
    assert marks["marker"]["symbol"] == ["triangle-up", "circle"]


def test_marks_outside_the_period_do_not_stretch_the_axis() -> None:
    old = scene().marks[0].__class__(NOW - timedelta(days=2), "deploy", "old")
    fig = figure(charts.lines(), series("p95"), marks=(old,))
    assert not [trace for trace in fig["data"] if trace["mode"] == "markers"]


def test_the_unit_stands_on_the_axis_once_and_bytes_become_megabytes() -> None:
    fig = figure(charts.lines(unit="bytes"), series("heap", top=9e7), thresholds=())
    assert fig["layout"]["yaxis"]["ticksuffix"] == " MB"
    assert fig["layout"]["yaxis"]["showticksuffix"] == "last"
    assert numbers(traces(fig, "heap")[0]["y"]).max() < 100


def test_minor_units_are_drawn_as_money() -> None:
    fig = figure(charts.lines(unit="ARS minor"), series("gross", top=100_000), thresholds=())
    assert fig["layout"]["yaxis"]["ticksuffix"] == " ARS"
    assert numbers(traces(fig, "gross")[0]["y"]).max() == pytest.approx(900, rel=0.02)


def test_a_picture_says_in_words_what_it_shows() -> None:
    value = DataFrame({"at": [NOW - timedelta(minutes=1), NOW], "value": [10.0, 1234.6]})
    said = charts.lines(color=None).picture(value, scene(thresholds=())).alt
    assert said == "last 1.235\u00a0ms, lowest 10,0\u00a0ms, highest 1.235\u00a0ms."


def test_a_column_that_the_answer_does_not_have_is_named() -> None:
    with pytest.raises(ValueError, match="no column nope"):
        charts.lines(y="nope").picture(series("p95"), scene())


def test_table_cells_carry_a_sort_value_beside_their_words() -> None:
    value = DataFrame(
        {
            "route": ["/api/x", "/api/y"],
            "p95": [1234.6, float("nan")],
            "level": ["critical", ""],
            "at": [NOW, NOW - timedelta(days=30)],
            "trend": [[1.0, None, 3.0], []],
        }
    )
    shown = charts.table(
        [
            column("route", "Route"),
            column("p95", "p95", "ms", "bar"),
            column("level", "State", kind="status"),
            column("at", "Since", kind="moment"),
            column("trend", "Trend", kind="spark"),
        ],
        select="route",
    ).picture(value, scene())
    table = shown.content["table"]
    assert table["ids"] == ["/api/x", "/api/y"]
    first, second = table["rows"]
    assert first[1] == [1234.6, "1.235\u00a0ms", 1.0]
    assert first[2] == [0, "Critical", "critical"]
    assert first[3][1] == "14:00:00"
    assert first[4] == [3.0, "", [1.0, None, 3.0]]
    assert second[1] == [None, "\u2013"]
    assert second[3][1] == "21/10/2026 14:00"


def test_a_status_matrix_puts_the_worst_first_and_never_takes_unknown_for_good() -> None:
    value = DataFrame(
        {
            "component": ["stripe", "afip", "sms", "payu"],
            "status": ["operational", "down", "strange", "degraded"],
            "kind": ["third_party"] * 4,
        }
    )
    draw = charts.status(detail="", groups={"third_party": "Third parties"})
    shown = draw.picture(value, scene())
    assert [item["n"] for item in shown.content["status"]] == ["AFIP", "PayU", "SMS", "Stripe"]
    assert {item["n"]: item["t"] for item in shown.content["status"]}["SMS"] == "unknown"
    assert shown.alt.startswith("1 of 4 components are operational.")
