"""Choices of one page: in the URL, in the question, and changed by a click."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.ui.choices import Kept, choice, kept
from data.period import Selection

PAGE = """
import streamlit as st
from dashboard.ui.choices import apply_turned, choice, drawn, kept, search, turned
own = (
    choice("window", "Window", {"30m": "Within 30 min", "24h": "Within 24 h"}, default="24h"),
    search("q", "Search providers"),
    kept("provider", "[0-9]{1,9}", back="All providers"),
    kept("sort", "-?(name|net)", default="-net"),
    kept("page", "[0-9]{1,9}", default="1", within=("q", "window", "sort")),
)
apply_turned(own, ("region",))
st.caption(own[0].given())
found = dict(drawn(own))
st.write(found)
for name, value in (("window", "30m"), ("provider", "17"), ("provider", "<b>"), ("other", "1"),
    ("page", "3"), ("sort", "name")):
    if st.button(f"{name} {value}"):
        turned(name, value)
"""


@pytest.fixture
def app(tmp_path: Path) -> AppTest:
    script = tmp_path / "app.py"
    script.write_text(PAGE)
    return AppTest.from_file(str(script))


def chosen(app: AppTest) -> str:
    assert not app.exception
    return str(app.json[0].value if app.json else app.markdown[0].value)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_what_is_as_usual_is_not_said(app: AppTest) -> None:
    assert chosen(app.run()) == "{}"


@pytest.mark.parametrize("given", ["30m", "Within 30 min"])
def test_a_choice_is_known_before_it_is_drawn(app: AppTest, given: str) -> None:
    app.query_params["window"] = given
    assert app.run().caption[0].value == "30m"
    assert app.selectbox[0].select("24h").run().caption[0].value == "24h"


def test_a_choice_of_nonsense_is_the_usual_one(app: AppTest) -> None:
    app.query_params["window"] = "<b>"
    assert app.run().caption[0].value == "24h"


def test_a_choice_a_search_and_a_record_reach_the_question(app: AppTest) -> None:
    app.query_params["provider"] = "42"
    app.run()
    app.selectbox[0].select("30m")
    app.text_input[0].input("  ana lópez ")
    app.run()
    assert '"window":"30m"' in chosen(app).replace(" ", "")
    assert '"provider":"42"' in chosen(app).replace(" ", "")
    assert json.loads(chosen(app))["q"] == "ana lópez"


def test_a_click_chooses_and_the_same_click_again_takes_it_back(app: AppTest) -> None:
    app.run()
    for label, value in (("window 30m", "30m"), ("provider 17", "17")):
        assert value in chosen(press(app, label))
        assert value not in chosen(press(app, label))


def test_a_click_that_makes_no_sense_changes_nothing(app: AppTest) -> None:
    app.run()
    for label in ("provider <b>", "other 1"):
        assert chosen(press(app, label)) == "{}"


@pytest.mark.parametrize("given", ["x", "1" * 10, "1;drop table users", "", "١٢"])
def test_a_kept_value_of_another_form_is_dropped(app: AppTest, given: str) -> None:
    app.query_params["provider"] = given
    assert chosen(app.run()) == "{}"


def test_another_list_begins_with_its_first_page(app: AppTest) -> None:
    app.run()
    assert json.loads(chosen(press(app, "page 3")))["page"] == "3"
    assert json.loads(chosen(app.run()))["page"] == "3"
    assert "page" not in json.loads(chosen(press(app, "sort name")))
    assert json.loads(chosen(press(app, "page 3")))["page"] == "3"
    app.selectbox[0].select("30m").run()
    assert "page" not in json.loads(chosen(app))
    press(app, "page 3")
    app.text_input[0].input("ana").run()
    assert "page" not in json.loads(chosen(app))


def test_a_pasted_link_keeps_its_page(app: AppTest) -> None:
    app.query_params["page"] = "7"
    app.query_params["sort"] = "name"
    assert json.loads(chosen(app.run())) == {"page": "7", "sort": "name"}


def test_a_button_leads_back_from_a_record(app: AppTest) -> None:
    app.run()
    assert "All providers" not in [button.label for button in app.button]
    press(app, "provider 17")
    assert "provider" not in chosen(press(app, "All providers"))


def test_a_default_must_be_an_option() -> None:
    with pytest.raises(ValueError, match="none of the options"):
        choice("window", "Window", {"a": "A"}, default="b")
    assert kept("page", "[0-9]+", default="1") == Kept("page", "[0-9]+", "1")


def test_what_was_chosen_is_part_of_what_is_asked() -> None:

    at, zone = datetime(2026, 11, 20, tzinfo=UTC), ZoneInfo("UTC")
    plain = Selection().at(at, zone)
    narrow = Selection(options=(("window", "7d"),)).at(at, zone)
    assert plain.key() != narrow.key()
    assert (plain.choice("window", "24h"), narrow.choice("window", "24h")) == ("24h", "7d")
