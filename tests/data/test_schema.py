"""The description of the tables and the migrated database must be the same thing."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.exc import IntegrityError

from data import schema
from data.connection import one_off
from data.database import Database
from data.migrations import VERSION_TABLE
from data.schema.base import Xid8
from tests import factories

ischema_names["xid8"] = Xid8
_REWRITTEN = re.compile(
    r"::[a-z ]+(\[\])?|\b(check|any|array|in|between|and|not|null|is)\b", re.IGNORECASE
)

WITHOUT_COMMENT = text("""
    select relation.relname, attribute.attname
    from pg_class as relation
    left join pg_attribute as attribute
        on attribute.attrelid = relation.oid and attribute.attnum > 0
        and not attribute.attisdropped
    where relation.relnamespace = current_schema()::regnamespace
        and relation.relkind in ('r', 'p') and not relation.relispartition
        and relation.relname <> :version_table
        and (obj_description(relation.oid, 'pg_class') is null
            or col_description(relation.oid, attribute.attnum) is null)
""")

CHECKS = text("""
    select conrelid::regclass::text as table_name, conname::text as name,
        pg_get_constraintdef(oid) as definition
    from pg_constraint
    where contype = 'c' and connamespace = current_schema()::regnamespace
""")


def test_the_migrated_database_is_what_the_schema_describes(db_url: str) -> None:
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_object": lambda _item, name, *_: (
            not re.fullmatch(rf"analytics_events_.*|{VERSION_TABLE}", str(name))
            or str(name).endswith(("_idx", "_brin"))
        ),
    }
    with one_off(db_url) as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, schema.metadata) == []


def test_each_check_of_the_schema_is_in_the_database(db_url: str) -> None:
    described = {
        (table.name, str(constraint.name), _words(str(constraint.sqltext)))
        for table in schema.tables()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    with one_off(db_url) as connection:
        found = {
            (name, check, _words(definition))
            for name, check, definition in connection.execute(CHECKS)
        }
    names = {(table, _full(table, check)) for table, check, _ in described}
    assert names == {(table, check) for table, check, _ in found}
    words = {(table, _full(table, check)): said for table, check, said in described}
    assert words == {(table, check): said for table, check, said in found}


def test_every_table_and_column_has_its_comment(db_url: str) -> None:
    with one_off(db_url) as connection:
        found = connection.execute(WITHOUT_COMMENT, {"version_table": VERSION_TABLE}).all()
    assert found == []


def test_unique_keys_of_the_big_tables_contain_the_visitor() -> None:
    for name in ("sessions", "analytics_events", "payments", "session_funnel", "visitor_day"):
        assert "visitor_id" in schema.metadata.tables[name].primary_key.columns


def test_no_foreign_key_joins_the_big_tables() -> None:
    for name in ("sessions", "analytics_events", "payments"):
        assert not schema.metadata.tables[name].foreign_keys


def test_a_rollup_that_is_updated_leaves_room_on_its_pages() -> None:
    still = {"visitor_day"}  # only ever inserted
    for module in (schema.rollups, schema.rollups_money):
        for table in vars(module).values():
            if getattr(table, "name", None) in schema.metadata.tables and table.name not in still:
                assert table.dialect_options["postgresql"]["with"] == {"fillfactor": 80}


def test_the_same_event_is_refused_a_second_time(db: Database) -> None:
    first = factories.event(db)
    with pytest.raises(IntegrityError):
        factories.event(db, event_id=first["event_id"])


def test_the_same_event_of_another_session_is_another_event(db: Database) -> None:
    first = factories.event(db)
    factories.event(db, event_id=first["event_id"], session_id=2)
    assert db.scalar(text("select count(*) from analytics_events")) == 2


def test_money_below_zero_is_refused(db: Database) -> None:
    with pytest.raises(IntegrityError):
        factories.payment(db, amount_minor=-1)


def test_a_status_that_does_not_exist_is_refused(db: Database) -> None:
    with pytest.raises(IntegrityError):
        factories.alert(db, status="forgotten")


def test_one_fingerprint_has_one_unresolved_alert(db: Database) -> None:
    factories.alert(db, fingerprint="f", status="resolved")
    factories.alert(db, fingerprint="f")
    with pytest.raises(IntegrityError):
        factories.alert(db, fingerprint="f", status="acknowledged")


def test_an_address_is_one_member_whatever_its_case(db: Database) -> None:
    factories.member(db, email="ana@example.com")
    with pytest.raises(IntegrityError):
        factories.member(db, email="Ana@Example.com")


def test_the_24_jurisdictions_have_their_iso_codes(db: Database) -> None:
    found = db.frame(text("select iso, name from provinces where id > 0 order by iso"))
    assert len(found) == 24
    assert found["iso"].str.fullmatch(r"AR-[A-HJ-NP-Z]").all()
    assert dict(found.to_numpy())["AR-X"] == "Córdoba"


def _full(table: str, check: str) -> str:
    return check if check.startswith(table) else f"{table}_{check}_check"


def _words(condition: str) -> tuple[str, ...]:
    """What a condition names and compares, however Postgres has rewritten it."""
    plain = _REWRITTEN.sub("", condition)
    return tuple(sorted(set(re.findall(r"'[^']*'|[a-z_]\w*|\d+", plain))))
