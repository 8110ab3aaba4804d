"""Rows for tests: each function writes one row, fills in what the test does not care about, and
gives the row back as a dict. Dimensions are given as people say them: "AR-B", "mobile", "whatsapp".
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import text

from data.database import Database

NOW: Final = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""A Friday, noon in Buenos Aires."""

Row = dict[str, Any]
_numbers: Final = count(1)

_CODES: Final = {
    "province": "(select id from provinces where iso = :province)",
    "device": "(select id from devices where code = :device)",
    "referral": "(select id from referrals where code = :referral)",
}
_EVENT_NAME: Final = {"name": "(select id from event_names where name = :name)"}


def insert(db: Database, table: str, **values: object) -> Row:
    """Write a row of any table; what is not given takes the column's default."""
    return _insert(db, table, values, _CODES)


def organization(db: Database, **values: object) -> Row:
    number = next(_numbers)
    return insert(
        db, "organizations", **{"name": f"Business {number}", "slug": f"b-{number}"} | values
    )


def user(db: Database, **values: object) -> Row:
    number = next(_numbers)
    default = {"email": f"client{number}@example.com", "name": f"Client {number}"}
    return insert(db, "users", **default | {"province": "AR-B", "created_at": NOW} | values)


def provider(db: Database, **values: object) -> Row:
    default = {"name": f"Provider {next(_numbers)}", "kind": "barber", "province": "AR-B"}
    return insert(db, "providers", **default | {"city": "La Plata", "created_at": NOW} | values)


def service(db: Database, **values: object) -> Row:
    default = {"name": "Haircut", "duration_min": 30, "price_minor": 800_000}
    return insert(db, "services", **{"provider_id": _provider_id(db, values)} | default | values)


def session(db: Database, **values: object) -> Row:
    at = values.get("started_at", NOW)
    default = {"session_id": next(_numbers), "started_at": at, "last_seen_at": at}
    return insert(db, "sessions", **{"visitor_id": 1} | default | _seen() | values)


def event(db: Database, name: str = "visit", *, at: datetime = NOW, **values: object) -> Row:
    """An event of visitor 1 in session 1, unless said otherwise."""
    default: Row = {"visitor_id": 1, "session_id": 1, "event_id": uuid4(), "occurred_at": at}
    given = default | _seen() | values
    return _insert(db, "analytics_events", given | {"name": name}, _CODES | _EVENT_NAME)


def booking(db: Database, **values: object) -> Row:
    created = values.get("created_at", NOW)
    assert isinstance(created, datetime)
    default = {
        "provider_id": _provider_id(db, values),
        "visitor_id": 1,
        "session_id": 1,
        "status": "confirmed",
        "created_at": created,
        "starts_at": created + timedelta(days=1),
        "price_minor": 800_000,
    }
    return insert(db, "bookings", **default | _seen() | values)


def payment(db: Database, **values: object) -> Row:
    """An approved payment of 8,000.00 ARS by credit card through MercadoPago."""
    default = {
        "visitor_id": 1,
        "payment_id": next(_numbers),
        "provider_id": 1,
        "created_at": NOW,
        "gateway": "mercadopago",
        "method": "credit_card",
        "status": "approved",
        "amount_minor": 800_000,
        "commission_minor": 80_000,
    }
    return insert(db, "payments", **default | _seen() | values)


def alert(db: Database, **values: object) -> Row:
    """An open, critical alert; a resolved one gets its time."""
    number = next(_numbers)
    at = values.get("started_at", NOW)
    default: Row = {
        "fingerprint": f"alert-{number}",
        "rule": "api_latency_p95",
        "title": "API p95 is above 200 ms",
        "severity": "critical",
        "source": "prometheus",
        "started_at": at,
        "last_seen_at": at,
    }
    if values.get("status") == "resolved":
        default["resolved_at"] = at
    return insert(db, "production_alerts", **default | values)


def error(db: Database, **values: object) -> Row:
    default = {"fingerprint": "error-1", "message": "Cannot read properties of undefined"}
    where = {"route": "/api/checkout", "occurred_at": NOW}
    return insert(db, "production_errors", **default | where | values)


def deploy(db: Database, **values: object) -> Row:
    default = {"service": "api", "version": f"1.0.{next(_numbers)}", "deployed_at": NOW}
    return insert(db, "deploys", **default | values)


def member(db: Database, **values: object) -> Row:
    number = next(_numbers)
    default: Row = {"email": f"member{number}@example.com", "name": f"Member {number}"}
    if values.get("status") == "removed":
        default["removed_at"] = NOW
    return insert(db, "team_members", **default | {"role": "viewer"} | values)


def metric(db: Database, name: str, value: float, **values: object) -> Row:
    default: Row = {"name": name, "value": value, "recorded_at": NOW, "labels": {}}
    return insert(db, "production_metrics", **default | values)


def health(db: Database, component: str = "api", **values: object) -> Row:
    default = {"component": component, "kind": "component", "status": "operational"}
    return insert(db, "system_health_status", **default | {"checked_at": NOW} | values)


def job(db: Database, **values: object) -> Row:
    """A job of the queue bulk-messages that completed."""
    at = values.get("finished_at", NOW)
    assert isinstance(at, datetime)
    default = {
        "queue": "bulk-messages",
        "job_id": str(next(_numbers)),
        "name": "send",
        "state": "completed",
        "enqueued_at": at - timedelta(seconds=10),
        "started_at": at - timedelta(seconds=2),
        "finished_at": at,
    }
    return insert(db, "job_history", **default | values)


def _seen() -> Row:
    return {"device": "mobile", "province": "AR-B", "referral": "direct"}


def _insert(db: Database, table: str, values: Row, codes: Mapping[str, str]) -> Row:
    """Write the row; a dimension given as a word becomes its code."""
    shown = [
        codes[column] if isinstance(value, str) and column in codes else f":{column}"
        for column, value in values.items()
    ]
    columns, given = ", ".join(values), ", ".join(shown)
    statement = text(f"insert into {table} ({columns}) values ({given}) returning *")  # noqa: S608 - names from tests
    with db.write() as tx:
        row = tx.one_or_none(statement, dict, **values)
    assert row is not None
    return row


def _provider_id(db: Database, values: Row) -> object:
    return values["provider_id"] if "provider_id" in values else provider(db)["id"]
