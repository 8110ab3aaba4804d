"""The map shows every province once, in the colour of its value, and drops nothing."""

import base64
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray
from pandas import DataFrame

from dashboard.ui import charts
from dashboard.ui.charts import provinces
from dashboard.ui.charts.classes import classes_of
from dashboard.ui.charts.scene import POINTS, Draw, Json
from dashboard.ui.charts.shades import contrast
from dashboard.ui.envelope import encode
from dashboard.ui.theme import DARK, LIGHT, Theme
from tests.ui.scenes import FORM, scene

CODES = [each.iso for each in provinces.provinces()]
BOOKINGS = DataFrame({"region": CODES, "value": [10 * (n + 1) for n in range(24)]})
MAP = charts.map(unit="count", title="Bookings")
RATE = charts.map(unit="%", cases="sessions", part="paid", title="Conversion")


def figure(draw: Draw, value: DataFrame, theme: Theme = LIGHT) -> Json:
    found: Json = draw.picture(value, scene(theme)).content["fig"]
    return found


def shapes(fig: Json, axis: str = "x") -> dict[str, Json]:
    return {
        trace["customdata"][0]: trace
        for trace in fig["data"]
        if "customdata" in trace and trace.get("xaxis", "x") == axis
    }


def numbers(encoded: Json) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(encoded["bdata"]), dtype="<f4")


def words(fig: Json) -> list[str]:
    return [text for trace in fig["data"] if trace["mode"] != "lines" for text in trace["text"]]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_plotly_accepts_the_map(theme: Theme) -> None:
    assert go.Figure(**figure(MAP, BOOKINGS, theme))


def test_a_map_is_small_and_no_outline_has_too_many_points() -> None:
    picture = MAP.picture(BOOKINGS, scene())
    assert len(encode(picture.content)) < 60_000
    fig = picture.content["fig"]
    assert max(numbers(trace["x"]).size for trace in shapes(fig).values()) <= POINTS


def test_every_jurisdiction_is_there_once_with_its_iso_code_to_filter_by() -> None:
    picture = MAP.picture(BOOKINGS, scene())
    assert sorted(shapes(picture.content["fig"])) == sorted(CODES)
    assert len(CODES) == 24
    assert picture.content["pick"] == MAP.picks == "region"


def test_the_inset_shows_the_capital_larger_than_the_map_does() -> None:
    fig = figure(MAP, BOOKINGS)
    near = shapes(fig, "x2")
    assert sorted(near) == ["AR-B", "AR-C"]
    assert numbers(near["AR-C"]["x"]).size > numbers(shapes(fig)["AR-C"]["x"]).size
    west, south, east, north = provinces.frame()
    x, y = numbers(near["AR-B"]["x"]), numbers(near["AR-B"]["y"])
    assert west - 0.01 <= x.min() <= x.max() <= east + 0.01
    assert south - 0.01 <= y.min() <= y.max() <= north + 0.01


def test_neighbours_keep_a_border_in_common_after_simplification() -> None:
    sides: dict[str, set[frozenset[provinces.Point]]] = {
        each.iso: {frozenset(side) for ring in each.rings for side in pairwise(ring)}
        for each in provinces.provinces()
    }
    for one, other in (("AR-X", "AR-S"), ("AR-M", "AR-J"), ("AR-B", "AR-L"), ("AR-U", "AR-Z")):
        assert sides[one] & sides[other], f"{one} and {other} have come apart"
    # A border is drawn twice, a coast once: a gap between two provinces would make more coast.
    drawn = [side for each in sides.values() for side in each]
    assert len(drawn) - len(set(drawn)) > 0.25 * len(drawn)


def test_areas_stay_true_within_two_per_cent() -> None:
    def area(rings: tuple[provinces.Ring, ...]) -> float:
        sums = (sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) for ring in rings)
        return sum(abs(each) / 2 for each in sums)

    whole = {each.iso: area(each.rings) for each in provinces._features()}
    drawn = {each.iso: area(each.rings) for each in provinces.provinces() if each.iso != "AR-C"}
    assert {iso for iso in drawn if abs(drawn[iso] / whole[iso] - 1) > 0.02} == set()


def test_hover_says_value_rank_and_share() -> None:
    text = shapes(figure(MAP, BOOKINGS))[CODES[-1]]["text"]
    assert text.endswith("Bookings: 240, rank 1 of 24, 8,00\u00a0% of all")


def test_names_are_matched_whatever_their_case_and_accents() -> None:
    value = DataFrame({"region": ["CORDOBA", "caba", "Entre Ríos"], "value": [3, 2, 1]})
    fig = figure(MAP, value)
    known = [iso for iso, trace in shapes(fig).items() if "no value" not in trace["text"]]
    assert sorted(known) == ["AR-C", "AR-E", "AR-X"]
    assert not any("Not on the map" in text for text in words(fig))


