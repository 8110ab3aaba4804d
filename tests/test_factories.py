"""Every factory writes its row with nothing given but the database."""

from collections.abc import Callable
from typing import Any

from data.database import Database
from tests import factories

ALONE: tuple[Callable[[Database], dict[str, Any]], ...] = (
    factories.organization,
    factories.user,
    factories.provider,
    factories.service,
    factories.session,
    factories.event,
    factories.booking,
    factories.payment,
    factories.alert,
    factories.error,
    factories.deploy,
    factories.member,
    factories.health,
    factories.job,
)


def test_a_factory_needs_nothing_but_the_database(db: Database) -> None:
    assert all(make(db) for make in ALONE)


def test_words_become_codes(db: Database) -> None:
    row = factories.session(db, province="AR-X", device="tablet", referral="whatsapp")
    assert (row["province"], row["device"], row["referral"]) == (22, 3, 2)


def test_removed_members_and_resolved_alerts_have_their_time(db: Database) -> None:
    assert factories.member(db, status="removed")["removed_at"] == factories.NOW
    assert factories.alert(db, status="resolved")["resolved_at"] == factories.NOW


def test_a_metric_has_no_labels_unless_given(db: Database) -> None:
    assert factories.metric(db, "api_latency_p95", 120)["labels"] == {}
