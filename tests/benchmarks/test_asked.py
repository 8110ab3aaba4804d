"""What is read from a page's file."""

from datetime import date

from benchmarks.analytics._classical import CLASSICS
from benchmarks.asked import read, variants, with_options
from data.period import Selection


def test_a_page_names_its_questions_under_whatever_name_it_imports_them() -> None:
    names = {question.name for question in read("revenue").questions}
    assert {"data.revenue.gross", "data.revenue_methods.matrix", "data.rollups.freshness"} <= names


def test_filters_and_what_a_page_opens_with_are_those_of_its_file() -> None:
    page = read("retention")
    assert page.filters == ("span", "compare")
    assert page.opens == Selection(span="30d", compare="previous")


def test_each_question_is_asked_as_the_page_opens_and_once_with_each_filter() -> None:
    page = read("regions")
    found = list(variants(page, {"region": "AR-M", "device": "mobile", "referral": "google"}))
    assert len(found) == len(page.questions) * (1 + len(page.filters))
    assert len({(each.question.name, each.selection) for each in found}) == len(found)


def test_a_choice_of_the_page_is_added_to_those_it_opens_with() -> None:
    (first, *_) = with_options(read("funnel"), {"window": "7d"})
    assert first.selection.options == (("window", "7d"),)
    assert first.name.endswith("(30d, window 7d)")


def test_a_classical_question_is_about_whole_days_that_are_over() -> None:
    words = CLASSICS[0].times(until=date(2026, 3, 5), newest=date(2026, 3, 6), zone="UTC").words
    assert words["first"] == "timestamp '2026-02-03 00:00:00'"
    assert words["until"] == "timestamp '2026-03-05 00:00:00'"
    assert words["monday"] == "date '2026-03-02'"
