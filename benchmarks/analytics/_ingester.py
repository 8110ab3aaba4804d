"""Writes so many events a second as the platform does, until its standard input ends.

python -m benchmarks.analytics._ingester  <  {"url", "per_s", "most_s", "seed"} as one line of JSON;
prints how many it wrote and in how many seconds, as JSON.
"""

import json
import select
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import psycopg

BATCHES_PER_S: Final = 4
ALIVE: Final = 2_000
ENDS: Final = 0.2
GOES_ON: Final = 0.4
SESSIONS: Final = """
    insert into sessions (visitor_id, session_id, started_at, device, province, referral, tenant)
    select * from unnest(
        %s::bigint[], %s::bigint[], %s::timestamptz[], %s::smallint[], %s::smallint[],
        %s::smallint[], %s::integer[]
    )
    on conflict do nothing
"""
EVENTS: Final = """
    insert into analytics_events (
        occurred_at, visitor_id, session_id, event_id, name, device, province, referral, tenant
    )
    select * from unnest(
        %s::timestamptz[], %s::bigint[], %s::bigint[], %s::uuid[], %s::smallint[], %s::smallint[],
        %s::smallint[], %s::smallint[], %s::integer[]
    )
    order by 2, 3, 4
    on conflict do nothing
"""
_VISITORS: Final = """
    select visitor_id, device, province, referral, tenant from session_funnel
    where day >= (select max(day) from session_funnel) - 1
    limit 20000
"""
_NAMES: Final = "select coalesce(step, 0), min(id) from event_names group by 1 order by 1"

Session = list[Any]  # visitor, session, step reached, then device, province, referral, tenant


class Visits:
    """Sessions under way: of known visitors, each with its own dimensions."""

    def __init__(self, connection: psycopg.Connection, *, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._known = connection.execute(_VISITORS).fetchall()
        self._names: dict[int, int] = dict(connection.execute(_NAMES).fetchall())
        self._number = time.time_ns() // 1000  # later than any session of another run
        self._alive: list[Session] = []

    def batch(self, count: int) -> tuple[list[Session], list[tuple[Any, ...]]]:
        """The sessions that begin now, and the next events."""
        begun = [self._begin() for _ in range(max(ALIVE - len(self._alive), 0))]
        self._alive += begun
        return begun, list(self._events(count))

    def _begin(self) -> Session:
        self._number += 1
        visitor, *dims = self._known[self._rng.integers(len(self._known))]
        return [visitor, self._number, 0, *dims]

    def _events(self, count: int) -> Iterator[tuple[Any, ...]]:
        for place in self._rng.integers(len(self._alive), size=count):
            session = self._alive[place % len(self._alive)]
            step = session[2] + 1
            goes_on = step == 1 or (step <= 5 and self._rng.random() < GOES_ON)
            session[2] = step if goes_on else session[2]
            name = self._names[step if goes_on else 0]
            visitor, number, _, *dims = session
            yield datetime.now(UTC), visitor, number, UUID(bytes=self._rng.bytes(16)), name, *dims
            if self._rng.random() < ENDS and len(self._alive) > 1:
                self._alive.remove(session)


def main() -> None:
    """Write until told to end, or for the most seconds that were told."""
    told = json.loads(sys.stdin.readline())
    with psycopg.connect(told["url"], autocommit=True) as connection:
        visits = Visits(connection, seed=told["seed"])
        began, written = time.monotonic(), 0
        print("writing", flush=True)
        while time.monotonic() - began < told["most_s"] and not _ended():
            written += _write(connection, visits, told["per_s"] // BATCHES_PER_S)
            ahead = written / told["per_s"] - (time.monotonic() - began)
            time.sleep(max(ahead, 0))
        print(json.dumps([written, time.monotonic() - began]))


def _write(connection: psycopg.Connection, visits: Visits, count: int) -> int:
    begun, events = visits.batch(count)
    now = datetime.now(UTC)
    rows = [(visitor, number, now, *dims) for visitor, number, _, *dims in begun]
    with connection.transaction():
        if rows:
            connection.execute(SESSIONS, [list(column) for column in zip(*rows, strict=True)])
        connection.execute(EVENTS, [list(column) for column in zip(*events, strict=True)])
    return len(events)


def _ended() -> bool:
    """Whether standard input is closed."""
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable) and not sys.stdin.readline()


if __name__ == "__main__":
    main()
