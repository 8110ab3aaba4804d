"""`seed`: the simulated platform's history in a database of one's own choice."""

from datetime import UTC, datetime

import click
import psycopg

from dashboard.demo import filling
from dashboard.demo.platform.history import AlreadyFilled, fill
from dashboard.demo.refusal import DemoRefused
from dashboard.demo.steps import Steps
from dashboard.settings import load


@click.command()
@click.option(
    "--events",
    type=click.IntRange(1_000, 100_000_000),
    default=1_000_000,
    show_default=True,
    help="Size of the 90 days of history, in events; 20_000_000 takes some minutes.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same seed, events and day make the same platform.",
)
def command(events: int, seed: int) -> None:
    """Fill ATALAYA_DATABASE_URL with the history of an invented platform.

    For trying Atalaya out and for measuring it. Needs tables (`migrate`) and refuses a database
    that has data: it never adds to a real platform's.
    """
    settings = load()
    url = settings.database_url.get_secret_value().replace("postgresql+psycopg://", "postgresql://")
    steps = Steps()
    try:
        with steps.step(f"90 days of history, {events:,} events"):
            now = datetime.now(UTC)
            fill(url, events=events, seed=seed, now=now, progress=steps.progress)
        with steps.step("Rollups"):
            filling.make_rollups(url, settings.zone, tell=steps.progress)
    except AlreadyFilled as error:
        raise DemoRefused(f"{error} Use an empty database.") from error
    except psycopg.errors.UndefinedTable as error:
        raise DemoRefused("The database lacks tables: run `migrate` first.") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise DemoRefused("ATALAYA_DATABASE_URL's role may not write to all tables.") from error
    except psycopg.OperationalError as error:
        raise DemoRefused("Postgres does not answer: check ATALAYA_DATABASE_URL.") from error
