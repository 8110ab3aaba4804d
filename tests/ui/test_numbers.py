"""Numbers and dates read as the viewer writes them."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.ui.figures import change_text
from dashboard.ui.numbers import Format, ago, viewer_format
from data.answers import KeyFigure
from tests.ui.scenes import FORM, ZONE

ENGLISH = Format("en_US", ZONE)
AT = datetime(2026, 11, 8, 2, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.56, "", "1.235"),
        (0.4231, "%", "0,42 %"),
        (99.987, "%", "99,99 %"),
        (100.0, "%", "100 %"),
        (31.44, "ms", "31,4 ms"),
        (12_340.0, "ms", "12,3 s"),
        (7.0, "count", "7"),
        (1284.0, "count", "1.284"),
        (5 * 3600.0, "s", "5,0 h"),
        (1_234_567.0, "bytes", "1,2 MB"),
        (123_456, "ARS minor", "ARS 1.234,56"),
        (4_820_000_00, "ARS minor", "ARS 4.820.000"),
        (None, "ms", "\u2013"),
        (float("nan"), "ms", "\u2013"),
        (float("inf"), "ms", "\u2013"),
    ],
)
def test_values_in_the_house_locale(value: float | None, unit: str, text: str) -> None:
    assert FORM.value(value, unit).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("minor", "parts"),
    [
        (9_994_000, ("ARS 99.940", "", "")),
        (99_940_000, ("999,4", "k ARS", "ARS 999.400")),
        (99_999_999, ("1,000", "M ARS", "ARS 1.000.000")),
        (100_000_000, ("1,000", "M ARS", "ARS 1.000.000")),
        (19_299_120_000, ("193,0", "M ARS", "ARS 192.991.200")),
        (-1_234_567_800, ("-12,35", "M ARS", "-ARS 12.345.678")),
        (765_432_100_000, ("7.654", "M ARS", "ARS 7.654.321.000")),
        (None, ("\u2013", "", "")),
    ],
)
def test_a_key_figure_of_much_money_is_short_and_keeps_its_exact_amount(
    minor: float | None, parts: tuple[str, str, str]
) -> None:
    found = FORM.headline(minor, "ARS minor")
    assert tuple(part.replace("\u00a0", " ") for part in found) == parts


@pytest.mark.parametrize(
    ("value", "previous", "text"),
    [
        (150.0, 100.0, "+50,0 %"),
        (300.0, 100.0, "+200 %"),
        (79_000.0, 100.0, "\u00d7790"),
        (50.0, -100.0, "+150 %"),
        (2_387_490_000.0, 0.0, "+23,87 M ARS"),
        (-100.0, 0.0, "\u2212ARS 1,00"),
    ],
)
def test_a_change_is_told_in_per_cent_while_that_means_something(
    value: float, previous: float, text: str
) -> None:
    found, _ = change_text(KeyFigure(value, previous, unit="ARS minor"), FORM)
    assert found.replace("\u00a0", " ") == text


def test_another_locale_writes_its_own_signs_and_order() -> None:
    assert ENGLISH.value(1234.5, "").replace("\u00a0", " ") == "1,234"
    assert ENGLISH.separators() == ".,"
    assert FORM.separators() == ",."
    assert FORM.moment(AT) == "07/11/2026 23:04"
    assert ENGLISH.moment(AT).startswith("11/07/2026")


def test_todays_moment_is_a_time_and_another_days_has_its_day() -> None:
    assert FORM.recent(AT, AT + timedelta(minutes=5)) == "23:04:05"
    assert FORM.recent(AT, AT + timedelta(hours=2)) == "07/11/2026 23:04"


@pytest.mark.parametrize("locale", [None, "", "xx-YY", "no such locale", "es-AR"])
def test_a_locale_that_nobody_knows_is_the_house_locale(locale: str | None) -> None:
    assert viewer_format(locale, ZONE).separators() == ",."


def test_a_threshold_is_written_as_it_was_set() -> None:
    assert FORM.limit(99.0, "%") == "99\u00a0%"
    assert FORM.limit(0.5, "/s") == "0,5\u00a0/s"


@pytest.mark.parametrize(
    ("age", "text"), [(-3, "0 s ago"), (119, "119 s ago"), (120, "2 min ago"), (90_000, "25 h ago")]
)
def test_ages_are_told_in_the_unit_that_one_acts_on(age: int, text: str) -> None:
    assert ago(timedelta(seconds=age)) == text
