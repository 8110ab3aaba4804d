"""A second database beside the stage: the Postgres alone of another folder, with its rollups."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks.registry import Ground
from benchmarks.stage import FOLDER, SEED
from dashboard.demo import filling
from dashboard.demo.care import Care
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.postgres import Postgres
from dashboard.demo.steps import Steps
from data import migrations
from data.database import Database
from services import rollups
from services.rollups import provider_scores


@dataclass(frozen=True, slots=True)
class Second:
    """The other database, open, and the moment at which its data ends."""

    postgres: Postgres
    db: Database
    events: int
    until: datetime


@contextmanager
def second(ground: Ground, zone: ZoneInfo) -> Iterator[Second]:
    """Open it, filled and folded first where it is not, and close it at the end."""
    home = Folder(FOLDER / ground.folder)
    home.prepare(events=ground.events)
    home.hold()
    try:
        with ExitStack() as stack:
            care = Care(home, Steps(), stack)
            postgres = Postgres(home, care.guard)
            care.take("postgres", postgres, postgres.start)
            _fill(home, postgres, ground.events)
            db = Database(postgres.url())
            stack.callback(db.dispose)
            until = _fold(db, postgres, zone)
            yield Second(postgres, db, home.number("events") or ground.events, until)
    finally:
        home.release()


def _fill(home: Folder, postgres: Postgres, events: int) -> None:
    if not home.is_filled:
        postgres.drop_database()
    postgres.make_database()
    migrations.upgrade(postgres.url())
    if not home.is_filled:
        filling.history(postgres.url(), events=events, seed=SEED, tell=lambda _: None)
        home.remember(filled=True, events=events, seed=SEED)


def _fold(db: Database, postgres: Postgres, zone: ZoneInfo) -> datetime:
    """Bring the rollups and the providers' scores up to the newest row; gives its moment.

    They are made anew: tables that later versions added are empty in a folder of before.
    """
    rollups.rebuild(db, zone)
    with postgres.connect() as connection:
        found = connection.execute("select source_max_at from rollup_state").fetchone()
        assert found is not None
        connection.execute("vacuum analyze")
    until: datetime = found[0]
    provider_scores.score(db, zone, now=until)
    return until
