"""What the table of measurements says and what its file keeps."""

import json
from pathlib import Path

import pytest

from benchmarks.results import Result, merged, percentile, summary, table, write


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    hundred = [float(number) for number in range(100, 0, -1)]
    assert percentile(hundred, 0.95) == 95
    assert percentile(hundred, 0.5) == 50
    assert percentile([3.0, 1.0, 2.0], 0.75) == 3
    assert percentile([7.0], 0.95) == 7


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.95)


@pytest.mark.parametrize(
    ("value", "better", "ok"),
    [
        (500.0, "lower", True),
        (500.1, "lower", False),
        (1.0, "higher", True),
        (0.0, "higher", False),
    ],
)
def test_a_target_is_met_up_to_and_including_its_value(value: float, better: str, ok: bool) -> None:
    target = 500.0 if better == "lower" else 1.0
    assert Result("x", value, "ms", target, better).ok is ok  # type: ignore[arg-type]  # parametrised


def test_what_could_not_be_measured_counts_as_missed() -> None:
    results = [Result("a", None, "ms", 5, context={"why": "no Chromium"}), Result("b", 1, "ms", 5)]
    assert summary(results) == "1 of 2 targets met; missed: a"
    assert "MISSED" in table(results).splitlines()[2]


def test_a_number_without_a_target_is_shown_and_not_judged() -> None:
    results = [Result("requests", 104, "")]
    assert summary(results) == "0 of 0 targets met"
    assert table(results).splitlines()[2] == "requests    104                -"


def test_the_table_says_plainly_what_is_missed() -> None:
    lines = table([Result("fast", 12.345, "ms", 20), Result("slow", 812, "ms", 500)]).splitlines()
    assert lines[2].split() == ["fast", "12.35", "ms", "<=", "20", "met"]
    assert lines[3].split() == ["slow", "812", "ms", "<=", "500", "MISSED"]


def test_the_file_keeps_what_other_parts_measured_before(tmp_path: Path) -> None:
    path = tmp_path / "results" / "latest.json"
    write([Result("old", 1, "ms"), Result("again", 2, "ms", 5)], path)
    write([Result("again", 9, "ms", 5, context={"viewers": 200})], path)
    kept = json.loads(path.read_text())
    assert [(each["name"], each["value"], each["ok"]) for each in kept] == [
        ("old", 1, None),
        ("again", 9, False),
    ]
    assert set(kept[1]) == {"name", "value", "unit", "target", "better", "ok", "context"}


def test_a_repeated_measurement_replaces_its_namesake() -> None:
    assert [
        each["value"] for each in merged([{"name": "a", "value": 1}], [Result("a", 2, "")])
    ] == [2]


def test_a_measurement_that_failed_is_not_kept_beside_those_that_follow() -> None:
    kept = merged([{"name": "foundation.push", "value": None}], [Result("push, p95", 2, "ms")])
    assert [each["name"] for each in kept] == ["push, p95"]
