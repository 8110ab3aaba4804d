"""Day partitions of the events, and the word to viewers that alerts changed."""

from alembic import op
from sqlalchemy import text

from data.migrations.steps import is_ours, run

revision = "0016"
down_revision = "0015"

# The owner's rights: who writes events need not own the table, and cannot put another in its
# place, because the schema is fixed. The lock on the default partition
# comes before its rows move, so that none can arrive between the move and the attachment. A
# partition is made apart and attached, because that lets readers of other days go on.
PARTITIONS = """
create function atalaya_ensure_event_partitions(since date, until date, zone text)
returns integer
language plpgsql security definer set search_path = {schema}, pg_temp
as $$
declare
    parent constant regclass := 'analytics_events'::regclass;
    fallback regclass;
    made integer := 0;
    local_day date;
    partition_name text;
    first_instant timestamptz;
    end_instant timestamptz;
begin
    if until - since > 4000 then
        raise exception 'at most 4000 days at once';
    end if;
    select nullif(partdefid, 0)::regclass into fallback
    from pg_partitioned_table where partrelid = parent;
    if not found then
        return 0;
    end if;
    perform pg_advisory_xact_lock(hashtext('atalaya.partitions'));
    for local_day in select generate_series(since, until - 1, interval '1 day')::date loop
        partition_name := 'analytics_events_' || to_char(local_day, 'YYYYMMDD');
        continue when to_regclass(partition_name) is not null;
        first_instant := local_day::timestamp at time zone zone;
        end_instant := (local_day + 1)::timestamp at time zone zone;
        begin
            execute format('create table %I (like %s including all)', partition_name, parent);
            if fallback is not null then
                execute format('lock table %s in access exclusive mode', fallback);
                execute format(
                    'with moved as ('
                    'delete from %s where occurred_at >= %L and occurred_at < %L returning *'
                    ') insert into %I select * from moved',
                    fallback, first_instant, end_instant, partition_name
                );
            end if;
            execute format(
                'alter table %s attach partition %I for values from (%L) to (%L)',
                parent, partition_name, first_instant, end_instant
            );
            made := made + 1;
        exception when invalid_object_definition then
            -- The business time zone changed and a neighbour covers part of this day. Its events
            -- stay in the default partition: slower, but whole.
            raise warning 'no partition for %: it overlaps another', local_day;
        end;
    end loop;
    return made;
end $$;
comment on function atalaya_ensure_event_partitions is
    'Make the missing day partitions of analytics_events for the local days [since, until)';
revoke execute on function atalaya_ensure_event_partitions from public;
"""

ALERTS = """
create function atalaya_tell_alerts() returns trigger language plpgsql as $$
begin
    perform pg_notify('atalaya', 'alerts');
    return null;
end $$;
comment on function atalaya_tell_alerts is 'Tell listening servers that alerts changed';
create trigger production_alerts_tell
after insert or update or delete on production_alerts
for each statement execute function atalaya_tell_alerts();
"""


def upgrade() -> None:
    """Create both; the trigger only where the table is ours."""
    schema = op.get_bind().scalar(text("select quote_ident(current_schema())"))
    run(PARTITIONS.replace("{schema}", schema))
    if is_ours(op.get_bind(), "production_alerts"):
        run(ALERTS)
