"""What no rollup can take is set aside; what is old goes, and the cells stay right."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import text

from data import rollups as reads
from data.database import Database
from data.migrations.partitions import ensure_event_partitions
from services import rollups
from services.rollups import keeping, state
from services.rollups.retention import Dropped, drop_old
from tests.services.rollup_reference import Event, expected
from tests.services.rollup_replay import HERE, NOW, unlike
from tests.services.rollup_streams import STEPS, send, stored, stream, visit

BEGIN = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
"""Midnight in Buenos Aires."""
REASONS = text("select reason, count(*) as n from rollup_set_aside group by reason order by reason")
PARTITIONS = text("""
    select count(*) from pg_inherits where inhparent = 'analytics_events'::regclass
""")
# Rows of minutes are kept for some days only: here all of them are older.
UNCOUNTED = {"roll_minute"}


def at(moment: datetime, name: int = 1, *, visitor: int = 1, session: int = 1) -> Event:
    number = int(moment.timestamp() * 1000) * 10 + name
    return Event(visitor, session, UUID(int=number), moment, name, STEPS.get(name, 0))


def write(url: str, events: list[Event]) -> None:
    with psycopg.connect(url) as connection:
        send(connection, events)


def wrong(db: Database, events: list[Event], zone: ZoneInfo = HERE) -> list[str]:
    found = [each.table for each in rollups.audit(db, zone) if each.differing]
    return [*found, *unlike(stored(db), expected(events, zone))]


def keep_days(db: Database, days: int) -> None:
    with db.write() as tx:
        tx.execute(
            text("""
                insert into retention_policies (subject, table_name, age_column, keep_days)
                values ('events', 'analytics_events', 'occurred_at', :days)
            """),
            days=days,
        )


def test_an_event_from_the_future_is_set_aside_and_counted(db: Database, db_url: str) -> None:
    now = BEGIN + timedelta(hours=1)
    good = [at(now + timedelta(minutes=minutes)) for minutes in (0, 30, 60)]
    write(db_url, [*good, at(now + timedelta(minutes=61)), at(now + timedelta(days=900), 2)])
    rollups.refresh(db, HERE, now=now)
    assert wrong(db, good) == []
    assert reads.kept(db).set_aside == 2
    assert reads.kept(db).data_until == good[-1].at
    # Later it is no longer in the future, and still it came at an impossible time.
    rollups.rebuild(db, HERE, now=now + timedelta(days=1000))
    assert wrong(db, good) == []


def test_a_rebuild_sets_aside_what_no_refresh_has_met(db: Database, db_url: str) -> None:
    write(db_url, [at(BEGIN), at(BEGIN + timedelta(days=2))])
    rollups.rebuild(db, HERE, now=BEGIN)
    assert wrong(db, [at(BEGIN)]) == []
    assert reads.kept(db).set_aside == 1


def test_late_events_of_an_endless_session_are_set_aside(
    db: Database, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "LONGEST_SESSION", 5)
    bot = [at(BEGIN + timedelta(seconds=second), 1 + second % 5) for second in range(0, 60, 10)]
    person = at(BEGIN + timedelta(minutes=5), visitor=2)
    write(db_url, [*bot, person])
    rollups.catch_up(db, HERE, now=NOW)
    late = [at(BEGIN + timedelta(seconds=second), 2) for second in (5, 15, 50)]
    on_time = [at(BEGIN + timedelta(seconds=second), 3) for second in (70, 80)]
    persons = at(BEGIN + timedelta(minutes=4), 2, visitor=2)
    write(db_url, [*late, *on_time, persons])
    rollups.catch_up(db, HERE, now=NOW)
    assert dict(db.frame(REASONS).to_numpy()) == {"long_session": len(late)}
    assert wrong(db, [*bot, *on_time, person, persons]) == []
    rollups.rebuild(db, HERE, now=NOW)
    assert wrong(db, [*bot, *on_time, person, persons]) == []


def test_the_session_of_a_bot_is_not_read_again(
    db: Database, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only late batches read raw events; those of an endless session leave nothing late."""
    monkeypatch.setattr(state, "LONGEST_SESSION", 3)
    write(db_url, [at(BEGIN + timedelta(seconds=second)) for second in range(4)])
    rollups.catch_up(db, HERE, now=NOW)
    write(db_url, [at(BEGIN + timedelta(seconds=1), 2), at(BEGIN + timedelta(seconds=9), 2)])
    rollups.catch_up(db, HERE, now=NOW)
    reached = text("select t2, events from session_funnel")
    with db.write() as tx:
        assert tx.rows(reached, dict) == [{"t2": BEGIN + timedelta(seconds=9), "events": 5}]


