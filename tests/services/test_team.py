"""The first owner."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from prometheus_client import REGISTRY
from sqlalchemy import text

from data import team as members
from data.database import Database
from services import team

ADD = text("insert into team_members (email, name, role) values (:email, :name, :role)")
TIMES = 10
TRAIL = text("""
    select actor_id, action, subject_id, before ->> 'role' as was, after ->> 'role' as role
    from activity_logs
""")


def _add(db: Database, email: str, role: str) -> None:
    with db.write() as tx:
        tx.execute(ADD, email=email, name="Ana", role=role)


def test_a_team_without_owner_gets_the_one_of_the_setting_with_an_audit_row(db: Database) -> None:
    owner = team.ensure_first_owner(db, email="ana@example.com")
    assert owner is not None
    assert (owner.email, owner.name, owner.role) == ("ana@example.com", "ana", "owner")
    trail = db.frame(TRAIL).to_dict("records")
    assert [entry["action"] for entry in trail] == ["team.first_owner"]
    assert trail[0]["subject_id"] == str(owner.id)
    assert trail[0]["role"] == "owner"


def test_it_happens_once(db: Database) -> None:
    team.ensure_first_owner(db, email="ana@example.com")
    assert team.ensure_first_owner(db, email="ana@example.com") is None
    assert team.ensure_first_owner(db, email="mallory@example.com") is None
    assert members.member(db, "mallory@example.com") is None
    assert len(db.frame(TRAIL)) == 1


def test_a_member_is_promoted_whatever_the_case_of_the_address(db: Database) -> None:
    _add(db, "Ana@Example.com", "viewer")
    team.ensure_first_owner(db, email="ana@example.com")
    found = members.member(db, "ANA@example.com")
    assert found is not None
    assert found.role == "owner"
    assert db.frame(TRAIL).to_dict("records")[0]["was"] == "viewer"


def test_a_removed_member_comes_back_as_owner_when_there_is_none(db: Database) -> None:
    _add(db, "ana@example.com", "owner")
    with db.write() as tx:
        tx.execute(text("update team_members set status = 'removed', removed_at = now()"))
    owner = team.ensure_first_owner(db, email="ana@example.com")
    assert owner is not None
    assert owner.is_active


def test_an_existing_owner_keeps_the_team(db: Database) -> None:
    _add(db, "olga@example.com", "owner")
    assert team.ensure_first_owner(db, email="ana@example.com") is None
    assert db.scalar(text("select count(*) from team_members")) == 1


def test_two_processes_that_start_together_make_one_owner(db_url: str, db: Database) -> None:
    other = Database(db_url, pool_size=2)
    for _ in range(TIMES):
        with db.write() as tx:
            tx.execute(text("delete from team_members"))
        made = _at_once(
            lambda: team.ensure_first_owner(db, email="ana@example.com"),
            lambda: team.ensure_first_owner(other, email="olga@example.com"),
        )
        assert sum(each is not None for each in made) == 1
        assert db.scalar(text("select count(*) from team_members where role = 'owner'")) == 1
    other.dispose()


def test_the_promotion_is_counted(db: Database) -> None:
    labels = {"action": "team.first_owner", "result": "done"}
    before = REGISTRY.get_sample_value("atalaya_actions_total", labels) or 0
    team.ensure_first_owner(db, email="ana@example.com")
    assert REGISTRY.get_sample_value("atalaya_actions_total", labels) == before + 1


def _at_once(*calls: Callable[[], object]) -> list[object]:
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait(5)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
