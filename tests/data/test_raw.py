"""Raw rows as CSV: all of the period and filters, in local time, safe to open."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from data.database import Database
from data.errors import SourceDown
from data.period import Filters, Selection
from data.raw import KINDS, MOST, row_count, rows_as_csv
from tests import factories
from tests.postgres_server import PostgresServer

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
FILTERS = Selection(span="today").at(factories.NOW + timedelta(minutes=1), ZONE)
HOSTILE = '=HYPERLINK("http://203.0.113.9")'


def _narrow(**chosen: object) -> Filters:
    return replace(FILTERS, selection=replace(FILTERS.selection, **chosen))  # type: ignore[arg-type]  # the test's own words


def _read(db: Database, filters: Filters, kind: str) -> list[dict[str, str]]:
    with rows_as_csv(db, filters, kind=kind) as blocks:
        content = b"".join(blocks).decode()
    return list(csv.DictReader(io.StringIO(content)))


def test_events_of_the_period_come_in_order_with_local_time_and_words_for_codes(
    db: Database,
) -> None:
    since, until = FILTERS.period.since, FILTERS.period.until
    for at in (until, since, until - timedelta(microseconds=1), since - timedelta(microseconds=1)):
        factories.event(db, "search", at=at, province="AR-X", device="mobile")
    found = _read(db, FILTERS, "events")
    assert [row["event"] for row in found] == ["search", "search"]
    assert [(row["region"], row["device"]) for row in found] == [("AR-X", "mobile")] * 2
    assert found[0]["occurred_at"].endswith("00:00:00-03")
    assert found[1]["occurred_at"] > found[0]["occurred_at"]
    assert row_count(db, FILTERS, kind="events") == 2


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_filters_narrow_rows_and_count_alike(db: Database, kind: str) -> None:
    for region, device in (("AR-X", "mobile"), ("AR-X", "desktop"), ("AR-B", "mobile")):
        factories.event(db, province=region, device=device)
        factories.payment(db, province=region, device=device)
    for chosen, count in (
        ({}, 3),
        ({"region": "AR-X"}, 2),
        ({"region": "AR-X", "device": "mobile"}, 1),
        ({"tenant": 77}, 0),
        ({"region": "'; drop table payments; --"}, 0),
    ):
        narrow = _narrow(**chosen)
        assert row_count(db, narrow, kind=kind) == count
        assert len(_read(db, narrow, kind)) == count


def test_what_others_wrote_does_not_run_as_a_formula(db: Database) -> None:
    factories.payment(db, status="rejected", failure_reason=HOSTILE)
    with db.write() as tx:
        tx.execute(text("insert into event_names (id, name) values (900, :name)"), name=HOSTILE)
    factories.event(db, HOSTILE)
    (payment,) = _read(db, FILTERS, "payments")
    (event,) = _read(db, FILTERS, "events")
    assert (payment["failure_reason"], event["event"]) == (f"'{HOSTILE}", f"'{HOSTILE}")
    assert payment["amount_minor"] == "800000"


def test_nothing_is_a_header_and_no_row(db: Database) -> None:
    assert _read(db, FILTERS, "payments") == []
    assert row_count(db, FILTERS, kind="payments") == 0


def test_the_count_stops_when_there_is_more_than_an_export_holds(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.raw.MOST", 2)
    for _ in range(5):
        factories.event(db)
    assert row_count(db, FILTERS, kind="events") == 3
    assert MOST == 500_000


def test_a_database_that_goes_away_between_blocks_is_a_source_that_is_down(
    db: Database, postgres: PostgresServer
) -> None:
    with db.write() as tx:
        tx.execute(
            text("""
            insert into payments (created_at, visitor_id, payment_id, provider_id, gateway, method,
                status, amount_minor)
            select :at, n, n, 1, 'stripe', 'cash', 'approved', 1 from generate_series(1, 90000) n
        """),
            at=factories.NOW,
        )
    read: list[bytes] = []
    with pytest.raises(SourceDown, match="does not answer"):
        _read_and_end(db, postgres, read)
    assert 0 < b"".join(read).count(b"\n") < 90_000


def _read_and_end(db: Database, postgres: PostgresServer, read: list[bytes]) -> None:
    with rows_as_csv(db, FILTERS, kind="payments") as blocks:
        read.append(next(blocks))
        with postgres.connect("postgres") as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy%'"
            )
        read.extend(blocks)
