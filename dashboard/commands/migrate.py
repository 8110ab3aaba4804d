"""`migrate`: bring the database of the settings to this version."""

import click

from dashboard.settings import load
from data import migrations


@click.command()
def command() -> None:
    """Create or update Atalaya's tables in ATALAYA_DATABASE_URL.

    Tables that are there already are used as they are, never altered; `doctor` names what they
    lack. Needs a role that may create tables. Safe to run again and at the same time.
    """
    url = load().database_url.get_secret_value()
    done: list[str] = []

    def say(step: str) -> None:
        done.append(step)
        click.echo(f"· {step}")

    migrations.upgrade(url, say)
    click.echo(f"The database is at {migrations.current(url)}; {len(done)} steps were made.")
