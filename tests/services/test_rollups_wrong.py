"""Wrong designs of the refresh are caught by the same streams that the right one passes."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from services.rollups import state
from services.rollups.events import EVENTS
from services.rollups.part import Part
from tests.services.rollup_replay import Fragile, Replay, faults
from tests.services.rollup_streams import empty, stream, ties

STREAMS = 20


@pytest.fixture
def fragile(db_url: str) -> Iterator[Fragile]:
    database = Fragile(db_url, pool_size=3)
    yield database
    database.dispose()


def rewritten(name: str, old: str, new: str) -> Part:
    """The part with a change in one statement."""
    steps = [changed(each, old, new) if named(each, name) else each for each in EVENTS.steps]
    assert steps != list(EVENTS.steps)
    return replace(EVENTS, steps=tuple(steps))


def changed(statement: TextClause, old: str, new: str) -> TextClause:
    assert old in statement.text
    return text(statement.text.replace(old, new))


def named(statement: TextClause, name: str) -> bool:
    return statement.text.strip().startswith(f"-- services.rollups.{name}\n")


def followed(name: str, more: str) -> Part:
    """The part with a further statement after one of its own."""
    steps = [[each, text(more)] if named(each, name) else [each] for each in EVENTS.steps]
    return replace(EVENTS, steps=tuple(each for some in steps for each in some))


def zeros_kept() -> Part:
    steps = [each for each in EVENTS.steps if "_empty\n" not in each.text]
    return replace(EVENTS, steps=tuple(steps))


WRONG: dict[str, Callable[[], Part]] = {
    "the dimensions of the event that arrived first": lambda: followed(
        "sessions.after",
        "update sessions_after as new set device = old.device, province = old.province, "
        "referral = old.referral, tenant = old.tenant from touched_sessions as old "
        "where is_known and (old.visitor_id, old.session_id) = (new.visitor_id, new.session_id)",
    ),
    "a late event never has the session read again": lambda: rewritten(
        "sessions.touched", "batch.batch_first <= known.last_at", "false"
    ),
    "an event at the last known moment is not late": lambda: rewritten(
        "sessions.touched",
        "batch.batch_first <= known.last_at",
        "batch.batch_first < known.last_at",
    ),
    "a step must come strictly after the one before it": lambda: rewritten(
        "sessions.after", "step = 4 and at >= t3", "step = 4 and at > t3"
    ),
    "a gap does not look at the other new days": lambda: rewritten(
        "visitors.gap_changes", "greatest(stored_before, new_before)", "stored_before"
    ),
    "the next day's gap changes once for each new day": lambda: rewritten(
        "visitors.gap_changes", "and (new_after is null or new_after > stored_after)", ""
    ),
    "cells that fell to zero stay": zeros_kept,
    "the bucket of a session without step 5": lambda: rewritten(
        "sessions.after",
        "case when t5 is not null then\n            floor(ln(greatest(extract(epoch from t5 - t1)",
        "case when true then\n            floor(ln(greatest(extract(epoch from t5 - t1)",
    ),
    "a moved cohort keeps its old periods": lambda: rewritten(
        "visitors.cohort_week",
        "union all\n            select old_cohort, period, -1 from moved",
        "",
    ),
}


def caught_at(db: Fragile, url: str, part: Part) -> int | None:
    """Number of the first stream that ends differently; 0 is the one of ties."""
    return next((seed for seed in range(STREAMS) if _differs(db, url, part, seed)), None)


def _differs(db: Fragile, url: str, part: Part, seed: int) -> bool:
    empty(db)
    sent = stream(seed) if seed else ties()
    replay = Replay(db, url, seed=seed, parts=(part,))
    try:
        replay.play(sent)
    finally:
        replay.close()
    return bool(faults(db, sent, (part,)))


@pytest.mark.parametrize("design", WRONG)
def test_a_wrong_design_is_caught(fragile: Fragile, db_url: str, design: str) -> None:
    assert caught_at(fragile, db_url, WRONG[design]()) is not None


def test_a_mark_that_ignores_writers_in_flight_is_caught(
    fragile: Fragile, db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = changed(state._HERE, "pg_snapshot_xmin", "pg_snapshot_xmax")
    monkeypatch.setattr(state, "_HERE", newest)
    assert caught_at(fragile, db_url, EVENTS) is not None
