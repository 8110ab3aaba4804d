"""What the simulation remembers beside the data: its setting, how far it has come, provoked trouble.

Kept in a schema of its own, so that the shared tables hold nothing of the simulation.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Final, get_args

import psycopg

from dashboard.demo.platform.incidents import Incident, Kind, planted
from dashboard.demo.platform.setting import Setting

_CREATE: Final = """
    create schema if not exists demo_platform;
    create table if not exists demo_platform.setting (
        one boolean primary key default true check (one),
        seed int not null, events bigint not null, anchor timestamptz not null,
        played_until timestamptz not null
    );
    create table if not exists demo_platform.trouble (
        id bigint generated always as identity primary key,
        kind text not null, target text not null, since timestamptz not null,
        until timestamptz not null, peak float8 not null
    );
"""


class NotFilled(Exception):
    """There is no simulated marketplace in this database."""


def remember(connection: psycopg.Connection, setting: Setting, *, played_until: datetime) -> None:
    """Keep the setting of a new marketplace; trouble of an older one is forgotten."""
    connection.execute(_CREATE)
    connection.execute("truncate demo_platform.setting, demo_platform.trouble")
    connection.execute(
        "insert into demo_platform.setting (seed, events, anchor, played_until) "
        "values (%s, %s, %s, %s)",
        [setting.seed, setting.events, setting.anchor, played_until],
    )


def is_filled(connection: psycopg.Connection) -> bool:
    """Whether a marketplace was written to this database."""
    found = connection.execute("select to_regclass('demo_platform.setting') is not null").fetchone()
    if not found or not found[0]:
        return False
    return connection.execute("select from demo_platform.setting").fetchone() is not None


def recall(connection: psycopg.Connection) -> tuple[Setting, datetime]:
    """The setting with planted and provoked incidents, and how far it was played. NotFilled."""
    if not is_filled(connection):
        raise NotFilled("This database holds no demo: run `python -m dashboard demo` first.")
    row = connection.execute(
        "select seed, events, anchor, played_until from demo_platform.setting"
    ).fetchone()
    if row is None:
        raise NotFilled("This database holds no demo.")
    seed, events, anchor, played_until = row
    incidents = planted(anchor) + trouble(connection)
    return Setting(seed, events, anchor, incidents), played_until


def trouble(connection: psycopg.Connection) -> tuple[Incident, ...]:
    """What people provoked, oldest first."""
    rows = connection.execute(
        "select kind, since, until, target, peak from demo_platform.trouble order by id"
    ).fetchall()
    return tuple(Incident(*row) for row in rows if row[0] in get_args(Kind))


def provoke(connection: psycopg.Connection, incident: Incident) -> None:
    """Add trouble; the feed and the exporter notice it within seconds."""
    connection.execute(
        "insert into demo_platform.trouble (kind, since, until, target, peak) "
        "values (%(kind)s, %(since)s, %(until)s, %(target)s, %(peak)s)",
        asdict(incident),
    )


def played(connection: psycopg.Connection, until: datetime) -> None:
    """Note how far the feed has come; in the transaction that wrote the rows."""
    connection.execute("update demo_platform.setting set played_until = %s", [until])
