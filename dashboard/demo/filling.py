"""What the demo asks of the simulated platform before it is live: its past, in rows and metrics."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from psycopg import sql

from dashboard.demo import environment
from dashboard.demo.parts.ports import LOOPBACK
from dashboard.demo.parts.prometheus import Prometheus, Target
from dashboard.demo.platform import backfill
from dashboard.demo.platform.history import fill
from dashboard.demo.refusal import DemoRefused
from dashboard.settings import Settings
from data.database import Database
from services import rollups
from services.rollups.retention import drop_old

Tell = Callable[[str], None]


def history(database_url: str, *, events: int, seed: int, tell: Tell) -> None:
    """Write the platform's past into a migrated, empty database."""
    fill(database_url, events=events, seed=seed, now=datetime.now(UTC), progress=tell)


def rollups_are_due(database_url: str, zone: ZoneInfo) -> bool:
    """Whether the rollups lack the past: a new demo, or one that another version filled."""
    with _opened(database_url) as db:
        return rollups.is_due(db, zone)


def make_rollups(database_url: str, zone: ZoneInfo, *, tell: Tell) -> None:
    """Fold the past into the rollups in one go; from then on the worker keeps them."""
    with _opened(database_url) as db:
        drop_old(db, zone, now=datetime.now(UTC))  # minutes that would be dropped are not counted
        rollups.rebuild(db, zone, tell=tell)


def let_in(connection: psycopg.Connection, user: str) -> None:
    """Let a login that writes the shared tables also use what the simulation remembers."""
    who = sql.Identifier(user)
    for grant in (
        "grant usage on schema demo_platform to {}",
        "grant select, insert, update, delete on all tables in schema demo_platform to {}",
        "grant usage on all sequences in schema demo_platform to {}",
    ):
        connection.execute(sql.SQL(grant).format(who))


def metrics(database_url: str, prometheus: Prometheus, *, tell: Tell) -> None:
    """Give a Prometheus that is not running the metrics that it has not seen, up to now.

    Raises DemoRefused.
    """
    until = datetime.now(UTC)
    oldest = until - timedelta(days=backfill.DAYS)
    since = max(prometheus.covered_until() or oldest, oldest)
    try:
        backfill.backfill(
            prometheus.data,
            backfill.setting_of(database_url),
            promtool=prometheus.promtool,
            since=since,
            until=until,
            progress=tell,
        )
    except backfill.BackfillFailed as error:
        raise DemoRefused(f"promtool could not make the history of the metrics: {error}") from error


def targets(exporter_port: int) -> list[Target]:
    """What Prometheus scrapes: one exporter that stands for three."""
    return [
        Target(
            job=job, address=f"{LOOPBACK}:{exporter_port}", path=path, instance=backfill.INSTANCE
        )
        for job, path in backfill.PATHS.items()
    ]


@contextmanager
def _opened(database_url: str) -> Iterator[Database]:
    db = Database(database_url, pool_size=1)
    try:
        yield db
    finally:
        db.dispose()


def business_zone() -> ZoneInfo:
    """The business time zone that the pages and the worker will be told."""
    default = Settings.model_fields["timezone"].default
    try:
        return ZoneInfo(environment.surroundings().get("ATALAYA_TIMEZONE") or default)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DemoRefused("ATALAYA_TIMEZONE is not the name of a time zone.") from error
