"""Labels at line ends never cover each other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dashboard.ui.charts.labels import Room, pushed_apart

values = st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=12)


@given(values)
def test_labels_stand_apart_within_the_chart_and_in_the_order_of_their_lines(
    wanted: list[float],
) -> None:
    placed = pushed_apart(wanted, Room(0, 100, 7))
    ordered = sorted(placed)
    assert all(b - a >= 7 - 1e-6 for a, b in pairwise(ordered))
    assert all(-1e-6 <= place <= 100 + 1e-6 for place in placed)
    by_want = sorted(range(len(wanted)), key=lambda i: wanted[i])
    assert [placed[i] for i in by_want] == ordered


@given(st.lists(st.floats(0, 100, allow_nan=False), min_size=20, max_size=40))
def test_too_many_labels_are_spread_evenly(wanted: list[float]) -> None:
    placed = sorted(pushed_apart(wanted, Room(0, 100, 7)))
    steps = [b - a for a, b in pairwise(placed)]
    assert max(steps) - min(steps) < 1e-6


def test_labels_with_room_stay_where_their_lines_end() -> None:
    assert pushed_apart([10, 50, 90], Room(0, 100, 7)) == [10, 50, 90]
