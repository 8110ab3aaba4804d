from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from data import attention
from data.attention import FailingQueue
from data.database import Database
from data.period import Selection
from tests import factories
from tests.factories import NOW

FILTERS = Selection("today").at(NOW, ZoneInfo("America/Argentina/Buenos_Aires"))
HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)


def activity(db: Database, action: str, **values: object) -> None:
    default = {"actor_name": "Ana", "action": action, "subject_type": "flag", "occurred_at": NOW}
    factories.insert(db, "activity_logs", **default | values)


def test_alerts_are_counted_by_severity_and_status(db: Database) -> None:
    written = [
        factories.alert(
            db, severity=severity, status=status, started_at=NOW - timedelta(minutes=number)
        )
        for number, (severity, status) in enumerate(
            [
                ("critical", "open"),
                ("critical", "acknowledged"),
                ("critical", "silenced"),
                ("critical", "resolved"),
                ("warning", "resolved"),
                ("info", "open"),
            ]
        )
    ]

    found = attention.alerts_by_severity(db, FILTERS)

    counted = Counter((row["severity"], row["status"]) for row in written)
    assert [one.severity for one in found] == ["critical", "warning", "info"]
    for one in found:
        assert one.open == counted[one.severity, "open"]
        assert one.acknowledged == counted[one.severity, "acknowledged"]
        assert one.silenced == counted[one.severity, "silenced"]
    assert found[0].oldest_at == NOW - timedelta(minutes=1)
    assert found[1].oldest_at is None


def test_without_alerts_all_three_severities_are_zero(db: Database) -> None:
    found = attention.alerts_by_severity(db, FILTERS)
    assert [(one.severity, one.open) for one in found] == [
        ("critical", 0),
        ("warning", 0),
        ("info", 0),
    ]


@pytest.mark.parametrize(
    ("statuses", "severity", "level"),
    [
        (["operational"], None, "ok"),
        (["operational", "maintenance"], "info", "ok"),
        (["operational", "degraded"], None, "warning"),
        (["operational"], "warning", "warning"),
        (["operational", "down", "degraded"], None, "critical"),
        (["operational"], "critical", "critical"),
    ],
)
def test_the_status_is_the_worst_of_components_and_alerts(
    db: Database, statuses: list[str], severity: str | None, level: str
) -> None:
    for number, status in enumerate(statuses):
        factories.health(db, f"part-{number}", status=status)
    if severity:
        factories.alert(db, severity=severity, status="acknowledged")

    found = attention.system_status(db, FILTERS)

    assert found.level == level
    assert found.operational == statuses.count("operational")
    assert len(found.down) == statuses.count("down")
    assert len(found.degraded) == statuses.count("degraded")


def test_no_checks_and_old_checks_are_unknown_and_not_ok(db: Database) -> None:
    assert attention.system_status(db, FILTERS).level == "unknown"

    factories.health(db, "api")
    factories.health(db, "search", checked_at=NOW - timedelta(minutes=11))

    found = attention.system_status(db, FILTERS)
    assert (found.level, found.unknown, found.operational) == ("unknown", ("search",), 1)


def test_integrations_are_the_third_parties(db: Database) -> None:
    factories.health(db, "api")
    factories.health(db, "mercadopago", kind="third_party")
    assert [one.component for one in attention.integrations(db, FILTERS)] == ["mercadopago"]


def test_failing_queues_name_their_commonest_reason(db: Database) -> None:
    for minutes, reason in ((1, "timeout"), (2, "bad row"), (3, "bad row"), (4, None)):
        factories.job(
            db,
            queue="contact-import",
            state="failed" if reason else "completed",
            reason=reason,
            finished_at=NOW - timedelta(minutes=minutes),
        )
    factories.job(db, queue="bulk-messages", finished_at=NOW - timedelta(minutes=1))

    assert attention.failing_queues(db, FILTERS) == [
        FailingQueue("contact-import", 4, 3, "bad row", 2, NOW - timedelta(minutes=1))
    ]


def test_only_jobs_of_the_last_hour_count_as_failing(db: Database) -> None:
    for at in (NOW - HOUR - INSTANT, NOW - HOUR, NOW - INSTANT, NOW):
        factories.job(db, state="failed", finished_at=at)
    factories.job(db, state="failed", finished_at=NOW - timedelta(days=7) - HOUR)

    (found,) = attention.failing_queues(db, FILTERS)
    assert (found.failed, found.reason) == (2, "")
    failed = attention.failed_jobs(db, FILTERS)
    assert (failed.value, failed.previous) == (2, 1)


def test_without_failures_nothing_is_failing(db: Database) -> None:
    factories.job(db, finished_at=NOW - INSTANT)
    assert attention.failing_queues(db, FILTERS) == []
    assert attention.failed_jobs(db, FILTERS).value == 0


def test_the_last_hour_lists_what_changed_newest_first(db: Database) -> None:
    member = factories.member(db, name="Bruno")
    minutes = [NOW - timedelta(minutes=number) for number in range(60)]
    factories.deploy(db, service="api", version="2.0", deployed_at=minutes[5], deployed_by="ci")
    factories.deploy(
        db, version="2.1", deployed_at=minutes[4], status="rolled_back", notes="slow search"
    )
    factories.alert(db, title="API slow", severity="warning", started_at=minutes[30])
    factories.alert(
        db,
        title="Disk full",
        status="resolved",
        started_at=NOW - 3 * HOUR,
        resolved_at=minutes[20],
        resolved_by=member["id"],
        cause="logs",
    )
    activity(
        db, "flag.update", subject_id="7", after={"name": "new_search"}, occurred_at=minutes[2]
    )
    activity(db, "team.change_role", subject_id="3", occurred_at=minutes[1])
    activity(db, "alert.acknowledge", subject_id="3", occurred_at=minutes[1])

    found = attention.changes(db, FILTERS)

    assert [(one.kind, one.title, one.detail, one.who) for one in found] == [
        ("team", "3", "change_role", "Ana"),
        ("flag", "new_search", "update", "Ana"),
        ("deploy", "api 2.1", "rolled back: slow search", ""),
        ("deploy", "api 2.0", "", "ci"),
        ("resolved", "Disk full", "logs", "Bruno"),
        ("alert", "API slow", "warning", ""),
    ]
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)


def test_changes_before_the_last_hour_and_from_now_on_are_left_out(db: Database) -> None:
    for version, at in (("1", NOW - HOUR - INSTANT), ("2", NOW - HOUR), ("3", NOW)):
        factories.deploy(db, version=version, deployed_at=at)
    assert [one.title for one in attention.changes(db, FILTERS)] == ["api 2"]


def test_nothing_changed_is_an_empty_list(db: Database) -> None:
    assert attention.changes(db, FILTERS) == []
