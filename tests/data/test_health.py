from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from data.database import Database
from data.health import Component, components
from data.period import Selection
from tests import factories
from tests.factories import NOW

FILTERS = Selection("1h").at(NOW, ZoneInfo("America/Argentina/Buenos_Aires"))
CHECK = timedelta(minutes=5)


def checked(db: Database, *back_and_status: tuple[float, str], component: str = "api") -> None:
    """Write checks so many minutes ago."""
    for back, status in back_and_status:
        at = NOW - timedelta(minutes=back)
        factories.health(db, component, status=status, checked_at=at)


def only(db: Database) -> Component:
    (found,) = components(db, FILTERS)
    return found


def test_the_latest_check_speaks_and_its_status_has_a_start(db: Database) -> None:
    checked(db, (20, "operational"), (15, "down"), (10, "down"), (5, "down"), (0, "down"))

    found = only(db)

    assert (found.status, found.checked_at) == ("down", NOW)
    assert found.since == NOW - timedelta(minutes=15)


def test_a_check_after_the_end_of_the_period_is_not_known_yet(db: Database) -> None:
    checked(db, (5, "operational"), (-0.01, "down"))
    assert only(db).status == "operational"


@pytest.mark.parametrize(("minutes", "status"), [(10, "operational"), (10.01, "unknown")])
def test_two_missed_checks_make_the_status_unknown_never_green(
    db: Database, minutes: float, status: str
) -> None:
    checked(db, (minutes + 5, "operational"), (minutes, "operational"))

    found = only(db)

    assert found.status == status
    last = NOW - timedelta(minutes=minutes)
    assert found.since == (last if status == "unknown" else last - CHECK)


def test_a_component_nobody_checked_for_a_week_is_absent(db: Database) -> None:
    checked(db, (7 * 24 * 60, "operational"), component="old")
    checked(db, (7 * 24 * 60 - 1, "operational"), component="late")

    assert [(one.component, one.status) for one in components(db, FILTERS)] == [("late", "unknown")]


def test_uptime_weighs_by_time_and_not_by_checks(db: Database) -> None:
    # Ten minutes up, two down with a burst of checks, three up.
    checked(db, (15, "operational"), (10, "operational"))
    checked(db, (5, "down"), (4.5, "down"), (4, "down"), (3.5, "down"), (3, "degraded"))

    found = only(db)

    assert found.uptime_24h_pct == pytest.approx(100 * 13 / 15)
    assert found.uptime_7d_pct == found.uptime_24h_pct
    assert found.known_24h_s == 15 * 60


def test_maintenance_and_silence_count_neither_way(db: Database) -> None:
    # 60..50 up (believed for ten minutes), silence, 30..20 maintenance, 20..10 down, 10..0 up.
    checked(db, (60, "operational"), (30, "maintenance"), (25, "maintenance"))
    checked(db, (20, "down"), (15, "down"), (10, "operational"), (5, "operational"))

    found = only(db)

    assert found.known_24h_s == (10 + 10 + 10) * 60
    assert found.uptime_24h_pct == pytest.approx(100 * 20 / 30)


def test_only_maintenance_leaves_the_uptime_unknown(db: Database) -> None:
    checked(db, (5, "maintenance"), (0, "maintenance"))
    assert only(db).uptime_7d_pct is None


def test_uptime_equals_a_second_by_second_recount(db: Database) -> None:
    random = np.random.default_rng(3)
    status = np.array(["operational", "degraded", "down", "maintenance"])
    back = np.sort(random.choice(8 * 3600, 120, replace=False))[::-1]
    said = status[random.choice(4, 120, p=[0.6, 0.1, 0.2, 0.1])]
    for seconds, one in zip(back.tolist(), said.tolist(), strict=True):
        checked(db, (seconds / 60, one))

    known = up = 0
    for second in range(8 * 3600, 0, -1):
        before = [place for place, at in enumerate(back.tolist()) if at >= second]
        if before and back[before[-1]] - second < 600 and said[before[-1]] != "maintenance":
            known += 1
            up += said[before[-1]] != "down"
    assert only(db).uptime_7d_pct == pytest.approx(100 * up / known)


def test_nothing_checked_is_nothing_known(db: Database) -> None:
    assert components(db, FILTERS) == []
