"""Is the database what Atalaya needs? Each finding says what is so, and what to do if it is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from data import migrations, schema
from data.connection import READER, one_off
from data.errors import SourceDown
from data.shape import lacks

LARGEST_SKEW: Final = timedelta(seconds=2)
_MIGRATE: Final = "Run `python -m dashboard migrate` with a login that may create tables."

SERVER: Final = text("""
    -- data.readiness.server
    select current_setting('server_version_num')::int as number,
        current_setting('server_version') as version, clock_timestamp() as at
""")

RIGHTS: Final = text("""
    -- data.readiness.rights
    select relation.name,
        has_table_privilege(:role, to_regclass(relation.name), 'select') as reads,
        has_table_privilege(
            :role, to_regclass(relation.name), 'insert, update, delete, truncate'
        ) as writes_some,
        has_table_privilege(:role, to_regclass(relation.name), 'insert')
            and has_table_privilege(:role, to_regclass(relation.name), 'delete')
            and (relation.name = 'activity_logs'
                or has_table_privilege(:role, to_regclass(relation.name), 'update'))
            as writes_all
    from unnest(cast(:tables as text[])) as relation (name)
    where to_regclass(relation.name) is not null
""")

READING_ROLE: Final = text("""
    -- data.readiness.reading_role
    select case
        when to_regrole(:role) is null then 'missing'
        when pg_has_role(to_regrole(:role), case
            when current_setting('server_version_num')::int >= 160000 then 'set'
            else 'member' end) then 'usable'
        else 'not granted'
    end
""")

ARRANGEMENTS: Final = text("""
    -- data.readiness.arrangements
    select
        to_regclass('analytics_events') is not null and not exists (
            select from pg_partitioned_table where partrelid = to_regclass('analytics_events')
        ) as is_whole,
        to_regclass('production_alerts') is not null and not exists (
            select from pg_trigger
            where tgrelid = to_regclass('production_alerts') and tgname = 'production_alerts_tell'
        ) as is_silent
