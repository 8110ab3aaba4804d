"""`demo`: Atalaya with everything it watches, on one machine, for trying it out."""

import click

from dashboard.demo.parts.folder import Folder
from dashboard.demo.run import Wishes, run

PORTS = click.IntRange(1, 65_535)


@click.command()
@click.option("--port", type=PORTS, default=8501, show_default=True, help="Port of the pages.")
@click.option(
    "--events",
    type=click.IntRange(1_000, 100_000_000),
    default=1_000_000,
    show_default=True,
    help="Size of the 90 days of history, in events. Only the first start fills.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same seed makes the same platform.",
)
def command(port: int, events: int, seed: int) -> None:
    """Start Postgres, Redis, Prometheus, a simulated platform, a worker and the pages.

    All of them listen on this machine only. The first start fills 90 days of history; later ones
    keep the data and fill the gap. Ctrl-C stops everything; `clean-demo` removes the data. If
    something is in the way, one sentence says what, and the exit status is 2.
    """
    run(Folder.usual(), Wishes(port=port, events=events, seed=seed))
