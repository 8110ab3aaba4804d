"""`worker`: the process that does what no viewer should wait for."""

import click

from dashboard import runtime as process
from dashboard.logs import configure
from services.worker import run


@click.command()
def command() -> None:
    """Do background duties: partitions, rollups, delivery of what actions left in the outbox.

    Start as many as you like: one leads, the others stand by and take over when it is gone.
    """
    running = process.runtime()
    settings = running.settings
    configure(log_format=settings.log_format, level=settings.log_level)
    try:
        run(running.db, url=settings.database_url.get_secret_value(), zone=running.zone)
    finally:
        process.close()