def test_what_matches_no_province_is_counted_and_takes_part_in_the_shares() -> None:
    value = DataFrame({"region": ["AR-X", "", "Atlantis"], "value": [50, 30, 20]})
    picture = MAP.picture(value, scene())
    note = "Not on the map: 50 of 2 unknown regions, 50,0\u00a0% of all."
    assert note in words(picture.content["fig"])
    assert picture.alt.endswith(note)
    assert "50,0\u00a0% of all" in shapes(picture.content["fig"])["AR-X"]["text"]
    rows = MAP.sheet(value, scene()).frame
    assert rows[["province", "value"]].tail(2).to_numpy().tolist() == [
        ["Unknown", 30.0],
        ["Atlantis", 20.0],
    ]
    assert rows["value"].sum() == 100


def test_a_province_without_a_value_is_neutral_and_never_zero() -> None:
    fig = figure(MAP, BOOKINGS.head(3))
    missing = shapes(fig)[CODES[5]]
    assert missing["fillcolor"] == LIGHT.grid
    assert "no value" in missing["text"]
    assert "  no value" in words(fig)


def test_a_rate_of_few_cases_is_grey_unranked_and_says_so() -> None:
    value = DataFrame(
        {
            "region": ["AR-X", "AR-S", "AR-M"],
            "value": [4.0, 5.0, 99.0],
            "sessions": [100, 300, 29],
            "paid": [4, 15, 28],
        }
    )
    picture = RATE.picture(value, scene())
    found = shapes(picture.content["fig"])
    assert found["AR-M"]["fillcolor"] == LIGHT.line
    assert found["AR-M"]["text"].endswith("99,00\u00a0%, not ranked<br>only 29 cases")
    assert found["AR-S"]["text"].endswith("rank 1 of 2<br>15 of 300")
    assert picture.alt.startswith("Conversion by province: Santa Fe first")


def test_words_on_a_province_are_readable_in_both_themes() -> None:
    for theme in (LIGHT, DARK):
        fig = figure(MAP, BOOKINGS, theme)
        grounds = {trace["fillcolor"] for trace in shapes(fig).values()}
        labels = [t for t in fig["data"] if t["mode"] == "text" and "%" in "".join(t["text"])]
        inks = {colour for trace in labels for colour in trace["textfont"]["color"]}
        assert inks
        assert all(max(contrast(ink, ground) for ink in inks) >= 4.5 for ground in grounds)


def test_the_province_that_the_page_is_filtered_by_is_outlined_and_said() -> None:
    filtered = MAP.picture(BOOKINGS, scene(region="AR-C"))
    plain = MAP.picture(BOOKINGS, scene())
    more = [t for t in filtered.content["fig"]["data"] if t.get("line", {}).get("width") == 2]
    assert [trace.get("xaxis", "x") for trace in more] == ["x", "x2"]
    assert len(filtered.content["fig"]["data"]) == len(plain.content["fig"]["data"]) + 4
    assert filtered.alt.endswith("Chosen: Ciudad de Buenos Aires, 30.")


def test_an_amount_is_never_grey_whatever_its_cases() -> None:
    draw = charts.map(unit="count", cases="cases")
    fig = figure(draw, BOOKINGS.assign(cases=3.0))
    assert LIGHT.line not in {trace["fillcolor"] for trace in shapes(fig).values()}


def test_two_rows_of_one_province_are_refused() -> None:
    value = DataFrame({"region": ["AR-X", "Córdoba"], "value": [1, 2]})
    with pytest.raises(ValueError, match="two rows of one province"):
        MAP.picture(value, scene())


def test_an_answer_without_a_value_is_empty() -> None:
    assert MAP.picture(BOOKINGS.head(0), scene()).is_empty
    assert MAP.picture(BOOKINGS.assign(value=np.nan), scene()).is_empty
    assert len(MAP.sheet(BOOKINGS.head(0), scene()).frame) == 0


def test_classes_are_round_and_a_giant_does_not_make_all_others_alike() -> None:
    assert classes_of([1, 2, 3, 4, 5, 6]).limits == (2.0, 3.0, 4.0, 5.0)
    skewed = classes_of([20, 30, 40, 80, 200, 300, 9_000])
    assert skewed.limits == (70.0, 200.0, 800.0, 3_000.0)
    assert classes_of([7, 7]).limits == ()
    key = skewed.key(LIGHT, FORM, "count")
    assert next(text for _, text in key) == "over 3.000"
    assert key[-1][1] == "up to 70"
