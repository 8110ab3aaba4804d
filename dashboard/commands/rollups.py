"""`rollups`: make the rollups anew, compare them with the raw events, bring them to a new home."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from dashboard import runtime as process
from dashboard.demo.steps import Steps
from dashboard.logs import configure
from dashboard.runtime import Runtime
from data.rollups import kept
from services import rollups
from services.rollups.adopt import adopt as give_ids

DIFFERS = 1


@click.group("rollups")
def command() -> None:
    """Look after the rollups, the small tables that pages read instead of raw events.

    The worker keeps them: these commands are for repair, for doubt, and for a move.
    """


@command.command()
def rebuild() -> None:
    """Make every rollup anew from the raw events, and put them in place all at once.

    Pages show the old ones meanwhile, the platform goes on writing. Needed after a change of the
    business time zone or of the booking steps, and after a person's events were erased.
    """
    with _running() as running:
        _rebuild(running)


@command.command()
def audit() -> None:
    """Compute every rollup from the raw events in another way, and print which rows differ.

    Beside live traffic, without holding anybody up. Exit status 1 when a row differs.
    """
    with _running() as running:
        found = rollups.audit(running.db, running.zone)
    width = max(len(each.table) for each in found)
    click.echo(f"{'table':<{width}} {'rows':>12} {'too many':>12} {'missing':>12}")
    for each in found:
        click.echo(f"{each.table:<{width}} {each.rows:>12,} {each.extra:>12,} {each.missing:>12,}")
    differing = sum(each.differing for each in found)
    click.echo(f"{differing:,} rows differ." if differing else "No row differs.")
    sys.exit(DIFFERS if differing else 0)


@command.command()
def adopt() -> None:
    """Take over a database that was restored or copied from another Postgres cluster.

    Gives all events and payments transaction ids of this cluster, then rebuilds. The login must own
    these tables, and writers wait while their index is made.
    """
    with _running() as running:
        if give_ids(running.settings.database_url.get_secret_value()):
            _rebuild(running)
        else:
            click.echo("The database is at home in this cluster: nothing to do.")


@command.command()
def status() -> None:
    """Say how far the rollups have come, and when they were compared last."""
    with _running() as running:
        found = kept(running.db)
    click.echo(f"Newest event       {found.data_until or 'none yet'}")
    click.echo(f"Last refresh       {found.refreshed_at or 'never'}")
    click.echo(f"Last audit         {found.audited_at or 'never'}")
    click.echo(
        f"Rows that differed {'-' if found.audit_differing is None else found.audit_differing}"
    )
    click.echo(f"Raw events since   {found.raw_since or 'the beginning'}")
    click.echo(f"Events set aside   {found.set_aside}")


def _rebuild(running: Runtime) -> None:
    steps = Steps()
    with steps.step("Rollups"):
        rollups.rebuild(running.db, running.zone, tell=steps.progress)


@contextmanager
def _running() -> Iterator[Runtime]:
    running = process.runtime()
    configure(log_format=running.settings.log_format, level=running.settings.log_level)
    try:
        yield running
    finally:
        process.close()
