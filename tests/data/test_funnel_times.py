"""Times of the funnel, against the exact times of the raw events."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from data import funnel_times
from data.database import Database
from data.log_histogram import GROWTH, in_classes, quantile
from data.period import Filters, Selection
from tests import factories
from tests.data.funnel_reference import STEPS, WINDOWS, ZONE, Session, chosen, fill, fold, sessions
from tests.factories import NOW


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    database = Database(new_database(), pool_size=3)
    fill(database, number=300, days=25)
    fold(database)
    yield database
    database.dispose()


def asked(*, window: str = "7d", compare: str = "none", **narrow: object) -> Filters:
    selection = Selection("30d", compare, options=(("window", window),))
    return replace(selection, **narrow).at(NOW, ZONE)  # type: ignore[arg-type]  # each its own


def spent(raw: list[Session], step: int) -> list[float]:
    """Seconds from a step to the next, of all sessions that got there."""
    pairs = [(each.times[step - 1], each.times[step]) for each in raw]
    return [(b - a).total_seconds() for a, b in pairs if a is not None and b is not None]


def in_order(seconds: list[float], q: float) -> float:
    """The smallest duration that a share q of all does not exceed."""
    ordered = sorted(seconds)
    return max(1.0, ordered[max(0, math.ceil(q * len(ordered)) - 1)])


@pytest.mark.parametrize(
    "filters", [asked(), asked(device="mobile"), asked(tenant=4), asked(tenant=4, device="mobile")]
)
def test_median_and_p90_are_those_of_the_raw_events_within_two_per_cent(
    busy: Database, filters: Filters
) -> None:
    raw = chosen(sessions(busy), filters)
    found = funnel_times.step_times(busy, filters)
    assert found["step"].tolist() == [*STEPS[1:], "whole_way"]
    for step in range(1, 5):
        exact, row = spent(raw, step), found.iloc[step - 1]
        assert row["cases"] == len(exact) > 0
        assert row["median_s"] == pytest.approx(in_order(exact, 0.5), rel=0.0201)
        assert row["p90_s"] == pytest.approx(in_order(exact, 0.9), rel=0.0201)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("tenant", [None, 4])
def test_the_whole_way_counts_who_paid_within_the_window(
    busy: Database, window: str, tenant: int | None
) -> None:
    filters = asked(window=window, tenant=tenant)
    raw = chosen(sessions(busy), filters)
    exact = [
        (each.times[4] - each.times[0]).total_seconds()
        for each in raw
        if each.times[0] and each.times[4] and each.reached(5, WINDOWS[window])
    ]
    whole = funnel_times.step_times(busy, filters).iloc[-1]
    classes = funnel_times.times_to_book(busy, filters)
    assert whole["cases"] == len(exact)
    if exact:
        assert classes["n"].sum() == len(exact)
        assert funnel_times.time_to_book(busy, filters).value == pytest.approx(
            in_order(exact, 0.5), rel=0.0201
        )
        assert "median" in " ".join(classes["mark"])
        assert "p90" in " ".join(classes["mark"])


def test_classes_hold_the_times_between_their_limits(db: Database) -> None:
    start = NOW - timedelta(days=9)
    minutes = (0.5, 1.5, 1.6, 4, 45, 25 * 60)
    for visitor, spent_min in enumerate(minutes):
        for k, step in enumerate(STEPS):
            at = start + timedelta(minutes=spent_min * k / 4)
            factories.event(db, step, at=at, visitor_id=visitor)
    fold(db)
    found = funnel_times.times_to_book(db, asked()).set_index("bucket")["n"]
    assert found[found > 0].to_dict() == {
        "< 1 min": 1,
        "1\u20132 min": 2,
        "3\u20135 min": 1,
        "30\u201360 min": 1,
        "1\u20133 d": 1,
    }
    day = funnel_times.times_to_book(db, asked(window="24h"))
    assert (day["n"].sum(), day["bucket"].iloc[-1]) == (5, "12\u201324 h")


def test_the_comparison_stands_beside_it(busy: Database) -> None:
    now = asked(compare="previous")
    found = funnel_times.step_times(busy, now)
    assert found["before_median_s"].isna().all()  # nothing is older than 25 days
    week = Selection("7d", "previous").at(NOW, ZONE)
    both = funnel_times.step_times(busy, week)
    change = 100 * (both["median_s"] / both["before_median_s"] - 1)
    assert np.allclose(both["change_pct"], change, equal_nan=True)
    assert both["before_median_s"].notna().any()


@pytest.mark.parametrize("narrow", [{"region": "AR-B"}, {"referral": "direct"}])
def test_times_are_not_told_where_cells_do_not_know_them(
    busy: Database, narrow: dict[str, str]
) -> None:
    filters = asked(**narrow)
    assert funnel_times.step_times(busy, filters).empty
    assert funnel_times.times_to_book(busy, filters).empty
    assert funnel_times.time_to_book(busy, filters).value is None


def test_without_bookings_nothing_is_known(db: Database) -> None:
    factories.event(db, at=NOW - timedelta(days=2))
    fold(db)
    assert funnel_times.step_times(db, asked()).empty
    assert funnel_times.times_to_book(db, asked()).empty
    assert funnel_times.time_to_book(db, asked()).value is None


def test_a_quantile_lies_in_its_bucket_and_grows_with_q() -> None:
    counts = {0: 5, 10: 4, 300: 1}
    assert quantile(counts, 0.5) == pytest.approx(GROWTH)
    assert GROWTH**10 < quantile(counts, 0.7) < GROWTH**11
    assert quantile(counts, 0.9) == pytest.approx(GROWTH**11)
    assert quantile(counts, 1.0) == pytest.approx(GROWTH**301)
    assert math.isnan(quantile({}, 0.5))


def test_classes_hold_every_bucket_once() -> None:
    counts = dict.fromkeys(range(700), 2)
    found = in_classes(counts, [60, 3_600, 86_400])
    assert sum(found) == 1_400
    assert found[0] == 2 * sum(GROWTH ** (bucket + 0.5) < 60 for bucket in range(700))