def test_days_that_went_leave_their_cells_behind(db: Database, db_url: str) -> None:
    sent = stream(11, size=90)
    ordered = sorted(sent.events, key=lambda e: (e.at, e.event_id))
    with db.write() as tx:
        ensure_event_partitions(tx, date(2026, 9, 27), date(2026, 10, 3), HERE)
    visit(db, sent.cities)
    half = len(ordered) // 2
    write(db_url, ordered[:half])
    rollups.catch_up(db, HERE, now=NOW)
    keep_days(db, 30)
    horizon = ordered[half].at
    done = drop_old(db, HERE, now=horizon + timedelta(days=30))
    assert done is not None
    assert done.days > 0
    assert reads.kept(db).raw_since == _midnight(horizon)
    write(db_url, ordered[half:])  # sessions that began before the horizon go on after it
    rollups.catch_up(db, HERE, now=NOW)
    for is_rebuilt in (False, True):
        if is_rebuilt:
            rollups.rebuild(db, HERE, now=NOW)
        assert [each.table for each in rollups.audit(db, HERE) if each.differing] == []
        differing = unlike(stored(db), expected(ordered, HERE, sent.cities))
        assert set(differing) <= UNCOUNTED


def test_a_session_that_began_before_the_horizon_keeps_its_chain(db: Database, db_url: str) -> None:
    """Its first events are gone: reading it again from what is left would begin it anew."""
    midnight = BEGIN + timedelta(days=1)
    early = [at(midnight - timedelta(minutes=9 - name), name) for name in (1, 2)]
    after = [at(midnight + timedelta(minutes=name), name) for name in (3, 4)]
    write(db_url, [*early, after[1]])
    rollups.catch_up(db, HERE, now=NOW)
    keep_days(db, 30)
    drop_old(db, HERE, now=midnight + timedelta(days=30, hours=1))
    write(db_url, [after[0]])  # late: it completes the chain as far as that is known
    rollups.catch_up(db, HERE, now=NOW)
    kept = text("select t1, t2, t3, events from session_funnel")
    wanted = {"t1": early[0].at, "t2": early[1].at, "t3": after[0].at, "events": 4}
    with db.write() as tx:
        assert tx.rows(kept, dict) == [wanted]
    assert [each.table for each in rollups.audit(db, HERE) if each.differing] == []


def test_what_comes_from_before_the_horizon_is_set_aside(db: Database, db_url: str) -> None:
    recent = [at(BEGIN + timedelta(days=40)), at(BEGIN + timedelta(days=40, hours=1), 2)]
    write(db_url, [at(BEGIN), *recent])
    rollups.catch_up(db, HERE, now=NOW)
    keep_days(db, 30)
    drop_old(db, HERE, now=BEGIN + timedelta(days=45))
    write(db_url, [at(BEGIN + timedelta(hours=1), 2), at(BEGIN + timedelta(days=41), 3)])
    rollups.catch_up(db, HERE, now=NOW)
    kept = [at(BEGIN), *recent, at(BEGIN + timedelta(days=41), 3)]
    assert dict(db.frame(REASONS).to_numpy()) == {"too_old": 1}
    assert set(unlike(stored(db), expected(kept, HERE))) <= UNCOUNTED
    assert [each.table for each in rollups.audit(db, HERE) if each.differing] == []
    drop_old(db, HERE, now=BEGIN + timedelta(days=45))
    assert db.frame(REASONS).empty
    assert db.scalar(text("select count(*) from analytics_events")) == 3


