from datetime import timedelta
from zoneinfo import ZoneInfo

from data.database import Database
from data.period import Selection
from data.timeline import marks
from tests import factories
from tests.factories import NOW

FILTERS = Selection("1h").at(NOW, ZoneInfo("America/Argentina/Buenos_Aires"))
SINCE, INSTANT = NOW - timedelta(hours=1), timedelta(microseconds=1)


def test_marks_lie_in_the_half_open_period_oldest_first(db: Database) -> None:
    for at in (SINCE - INSTANT, SINCE, NOW - INSTANT, NOW):
        factories.deploy(db, version=str(at.microsecond), deployed_at=at)

    found = marks(db, FILTERS)

    assert found["at"].tolist() == [SINCE, NOW - INSTANT]
    assert str(found["at"].dtype) == "datetime64[us, UTC]"


def test_deploys_alerts_and_flag_changes_say_what_they_are(db: Database) -> None:
    minutes = [NOW - timedelta(minutes=number) for number in range(10)]
    factories.deploy(db, version="3.1", status="failed", deployed_at=minutes[4])
    factories.alert(db, title="API slow", severity="warning", started_at=minutes[3])
    factories.alert(db, severity="info", started_at=minutes[3])
    factories.alert(db, title="Over", status="resolved", started_at=minutes[2])
    for action, minute in (("flag.update", 1), ("team.invite", 1)):
        factories.insert(
            db,
            "activity_logs",
            actor_name="Ana",
            action=action,
            subject_type="flag",
            subject_id="new_search",
            occurred_at=minutes[minute],
        )

    found = marks(db, FILTERS)

    assert found[["kind", "label", "detail"]].to_numpy().tolist() == [
        ["deploy", "api 3.1", "failed"],
        ["alert", "API slow", "warning"],
        ["alert", "Over", "critical"],
        ["flag", "new_search", "update by Ana"],
    ]


def test_nothing_happened_is_an_empty_frame_with_its_columns(db: Database) -> None:
    found = marks(db, FILTERS)
    assert found.empty
    assert list(found.columns) == ["at", "kind", "label", "detail"]
