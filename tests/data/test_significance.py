"""The test of two rates, against values worked out by hand."""

import math

import pytest

from data.significance import two_proportions


def by_hand(hits: int, cases: int, before: int, of_before: int) -> float:
    """The two-sided p-value of the pooled z-test, from the normal distribution alone."""
    pooled = (hits + before) / (cases + of_before)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / cases + 1 / of_before))
    z = (hits / cases - before / of_before) / spread
    return math.erfc(abs(z) / math.sqrt(2))


def test_45_and_60_of_a_hundred_differ_with_p_0_034() -> None:
    found = two_proportions(45, 100, 60, 100)
    # pooled 0.525, standard error 0.070622, z = -2.12399, p = 2 * (1 - 0.98317)
    assert found.p_value == pytest.approx(0.033672, abs=1e-6)
    assert found.words == "lower than before"


@pytest.mark.parametrize(
    "table",
    [(45, 100, 60, 100), (60, 100, 45, 100), (300, 4_000, 310, 4_100), (50, 60, 900, 1_000)],
)
def test_the_p_value_is_that_of_the_pooled_z_test(table: tuple[int, int, int, int]) -> None:
    assert two_proportions(*table).p_value == pytest.approx(by_hand(*table), rel=1e-9)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ((60, 100, 45, 100), "higher than before"),
        ((50, 100, 49, 100), "no clear difference"),
        ((29, 29, 1, 1_000), "too few to say"),
        ((30, 30, 500, 1_000), "higher than before"),
        ((1, 1_000, 3, 1_000), "no clear difference"),
        ((0, 40, 0, 20), "too few to say"),
        ((0, 100, 0, 100), "no clear difference"),
        ((100, 100, 100, 100), "no clear difference"),
        ((0, 0, 5, 100), "nothing to compare"),
        ((5, 100, 0, 0), "nothing to compare"),
    ],
)
def test_what_is_said_of_two_rates(table: tuple[int, int, int, int], words: str) -> None:
    assert two_proportions(*table).words == words


def test_where_few_are_expected_the_test_is_exact() -> None:
    # All 4 of 40 on one side: C(40, 4) / C(80, 4) one way, as much the other way.
    one_sided = math.comb(40, 4) / math.comb(80, 4)
    assert two_proportions(0, 40, 4, 40).p_value == pytest.approx(2 * one_sided, rel=1e-6)
