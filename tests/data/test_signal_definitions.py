from pathlib import Path

import pytest

from data.signal_definitions import SignalsInvalid, load_definitions

ENTRY = 'title = "Mine"\nunit = "ms"\ngood = "down"\npromql = "up"\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text)
    return file


def test_the_default_file_holds_the_thresholds_that_are_promised() -> None:
    signals = load_definitions()

    api = signals["api_latency_p95"].thresholds()
    assert (api.warning, api.critical) == (150, 200)
    assert signals["db_query_p95"].thresholds().warning == 50
    assert signals["payment_failure_pct"].thresholds().critical == 2
    assert signals["webhook_success_pct"].thresholds().warning == 99
    assert signals["memory_used_pct"].thresholds().critical == 80
    assert signals["websocket_connections"].thresholds().warning == 500
    assert signals["cache_hit_overall_pct"].thresholds().warning == 95
    assert signals["backup_age_s"].thresholds("wal").critical == 120
    assert signals["backup_restore_s"].thresholds().critical == 900


@pytest.mark.parametrize(
    ("value", "level"), [(150, None), (150.1, "warning"), (200, "warning"), (201, "critical")]
)
def test_a_value_on_the_threshold_does_not_cross_it(value: float, level: str | None) -> None:
    assert load_definitions()["api_latency_p95"].level(value) == level


@pytest.mark.parametrize(
    ("value", "level"), [(99, None), (98.9, "warning"), (98, "warning"), (97.9, "critical")]
)
def test_where_more_is_better_falling_below_counts(value: float, level: str | None) -> None:
    assert load_definitions()["webhook_success_pct"].level(value, "stripe") == level


def test_each_kind_of_backup_has_thresholds_of_its_own() -> None:
    age = load_definitions()["backup_age_s"]
    assert age.level(3600, "full") is None
    assert age.level(3600, "wal") == "critical"
    assert age.level(3600, "other") is None


def test_too_few_cases_are_no_judgement_but_nobody_counting_is_no_excuse() -> None:
    errors = load_definitions()["error_rate_pct"]
    assert errors.judged(50, events=29) is None
    assert errors.judged(50, events=30) == "critical"
    assert errors.judged(50, events=float("nan")) == "critical"


def test_an_adopters_entry_replaces_the_default_and_leaves_the_others(tmp_path: Path) -> None:
    file = written(tmp_path, f"[signals.api_latency_p95]\n{ENTRY}[signals.own]\n{ENTRY}")

    signals = load_definitions(file)

    assert signals["api_latency_p95"].title == "Mine"
    assert signals["api_latency_p95"].thresholds().critical is None
    assert signals["own"].promql == "up"
    assert signals["db_query_p95"] == load_definitions()["db_query_p95"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[signals.own", "The signals file mine.toml is not TOML"),
        ("[signal.own]\n", "holds something else than [signals.<name>] entries"),
        ("signals = 3", "holds something else than [signals.<name>] entries"),
        ("[signals]\nown = 3", "signals.own in mine.toml: write it as a table"),
        (f"[signals.Own]\n{ENTRY}", "signals.Own in mine.toml: a name is lower-case"),
        ("[signals.own]\nunit = 'ms'\ngood='down'\npromql='up'", "own in mine.toml: title Field"),
        (f"[signals.own]\n{ENTRY}colour = 'red'", "colour is not a known key"),
        (f"[signals.own]\n{ENTRY}warning = 'high'", "own in mine.toml: warning Input should be"),
        (f"[signals.own]\n{ENTRY}warning = nan\ncomparator = '>'", "own in mine.toml: warning"),
        (f"[signals.own]\n{ENTRY}for = '5 minutes'", "for write a duration such as"),
        (f"[signals.own]\n{ENTRY}warning = 3", "a threshold needs a comparator"),
        (
            f"[signals.own]\n{ENTRY}warning = 3\ncritical = 2\ncomparator = '>'",
            "critical must lie beyond warning",
        ),
        (f"[signals.own]\n{ENTRY}events = 'x[{{windw}}]'", "{windw} is no placeholder"),
        ("[signals.own]\ntitle='a'\nunit='ms'\ngood='up'", "give a promql or an sql"),
        (
            "[signals.own]\ntitle='a'\nunit='ms'\ngood='up'\nsql='select 1'",
            "sql must be bounded by :since and :until",
        ),
        (f"[signals.own]\n{ENTRY}[signals.own.by_series.a]\nwarning = 1", "by_series needs series"),
    ],
)
def test_a_malformed_file_is_refused_by_naming_entry_and_fault(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(SignalsInvalid) as caught:
        load_definitions(written(tmp_path, text))
    assert said in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(SignalsInvalid, match=r"^The signals file gone\.toml cannot be read\.$"):
        load_definitions(tmp_path / "gone.toml")