""")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` is what to do when it is not `ok`."""

    check: str
    ok: bool
    required: bool
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role may do with one table."""

    name: str
    reads: bool
    writes_some: bool
    writes_all: bool


def findings(
    url: str,
    *,
    read_url: str | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Finding]:
    """All findings about the database. Never raises for what a finding can say.

    Looks at the server, its version and clock, tables and columns, migrations, and what the reading
    and the writing login may do.
    """
    try:
        with one_off(url) as connection:
            found = [_fine("database", "Postgres answers."), *_about(connection, now)]
    except SourceDown as down:
        return [_fault("database", str(down), "Check ATALAYA_DATABASE_URL and the server.")]
    return [*found, *_reader(url, read_url)]


def _about(connection: Connection, now: Callable[[], datetime]) -> Iterator[Finding]:
    yield from _server(connection, now)
    yield from _shape(connection)
    yield _at_head(connection)
    yield from _arrangements(connection)
    yield _writer(connection)


def _server(connection: Connection, now: Callable[[], datetime]) -> Iterator[Finding]:
    before = now()
    server = connection.execute(SERVER).one()
    halfway = before + (now() - before) / 2
    if server.number >= migrations.LOWEST_SERVER:
        yield _fine("version", f"Postgres is version {server.version}.")
    else:
        yield _fault("version", f"Postgres is version {server.version}.", "Use 15 or later.")
    skew = server.at - halfway
    shown = f"The clocks differ by {abs(skew.total_seconds()):.1f} s."
    if abs(skew) <= LARGEST_SKEW:
        yield _fine("clock", shown)
    else:
        yield _fault("clock", shown, "Let NTP set the clocks of this machine and the server.")


def _shape(connection: Connection) -> Iterator[Finding]:
    found = lacks(connection)
    missing = sorted(lack.table for lack in found if lack.is_missing)
    if missing:
        is_empty = len(missing) == len(schema.tables())
        shown = "all of them" if is_empty else ", ".join(missing)
        yield _fault("tables", f"Missing tables: {shown}.", _MIGRATE)
    for lack in found:
        if lack.columns:
            names = ", ".join(lack.columns)
            yield _fault("columns", f"{lack.table} lacks {names}.", _add_columns(lack.table))
        if lack.kinds:
            shown = f"{lack.table}: {'; '.join(lack.kinds)}."
            yield _fault("columns", shown, "Change the column, or put a view in its place.")
    if not found:
        yield _fine("tables", f"All {len(schema.tables())} tables have all their columns.")


def _add_columns(table: str) -> str:
    return (
        f"{table} was there before Atalaya, which does not alter it: add the columns as "
        "docs/schema.md describes them."
    )


def _at_head(connection: Connection) -> Finding:
    found, head = migrations.current_of(connection), migrations.head()
    if found == head:
        return _fine("migrations", f"The schema is at {head}, the newest.")
    shown = f"The schema is at {found or 'no step'}, the newest is {head}."
    return _fault("migrations", shown, _MIGRATE)


def _arrangements(connection: Connection) -> Iterator[Finding]:
    found = connection.execute(ARRANGEMENTS).one()
    if found.is_whole:
        shown = "analytics_events is not partitioned by day: long periods will be slow."
        yield _note("partitions", shown, "Partition it by range of occurred_at.")
    if found.is_silent:
        shown = "production_alerts tells nobody of a change: new alerts show at the next refresh."
        remedy = "Add a trigger that does pg_notify('atalaya', 'alerts')."
        yield _note("push", shown, remedy)


def _writer(connection: Connection) -> Finding:
    user = str(connection.scalar(text("select current_user")))
    rights = _rights(connection, user)
    if not rights:
        return _note("writer", f"There is nothing yet that {user} could write.", _MIGRATE)
    short = [right.name for right in rights if not (right.reads and right.writes_all)]
    if short:
        shown = f"{user} may not read and write {_some(short)}."
        return _fault("writer", shown, f"Grant the role atalaya_writer to {user}.")
    return _fine("writer", f"{user} may read and write all tables.")


def _reader(url: str, read_url: str | None) -> Iterator[Finding]:
    """What the login or role may do that answers questions."""
    try:
        with one_off(read_url or url) as connection:
            yield _reading_login(connection) if read_url else _reading_role(connection)
    except SourceDown as down:
        yield _fault("reader", str(down), "Check ATALAYA_DATABASE_READ_URL.")


def _reading_role(connection: Connection) -> Finding:
    state = connection.scalar(READING_ROLE, {"role": READER})
    if state == "usable":
        return _reads_only(connection, READER)
    shown = f"The role {READER} is {state}: questions run in read-only transactions of the writer."
    user = connection.scalar(text("select current_user"))
    remedy = (
        f"As an administrator: `create role {READER} nologin; grant {READER} to {user};`, then run "
        "`python -m dashboard migrate` again. Or set ATALAYA_DATABASE_READ_URL."
    )
    return _note("reader", shown, remedy)


def _reading_login(connection: Connection) -> Finding:
    return _reads_only(connection, str(connection.scalar(text("select current_user"))))


def _reads_only(connection: Connection, role: str) -> Finding:
    rights = _rights(connection, role)
    writes = [right.name for right in rights if right.writes_some]
    blind = [right.name for right in rights if not right.reads]
    if not rights:
        return _note("reader", f"There is nothing yet that {role} could read.", _MIGRATE)
    if writes:
        shown = f"{role} may write {_some(writes)}."
        return _fault("reader", shown, f"Revoke everything but select from {role}.")
    if blind:
        shown = f"{role} may not read {_some(blind)}."
        return _fault("reader", shown, f"Grant it the role {READER}, or select on these tables.")
    return _fine("reader", f"{role} may read all tables and write none.")


def _rights(connection: Connection, role: str) -> list[Rights]:
    names = [table.name for table in schema.tables()]
    rows = connection.execute(RIGHTS, {"role": role, "tables": names}).mappings()
    return [Rights(**row) for row in rows]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _fine(check: str, message: str) -> Finding:
    return Finding(check, ok=True, required=True, message=message)


def _fault(check: str, message: str, remedy: str) -> Finding:
    return Finding(check, ok=False, required=True, message=message, remedy=remedy)


def _note(check: str, message: str, remedy: str) -> Finding:
    return Finding(check, ok=False, required=False, message=message, remedy=remedy)
