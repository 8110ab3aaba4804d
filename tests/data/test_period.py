from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.period import COMPARISONS, SPANS, STEPS_S, Filters, Period, Selection

BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)  # still the 19th in Buenos Aires


def at(span: str, **more: str) -> Filters:
    return Selection(span, **more).at(NOW, BUENOS_AIRES)  # type: ignore[arg-type]  # test shorthand


def test_today_starts_at_local_midnight_not_at_midnight_utc() -> None:
    assert at("today").period == Period(datetime(2026, 11, 19, 3, tzinfo=UTC), NOW)


def test_spans_in_days_include_today_and_start_at_local_midnight() -> None:
    assert at("7d").period == Period(datetime(2026, 11, 13, 3, tzinfo=UTC), NOW)


def test_two_dates_mean_both_local_days_whole() -> None:
    period = at("2026-11-01..2026-11-03").period
    assert period == Period(
        datetime(2026, 11, 1, 3, tzinfo=UTC), datetime(2026, 11, 4, 3, tzinfo=UTC)
    )


def test_a_day_on_which_clocks_go_back_is_25_hours_long() -> None:
    period = Selection("2026-11-01..2026-11-01").at(NOW, NEW_YORK).period
    assert period.seconds == 25 * 3600


def test_last_week_is_the_same_wall_clock_time_across_a_change_of_clocks() -> None:
    now = datetime(2026, 11, 4, 15, tzinfo=UTC)  # 10:00 in New York, winter time
    compared = Selection("1h", "last_week").at(now, NEW_YORK).comparison
    assert compared is not None
    assert compared.until.astimezone(NEW_YORK).hour == 10
    assert now - compared.until == timedelta(days=7, hours=1)


def test_the_previous_period_ends_where_the_period_starts() -> None:
    filters = at("6h", compare="previous")
    assert filters.comparison is not None
    assert filters.comparison.until == filters.period.since
    assert filters.comparison.seconds == filters.period.seconds


@pytest.mark.parametrize(("span", "days"), [("today", 1), ("7d", 7), ("30d", 30), ("90d", 90)])
def test_the_period_before_one_of_days_is_as_many_days_earlier_up_to_the_same_time(
    span: str, days: int
) -> None:
    filters = at(span, compare="previous")
    assert filters.comparison == filters.period.shifted(-timedelta(days=days))
    assert filters.now_before == NOW - timedelta(days=days)


def test_the_days_before_three_days_are_whole_days_across_a_change_of_clocks() -> None:
    filters = Selection("2026-11-01..2026-11-03", "previous").at(NOW, NEW_YORK)
    before = filters.compared()
    assert before is not None
    assert before.period == Period(
        datetime(2026, 10, 29, 4, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)
    )
    assert (filters.lag, before.lag) == (timedelta(), timedelta(days=3))


def test_nothing_is_compared_when_the_viewer_says_so() -> None:
    assert at("6h", compare="none").compared() is None


def test_the_key_of_a_relative_span_does_not_move_with_time() -> None:
    later = Selection("1h").at(NOW + timedelta(minutes=3), BUENOS_AIRES)
    assert at("1h").key() == later.key()


def test_period_and_comparison_never_share_a_key() -> None:
    filters = at("1h", compare="last_week")
    compared = filters.compared()
    assert compared is not None
    assert compared.key() != filters.key()


@pytest.mark.parametrize("field", ["region", "device", "referral"])
def test_every_dimension_changes_the_key(field: str) -> None:
    value = {"region": "AR-B", "device": "mobile", "referral": "whatsapp"}[field]
    assert at("1h").key() != at("1h", **{field: value}).key()


def test_an_unknown_span_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="use one of 15m"):
        at("a while")


HOSTILE = [
    "'; drop table payments; --",
    "<script>alert(1)</script>",
    "A" * 10_000,
    "AR-B\n",
    "\uff19",
    "-1",
    "1e9",
    "99999999999",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_that_makes_no_sense_is_dropped(text: str) -> None:
    names = ("span", "compare", "region", "device", "referral", "tenant")
    assert Selection.parse(dict.fromkeys(names, text)) == Selection()


@pytest.mark.parametrize(
    "span", ["2026-02-30..2026-03-01", "2026-03-02..2026-03-01", "2020-01-01..2026-01-01"]
)
def test_dates_that_do_not_exist_run_backwards_or_span_years_are_dropped(span: str) -> None:
    assert Selection.parse({"span": span}) == Selection()


def test_values_that_make_sense_are_taken() -> None:
    read = Selection.parse(
        {"span": "7d", "compare": "none", "region": "AR-B", "device": "mobile", "tenant": "12"}
    )
    assert read == Selection("7d", "none", region="AR-B", device="mobile", tenant=12)


@given(
    now=st.datetimes(
        datetime(2024, 1, 1),  # noqa: DTZ001 - the strategy adds the zone itself
        datetime(2030, 1, 1),  # noqa: DTZ001 - the same
        timezones=st.just(UTC),
    ),
    span=st.sampled_from(list(SPANS)),
    compare=st.sampled_from(COMPARISONS),
    zone=st.sampled_from([BUENOS_AIRES, NEW_YORK, ZoneInfo("UTC")]),
)
def test_every_window_is_forward_ends_now_and_has_few_buckets(
    now: datetime, span: str, compare: str, zone: ZoneInfo
) -> None:
    filters = Selection(span, compare).at(now, zone)
    assert filters.period.since <= filters.period.until == now == filters.now
    assert filters.period.seconds / filters.period.step_s(300) <= 300
    assert filters.period.step_s() in STEPS_S
    if filters.comparison is not None:
        assert filters.comparison.until < filters.period.until
