"""Streams of events as producers send them: late, shuffled, repeated, with ties and windows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy import text

from data.database import Database
from tests.services.rollup_reference import Event, Rows, Who

START: Final = datetime(2026, 9, 28, 2, 0, tzinfo=UTC)
"""A Sunday, eleven at night in Buenos Aires: days, weeks and months end within the streams."""
STEPS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}
EXACT: Final = (timedelta(minutes=30), timedelta(hours=24), timedelta(days=7))
TICK: Final = timedelta(microseconds=1)

TABLES: Final = (
    "roll_minute", "roll_hour", "roll_hour_prov", "roll_day", "session_funnel", "funnel_day",
    "funnel_tenant_day", "city_day", "session_shape", "step_hist", "ttc_hist", "visitor_day",
    "active_gap", "active_day", "cohort_week", "cohort_month",
)  # fmt: skip

_INSERT: Final = """
    insert into analytics_events (
        occurred_at, visitor_id, session_id, event_id, name, device, province, referral, tenant
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    on conflict do nothing
"""


@dataclass
class Stream:
    """Distinct events in the order of their arrival, and the batches in which they are sent."""

    events: list[Event]
    batches: list[list[Event]]
    cities: dict[Who, str] = field(default_factory=dict)
    is_calm: bool = False
    """Each batch is taken before the next one comes."""


def stream(seed: int, *, size: int = 50, visitors: int = 5) -> Stream:
    """A seeded stream: a fifth late by up to 30 days, every third one shuffled, some sent again."""
    rng = Random(seed)  # noqa: S311 - a seeded stream is not cryptography
    events = list(_events(rng, size, visitors))
    arrival = {e: e.at + _delay(rng) for e in events}
    arrived = sorted(events, key=lambda e: arrival[e])
    if rng.random() < 0.4:
        rng.shuffle(arrived)
    batches = list(_cut(rng, arrived))
    sent: list[Event] = []
    for batch in batches:
        sent.extend(batch)
        batch.extend(rng.sample(sent, rng.randint(0, min(3, len(sent)))))
    whos = {(e.visitor_id, e.session_id) for e in events}
    cities = {who: rng.choice(["Rosario", "Salta", ""]) for who in whos if rng.random() < 0.7}
    return Stream(events, batches, cities)


def ties() -> Stream:
    """Events of one moment that arrive apart: each completes a chain through an older one."""
    moment = START + timedelta(minutes=5)
    named = [(START, 1), (moment, 3), (moment, 2), (moment, 5), (moment, 4)]
    events = [
        Event(1, 1, UUID(int=100 - number), at, name, name, device=1 + number % 2)
        for number, (at, name) in enumerate(named)
    ]
    return Stream(events, [events[:2], events[2:4], events[4:]], is_calm=True)


def _events(rng: Random, size: int, visitors: int) -> Iterator[Event]:
    last: dict[Who, datetime] = {}
    for _ in range(size):
        who = rng.randint(1, visitors), rng.randint(1, 3)
        begin = START + timedelta(days=rng.choice((0, 0, 1, 3, 8, 35)), minutes=rng.randint(0, 400))
        at = last[who] + _pause(rng) if who in last else begin
        last[who] = max(last.get(who, at), at)
        name = rng.choice((1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7))
        yield Event(
            *who,
            UUID(int=rng.getrandbits(128)),
            at,
            name,
            STEPS.get(name, 0),
            device=rng.choice((1, 1, 2)),
            province=rng.choice((2, 2, 5)),
            referral=rng.choice((1, 1, 3)),
            tenant=rng.choice((0, 0, 7)),
        )


def _pause(rng: Random) -> timedelta:
    """Until the next event of a session: often none at all, sometimes exactly a window."""
    kind = rng.random()
    if kind < 0.25:
        return timedelta(0)
    if kind < 0.4:
        return rng.choice(EXACT) + rng.choice((timedelta(0), TICK, -TICK))
    if kind < 0.5:
        return -timedelta(minutes=rng.randint(0, 90))
    return timedelta(seconds=rng.randint(1, 5000), microseconds=rng.randint(0, 999_999))


def _delay(rng: Random) -> timedelta:
    return timedelta(hours=rng.randint(1, 720)) if rng.random() < 0.2 else timedelta(0)


def _cut(rng: Random, events: list[Event]) -> Iterator[list[Event]]:
    begin = 0
    while begin < len(events):
        size = rng.randint(1, 14)
        yield events[begin : begin + size]
        begin += size


def send(connection: "psycopg.Connection[tuple[object, ...]]", events: Iterable[Event]) -> None:
    """Write as the platform does: in the order of the key, what is there already is dropped."""
    rows = [
        (e.at, e.visitor_id, e.session_id, e.event_id, e.name, *_dims(e))
        for e in sorted(events, key=lambda e: (e.visitor_id, e.session_id, e.event_id))
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


def _dims(event: Event) -> tuple[int, int, int, int]:
    return event.device, event.province, event.referral, event.tenant


def visit(db: Database, cities: dict[Who, str]) -> None:
    """Write the rows of `sessions` that name cities, before their first event."""
    statement = text("""
        insert into sessions (visitor_id, session_id, city) values (:visitor_id, :session_id, :city)
    """)
    with db.write() as tx:
        for (visitor_id, session_id), city in cities.items():
            tx.execute(statement, visitor_id=visitor_id, session_id=session_id, city=city or None)


def empty(db: Database) -> None:
    """Take everything back to before the first event."""
    emptied = ", ".join([*TABLES, "analytics_events", "sessions", "rollup_set_aside"])
    with db.write() as tx:
        tx.execute(text(f"truncate {emptied}"))
        tx.execute(text("update rollup_state set tx_done = '0', source_max_at = null"))


def stored(db: Database) -> dict[str, Rows]:
    """Every rollup of events as it is in the database, as a multiset of its rows."""
    found: dict[str, Rows] = {}
    with db.write() as tx:
        for table in TABLES:
            rows = tx.rows(text(f"select * from {table}"), dict)  # noqa: S608 - our own names
            found[table] = Rows(tuple(row.values()) for row in rows)
    return found
