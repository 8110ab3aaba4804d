"""Batches of 10,000 events as the platform would send them next: in order, or partly late."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
import psycopg

SIZE: Final = 10_000
PER_SESSION: Final = 5
PAUSE_S: Final = 60.0
POOL: Final = 60_000
SETTLED: Final = timedelta(hours=1)
FIRST_SESSION: Final = 10**15
COLUMNS: Final = (
    "occurred_at, visitor_id, session_id, event_id, name, device, province, referral, tenant"
)
# How likely each step and each other name is, roughly as in the history.
NAMES: Final = {1: 0.3, 2: 0.2, 3: 0.1, 4: 0.06, 5: 0.04, 6: 0.3}

Row = tuple[datetime, int, int, UUID, int, int, int, int, int]


class Batches:
    """An endless stream that continues the history at its own pace, on one connection."""

    def __init__(self, connection: psycopg.Connection, *, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._connection = connection
        self._past = connection.execute(
            """
            select visitor_id, session_id, first_at, device, province, referral, tenant
            from session_funnel
            where day > (select max(day) from session_funnel) - 30
            order by random()
            limit %s
            """,
            [POOL],
        ).fetchall()
        found = connection.execute(
            "select min(first_at), max(last_at), sum(events) from session_funnel"
        ).fetchone()
        assert found is not None
        since, self.clock, events = found
        self._pace = (self.clock - since) / int(events)
        self._waiting: list[Row] = []
        self._session = FIRST_SESSION
        self._numbers: dict[int, int] = dict(
            connection.execute(
                "select coalesce(step, 6), min(id) from event_names group by 1"
            ).fetchall()
        )

    def write(self, *, late_share: float = 0, late_days: int = 0) -> None:
        """Write the next batch and commit."""
        late = int(SIZE * late_share)
        rows = self._next(SIZE - late) + self._late(late, late_days)
        statement = f"copy analytics_events ({COLUMNS}) from stdin"
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
        self._connection.commit()

    def _next(self, count: int) -> list[Row]:
        """The next events in order of time; sessions overlap, so some continue in later batches."""
        span = self._pace * count
        until = len(self._waiting) + count if self._waiting else count * 2
        while len(self._waiting) < until:
            self._session += 1
            self._begin(self.clock + span * float(self._rng.random()))
        self.clock += span
        self._waiting.sort(key=lambda row: row[0])
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def _begin(self, at: datetime) -> None:
        """A session of somebody who was here before, now and then of somebody new."""
        known = self._past[self._rng.integers(len(self._past))]
        visitor = int(known[0]) if self._rng.random() < 0.8 else self._session
        self._past.append((visitor, self._session, at, *known[3:]))
        for pause in self._rng.exponential(PAUSE_S, self._rng.poisson(PER_SESSION - 1) + 1):
            self._waiting.append(self._row(at, visitor, self._session, known[3:]))
            at += timedelta(seconds=float(pause))

    def _late(self, count: int, days: int) -> list[Row]:
        """Events of sessions of the past days, at a time when these were under way."""
        oldest = self.clock - timedelta(days=days)
        known = [each for each in self._past if oldest < each[2] < self.clock - SETTLED]
        chosen = self._rng.integers(len(known), size=count)
        return [
            self._row(
                known[each][2] + timedelta(seconds=float(self._rng.random() * 300)),
                known[each][0],
                known[each][1],
                known[each][3:],
            )
            for each in chosen
        ]

    def _row(self, at: datetime, visitor: int, session: int, dims: tuple[int, ...]) -> Row:
        step = int(self._rng.choice(list(NAMES), p=list(NAMES.values())))
        device, province, referral, tenant = dims
        identity = UUID(bytes=self._rng.bytes(16))
        name = self._numbers[step]
        return (at, visitor, session, identity, name, device, province, referral, tenant)
