"""Two roles: one that can only read, one that writes. Made if we may, granted if they exist."""

from typing import Final

from sqlalchemy import Connection, text

from data import schema
from data.connection import READER, WRITER

# Roles belong to the whole cluster: another database may have made them, or be making them now.
_MAKE: Final = """
do $$ begin
    if to_regrole('{role}') is null then
        create role {role} nologin;
    end if;
exception when insufficient_privilege or duplicate_object or unique_violation then
    raise notice 'role {role} was not created';
end $$;
do $$ begin
    if to_regrole('{role}') is null then
        return;
    end if;
    -- Tried, because since Postgres 16 who makes a role may grant it but not become it.
    begin
        set local role {role};
        reset role;
    exception when insufficient_privilege then
        grant {role} to current_user;
    end;
exception when insufficient_privilege then
    raise notice 'role {role} was not granted';
end $$;
"""

# A table of theirs may belong to someone who does not let us grant: each is tried alone.
_GRANT: Final = """
do $$
declare
    relation text;
begin
    if to_regrole('{reader}') is null or to_regrole('{writer}') is null then
        return;
    end if;
    execute format('grant usage on schema %I to {reader}, {writer}', current_schema());
    foreach relation in array array[{tables}] loop
        continue when to_regclass(relation) is null;
        begin
            execute format('grant select on %I to {reader}', relation);
            execute format('grant select, insert, update, delete on %I to {writer}', relation);
        exception when insufficient_privilege then
            raise notice 'no grant on %', relation;
        end;
    end loop;
    -- What was done stays as it was written: entries are added and, after years, removed.
    revoke update on activity_logs from {writer};
    execute format('grant usage on all sequences in schema %I to {writer}', current_schema());
    grant execute on function atalaya_ensure_event_partitions, atalaya_drop_event_partitions,
        atalaya_rollup_beside, atalaya_rollup_swap to {writer};
    execute format(
        'alter default privileges in schema %I grant select on tables to {reader}',
        current_schema()
    );
    execute format(
        'alter default privileges in schema %I '
        'grant select, insert, update, delete on tables to {writer}',
        current_schema()
    );
    execute format(
        'alter default privileges in schema %I grant usage on sequences to {writer}',
        current_schema()
    );
exception when insufficient_privilege then
    raise notice 'not everything was granted';
end $$;
"""


def ensure_roles(connection: Connection, *, version_table: str) -> None:
    """Make both roles and grant them what they need; whatever we may not do is left for readiness.

    Runs after every upgrade, so that roles which an administrator makes later get their grants too.
    """
    tables = [*(table.name for table in schema.tables()), version_table]
    names = ", ".join(f"'{name}'" for name in tables)
    for role in (READER, WRITER):
        _run(connection, _MAKE.format(role=role))
    _run(connection, _GRANT.format(reader=READER, writer=WRITER, tables=names))


def role_exists(connection: Connection, role: str) -> bool:
    """Whether the cluster has the role."""
    return bool(connection.scalar(text("select to_regrole(:role) is not null"), {"role": role}))


def _run(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
