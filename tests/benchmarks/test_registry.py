"""How measurements are found."""

import pytest

from benchmarks.registry import ground, measurements, parts


def test_every_file_of_a_part_is_a_measurement_without_being_listed_anywhere() -> None:
    found = {each.name for each in measurements("foundation")}
    assert {"cold_visit", "fresh_clone", "questions", "switch", "viewers"} <= found
    assert not any(name.startswith("_") for name in found)


def test_one_measurement_can_be_wanted_alone() -> None:
    (found,) = measurements("foundation.questions")
    assert (found.part, found.name) == ("foundation", "questions")
    assert found.staged is not None
    assert found.alone is None


def test_a_fresh_clone_has_the_machine_to_itself() -> None:
    (found,) = measurements("foundation.fresh_clone")
    assert found.staged is None
    assert found.alone is not None


def test_a_name_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(LookupError, match="foundation"):
        measurements("nonsense")
    assert "foundation" in parts()


def test_a_part_says_how_much_data_it_is_measured_on() -> None:
    usual, large = ground("foundation"), ground("analytics")
    assert usual.events < large.events
    assert usual.folder != large.folder
