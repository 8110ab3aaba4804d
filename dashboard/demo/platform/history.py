"""Fill an empty database with ninety days of the marketplace, day by day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import psycopg

from dashboard.demo.platform import state
from dashboard.demo.platform.batches import BORN, Source, born
from dashboard.demo.platform.copying import copy_rows, where
from dashboard.demo.platform.hashing import Ints
from dashboard.demo.platform.incidents import planted
from dashboard.demo.platform.operations import write_operations
from dashboard.demo.platform.people import write_beta, write_people
from dashboard.demo.platform.rhythm import DAY_S, LOCAL_S, epoch, moment
from dashboard.demo.platform.samples import write_samples
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.supply import write_supply
from dashboard.demo.platform.tables import Table, read_codes
from dashboard.demo.platform.upkeep import after_fill, review, sum_days
from dashboard.demo.platform.world import World

Progress = Callable[[str], None]
ZONE: Final = "America/Argentina/Buenos_Aires"
PARTITIONS_AHEAD_DAYS: Final = 8


class AlreadyFilled(Exception):
    """The database has data: nothing was written."""


def fill(database_url: str, *, events: int, seed: int, now: datetime, progress: Progress) -> None:
    """Write history up to `now` into a migrated database without data.

    Same events, seed and now: same rows. Raises AlreadyFilled.
    """
    setting = Setting(seed, events, now, planted(now))
    world = World(setting)
    with psycopg.connect(database_url, application_name="atalaya-demo-history") as connection:
        _refuse_filled(connection)
        connection.execute("set synchronous_commit = off")
        source = Source.of(world, read_codes(connection))
        write_people(connection, setting)
        write_supply(connection, world, source.codes)
        connection.commit()
        brought = _write_days(connection, source, now=now, progress=progress)
        progress("Reviews, beta access and daily figures")
        review(connection, since=setting.launch, until=now)
        write_beta(connection, setting, brought=brought, now=now)
        sum_days(connection, since=setting.launch, until=now)
        connection.commit()
        progress("Jobs, errors, alerts, deploys and health checks")
        write_operations(connection, world, since=setting.launch, until=now)
        connection.commit()
        progress("Samples of the signals")
        write_samples(connection, setting, until=now)
        state.remember(connection, setting)
        connection.commit()
    progress("Statistics for the planner")
    after_fill(database_url)


def _refuse_filled(connection: psycopg.Connection) -> None:
    for table in ("sessions", "users", "providers", "bookings"):
        found = connection.execute(f"select 1 from {table} limit 1").fetchone()  # noqa: S608 - one of these
        if found:
            raise AlreadyFilled(f"The database already has {table}: nothing was written.")


def _write_days(
    connection: psycopg.Connection, source: Source, *, now: datetime, progress: Progress
) -> list[tuple[Ints, Ints]]:
    """Copy the days; returns number and moment of the people whom the viral code brought."""
    begin, now_s = source.world.launch_s, epoch(now)
    days = int((now_s - begin) // DAY_S) + 1
    brought: list[tuple[Ints, Ints]] = []
    late: list[Table] = []
    total = 0
    for day in range(days):
        midnight_s = begin + day * DAY_S
        hours = range(day * 24, min(day * 24 + 24, source.hour_of(now_s) + 1))
        piece = source.drawn(hours)
        brought.append(_brought(piece.users, until_s=now_s))
        _ensure_partitions(connection, midnight_s, days=1)
        written = sum(copy_rows(connection, "analytics_events", table) for table in late)
        late = []
        for name, table in source.rows(piece, now_s=now_s):
            kept = born(name, table, since_s=0, until_s=now_s)
            if name == "analytics_events":
                # Sessions run past midnight: those events go with the next day's partition.
                next_day = np.datetime64(round((midnight_s + DAY_S) * 1e6), "us")
                after = np.asarray(kept[BORN[name]]) >= next_day
                late.append(where(kept, after))
                kept = where(kept, ~after)
                written += copy_rows(connection, name, kept)
            else:
                copy_rows(connection, name, kept)
        connection.commit()
        total += written
        progress(f"Day {day + 1} of {days}: {total:,} events")
    _ensure_partitions(connection, begin + days * DAY_S, days=PARTITIONS_AHEAD_DAYS)
    for table in late:
        copy_rows(connection, "analytics_events", table)
    connection.commit()
    return brought


def _brought(users: dict[str, np.ndarray], *, until_s: float) -> tuple[Ints, Ints]:
    kept = users["brought"].astype(bool) & (users["at"] <= until_s)
    return users["id"][kept], (users["at"][kept] * 1e6).astype(np.int64)


def _ensure_partitions(connection: psycopg.Connection, midnight_s: float, *, days: int) -> None:
    """Made in the transaction that fills them: Postgres then writes no log for their rows."""
    first = moment(midnight_s + LOCAL_S).date()
    connection.execute(
        "select atalaya_ensure_event_partitions(%s, %s, %s)",
        [first, first + timedelta(days=days), ZONE],
    )
