"""Reads about the rollups: up to when they hold the truth, and whether somebody keeps them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters

FRESHNESS: Final = text("""
    -- data.rollups.freshness
    select source_max_at as data_until, refreshed_at,
        extract(epoch from clock_timestamp() - refreshed_at)::float8 as age_s,
        raw_since, audited_at, audit_differing,
        (select count(*) from rollup_set_aside) as set_aside
    from rollup_state
    where id = 1
""")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the rollups have come.

    data_until: time of the newest event in them; None before the first. refreshed_at: when they
    were last brought up to date; None before the first time. age_s: seconds since then, by the
    database's own clock. raw_since: events before it were dropped by retention, so older cells can
    no longer be recomputed; None when nothing was dropped. audited_at, audit_differing: when the
    last comparison with the raw events ended and how many rows differed; None before the first.
    set_aside: events that no rollup contains (impossible times, late ones of endless sessions).
    """

    data_until: datetime | None
    refreshed_at: datetime | None
    age_s: float | None
    raw_since: datetime | None
    audited_at: datetime | None
    audit_differing: int | None
    set_aside: int


NOTHING: Final = Freshness(None, None, None, None, None, None, 0)


@question(ttl_s=5)
def freshness(db: Database, filters: Filters) -> Freshness:  # noqa: ARG001 - all filters alike
    """How far the rollups have come: the "data as of" of every page that reads them.

    The same for all filters. Source: rollup_state, rollup_set_aside. Raises SourceDown.
    """
    return kept(db)


def kept(db: Database) -> Freshness:
    """The same without cache, for meters and the command line. Raises SourceDown."""
    return db.one(FRESHNESS, Freshness) or NOTHING
