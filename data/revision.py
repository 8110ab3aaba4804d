"""Whether the database has the schema that this version of Atalaya was written for."""

from functools import cache
from typing import Final

from sqlalchemy import text

from data import migrations
from data.database import Database

REVISION: Final = text("""
    -- data.revision.difference
    select version_num from atalaya_migrations
""")


def difference(db: Database) -> str:
    """What to do when the last migration differs from ours, in a sentence; empty when it does not.

    Read as the writer, who owns the table. Raises SourceDown, also when nothing was ever migrated.
    """
    with db.write() as tx:
        found = tx.scalar(REVISION)
    if found == _head():
        return ""
    return (
        f"The schema is at {found or 'nothing'}, this version needs {_head()}: run "
        "`python -m dashboard migrate`, or the newer version that migrated it."
    )


@cache
def _head() -> str:
    return migrations.head()
