"""Tell of alerts only when something about one changed that a person reads.

Whoever watches rules says every few seconds that an alert still fires, or looks for one and finds
none. Each of these told every open page to ask again.
"""

from alembic import op

from data.migrations.steps import is_ours, run

revision = "0017"
down_revision = "0016"

# By row, so that a statement which meets no row says nothing; Postgres delivers equal words of one
# transaction once. What a person reads does not include when, how often and how far it fired.
BY_ROW = """
drop trigger if exists production_alerts_tell on production_alerts;
create trigger production_alerts_tell
after insert or delete on production_alerts
for each row execute function atalaya_tell_alerts();
create trigger production_alerts_tell_changes
after update on production_alerts
for each row when (
    (old.title, old.severity, old.status, old.acknowledged_by, old.assigned_to,
        old.silenced_until, old.resolved_by, old.cause, old.note)
    is distinct from
    (new.title, new.severity, new.status, new.acknowledged_by, new.assigned_to,
        new.silenced_until, new.resolved_by, new.cause, new.note)
)
execute function atalaya_tell_alerts();
"""


def upgrade() -> None:
    """Put two triggers by row in the place of the one by statement, where the table is ours."""
    if is_ours(op.get_bind(), "production_alerts"):
        run(BY_ROW)
