"""What the simulation remembers beside the data: setting, how far it has come, provoked trouble.

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
        seed int not null, events bigint not null, anchor timestamptz not null
    );
    create table if not exists demo_platform.mark (
        duty text primary key, until timestamptz not null
    );
    create table if not exists demo_platform.trouble (
        id bigint generated always as identity primary key,
        kind text not null, target text not null, since timestamptz not null,
        until timestamptz not null, peak float8 not null
    );
    do $$ begin
        -- The feed is a client like any other: it writes as a member of the writers.
        if to_regrole('atalaya_writer') is not null then
            grant usage on schema demo_platform to atalaya_writer;
            grant select, insert, update on all tables in schema demo_platform to atalaya_writer;
        end if;
    end $$;
"""
DUTIES: Final = ("visits", "operations", "samples", "upkeep")


class NotFilled(Exception):
    """There is no simulated marketplace in this database."""


def remember(connection: psycopg.Connection, setting: Setting) -> None:
    """Keep the setting of a marketplace filled up to its anchor; nothing was provoked yet."""
    connection.execute(_CREATE)
    connection.execute("truncate demo_platform.setting, demo_platform.mark, demo_platform.trouble")
    connection.execute(
        "insert into demo_platform.setting (seed, events, anchor) values (%s, %s, %s)",
        [setting.seed, setting.events, setting.anchor],
    )
    for duty in DUTIES:
        connection.execute(
            "insert into demo_platform.mark (duty, until) values (%s, %s)", [duty, setting.anchor]
        )


def is_filled(connection: psycopg.Connection) -> bool:
    """Whether a marketplace was written to this database."""
    found = connection.execute("select to_regclass('demo_platform.setting') is not null").fetchone()
    if not found or not found[0]:
        return False
    return connection.execute("select from demo_platform.setting").fetchone() is not None


def recall(connection: psycopg.Connection) -> Setting:
    """The setting with planted and provoked incidents. Raises NotFilled."""
    row = (
        connection.execute("select seed, events, anchor from demo_platform.setting").fetchone()
        if is_filled(connection)
        else None
    )
    if row is None:
        raise NotFilled("This database holds no simulated platform: fill it with `seed` first.")
    seed, events, anchor = row
    return Setting(seed, events, anchor, planted(anchor) + trouble(connection))


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


def marks(connection: psycopg.Connection) -> dict[str, datetime]:
    """How far each duty of the feed has come."""
    return dict(connection.execute("select duty, until from demo_platform.mark").fetchall())


def mark(connection: psycopg.Connection, duty: str, until: datetime) -> None:
    """Note how far a duty has come, in the transaction that wrote its rows."""
    connection.execute("update demo_platform.mark set until = %s where duty = %s", [until, duty])
