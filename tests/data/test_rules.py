"""The exported rules, as the real promtool reads and evaluates them."""

import json
import subprocess
from pathlib import Path

import pytest

from data.rules import export_rules
from data.signal_definitions import load_definitions
from tests.real import need


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [need("promtool"), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules.yml").write_text(export_rules(load_definitions()))
    return tmp_path


def test_promtool_accepts_the_rules_of_all_signals(rules: Path) -> None:
    checked = promtool(rules, "check", "rules", "--lint-fatal", "rules.yml")
    assert checked.returncode == 0, checked.stderr

    limits = sum(
        limit is not None
        for signal in load_definitions().values()
        if signal.promql
        for one in signal.all_thresholds().values()
        for limit in (one.warning, one.critical)
    )
    absences = sum(bool(one.absent_for_s) for one in load_definitions().values())
    assert f"{limits + absences} rules found" in checked.stdout


def test_promtool_refuses_rules_with_a_broken_query(tmp_path: Path) -> None:
    signal = load_definitions()["api_latency_p95"].model_copy(update={"promql": "sum("})
    (tmp_path / "rules.yml").write_text(export_rules({"broken": signal}))
    assert promtool(tmp_path, "check", "rules", "rules.yml").returncode != 0


def test_what_prometheus_cannot_answer_is_named_and_has_no_rule() -> None:
    written = export_rules(load_definitions())
    assert "without a rule here: payment_failure_pct." in written
    assert 'signal: "payment_failure_pct"' not in written


BUCKET = 'http_request_duration_seconds_bucket{route="/api/search",le="%s"}'
COUNT = 'http_request_duration_seconds_count{route="/api/search"}'


def fires(folder: Path, moment: str, per_minute: int, *severities: str) -> bool:
    """Ask promtool whether exactly these alerts fire when every request takes 150 to 250 ms."""
    growing = f"0+{per_minute}x30"
    values = {"0.15": "0x30", "0.25": growing, "+Inf": growing}
    series = {BUCKET % edge: grown for edge, grown in values.items()} | {COUNT: growing}
    said = "API latency, p95: 245.0 ms"
    expected = [
        {
            "exp_labels": {"severity": severity, "signal": "api_latency_p95"},
            "exp_annotations": {
                "summary": said,
                "description": f"{said}, above the {severity} threshold of {limit} ms for 5m.",
            },
        }
        for severity, limit in (("warning", 150), ("critical", 200))
        if severity in severities
    ]
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": grown} for name, grown in series.items()],
        "alert_rule_test": [
            {"eval_time": moment, "alertname": "ApiLatencyP95", "exp_alerts": expected}
        ],
    }
    (folder / "test.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "tests": [test]}))
    return promtool(folder, "test", "rules", "test.yml").returncode == 0


def test_both_rules_fire_once_the_breach_has_lasted_as_long_as_they_demand(rules: Path) -> None:
    assert fires(rules, "4m", 60)
    assert fires(rules, "20m", 60, "warning", "critical")
    assert not fires(rules, "20m", 60, "warning")


def test_a_rule_stays_quiet_below_the_least_number_of_cases(rules: Path) -> None:
    assert fires(rules, "20m", 5)


def test_the_age_of_the_log_and_of_the_full_backup_are_held_against_their_own_thresholds(
    rules: Path,
) -> None:
    metric = "backup_last_success_timestamp_seconds"
    said = "Age of the newest backup of wal: 1199.0 s"
    expected = [
        {
            "exp_labels": {
                "severity": severity,
                "signal": "backup_age_s",
                "series": "wal",
                "kind": "wal",
            },
            "exp_annotations": {
                "summary": said,
                "description": f"{said}, above the {severity} threshold of {limit} s for 1m.",
            },
        }
        for severity, limit in (("warning", 90), ("critical", 120))
    ]
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f'{metric}{{kind="{kind}"}}', "values": "1x30"} for kind in ("wal", "full")
        ],
        "alert_rule_test": [
            {"eval_time": "1200s", "alertname": "BackupAgeS", "exp_alerts": expected}
        ],
    }
    (rules / "test.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "tests": [test]}))
    ran = promtool(rules, "test", "rules", "test.yml")
    assert ran.returncode == 0, ran.stderr + ran.stdout


def test_no_data_is_an_alert_of_its_own(rules: Path) -> None:
    written = (rules / "rules.yml").read_text()
    assert 'alert: "PostgresUpUnknown"\n        expr: "absent(min(pg_up))"' in written