def test_an_hour_that_a_horizon_cuts_keeps_its_count(db: Database, db_url: str) -> None:
    """Days begin at 18:15 UTC in Kathmandu."""
    kathmandu = ZoneInfo("Asia/Kathmandu")
    evening = datetime(2026, 10, 9, 18, tzinfo=UTC)
    some = [at(evening + timedelta(minutes=m), session=m + 1) for m in (5, 14, 15, 50, 70)]
    write(db_url, some)
    rollups.catch_up(db, kathmandu, now=NOW)
    keep_days(db, 10)
    drop_old(db, kathmandu, now=evening + timedelta(days=10, hours=1))
    assert db.scalar(text("select count(*) from analytics_events")) == 3
    late = at(evening + timedelta(minutes=20), 2, session=16)
    write(db_url, [late])
    rollups.catch_up(db, kathmandu, now=NOW)
    rollups.rebuild(db, kathmandu, now=NOW)
    assert [each.table for each in rollups.audit(db, kathmandu) if each.differing] == []
    assert set(unlike(stored(db), expected([*some, late], kathmandu))) <= UNCOUNTED


def test_days_stay_without_a_policy_and_while_their_events_wait(db: Database, db_url: str) -> None:
    with db.write() as tx:
        ensure_event_partitions(tx, date(2026, 10, 1), date(2026, 10, 4), HERE)
    write(db_url, [at(BEGIN)])
    now = BEGIN + timedelta(days=50)
    assert drop_old(db, HERE, now=now) == Dropped(0, 0)
    keep_days(db, 30)
    assert drop_old(db, HERE, now=now) == Dropped(0, 0)  # not yet in the rollups
    rollups.catch_up(db, HERE, now=NOW)
    before = db.scalar(PARTITIONS)
    assert drop_old(db, HERE, now=now) == Dropped(3, 0)
    assert db.scalar(PARTITIONS) == int(str(before)) - 3
    assert db.scalar(text("select last_removed from retention_policies")) == 3
    assert drop_old(db, HERE, now=now) == Dropped(0, 0)


def test_minutes_older_than_a_week_go_and_do_not_come_back(db: Database, db_url: str) -> None:
    now = BEGIN + timedelta(days=10)
    old, recent = at(now - timedelta(days=8)), at(now - timedelta(days=6))
    write(db_url, [old, recent])
    rollups.catch_up(db, HERE, now=NOW)
    assert drop_old(db, HERE, now=now) == Dropped(0, 1)
    write(db_url, [at(old.at + timedelta(seconds=1)), at(recent.at + timedelta(seconds=1))])
    rollups.catch_up(db, HERE, now=NOW)
    for is_rebuilt in (False, True):
        if is_rebuilt:
            rollups.rebuild(db, HERE, now=NOW)
        assert list(stored(db)["roll_minute"]) == [(recent.at, 1, 2)]
        assert [each.table for each in rollups.audit(db, HERE) if each.differing] == []


@pytest.mark.parametrize(
    ("hour", "ago", "due"), [(3, 48, False), (4, 48, True), (4, 1, False), (4, None, True)]
)
def test_the_nightly_comparison_is_due_once_a_night(
    hour: int, ago: int | None, *, due: bool
) -> None:
    now = datetime(2026, 10, 9, hour, 30, tzinfo=HERE)
    assert keeping.is_due(None if ago is None else now - timedelta(hours=ago), now) is due


def test_the_nightly_comparison_says_what_differed(
    db: Database, db_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(db_url, [at(BEGIN)])
    rollups.catch_up(db, HERE, now=NOW)
    with db.write() as tx:
        tx.execute(text("delete from funnel_day"))
    monkeypatch.setattr(keeping, "is_due", lambda *_: True)
    keeping.compare(db, HERE)
    assert "funnel_day" in capsys.readouterr().out


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(HERE).replace(hour=0, minute=0, second=0, microsecond=0)
