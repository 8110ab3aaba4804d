"""Provoke trouble on the simulated platform, to see the pages notice it and recover.

`python -m dashboard.demo.platform trouble payments --minutes 10`
"""

from datetime import UTC, datetime
from urllib.parse import quote

import click
import psycopg

from dashboard.demo.environment import PLATFORM
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.ports import LOOPBACK
from dashboard.demo.parts.postgres import DATABASE
from dashboard.demo.platform import state
from dashboard.demo.platform.incidents import provoked

KINDS = ("payments", "latency", "queue")


@click.group()
def main() -> None:
    """The simulated platform of the demo."""


@main.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--minutes", type=click.FloatRange(1, 240), default=10.0, show_default=True)
@click.option(
    "--database-url",
    envvar=["DEMO_DATABASE_URL", "ATALAYA_DATABASE_URL"],
    help="Database of the demo. Default: that of the demo that runs in this checkout.",
)
def trouble(kind: str, minutes: float, database_url: str | None) -> None:
    """Break payments (MercadoPago), latency (a slow release) or queue (contact-import) for a while.

    It begins at once, raises an alert after some minutes, and ends by itself.
    """
    url = (database_url or _running_demo()).replace("postgresql+psycopg://", "postgresql://")
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            state.recall(connection)
            state.provoke(connection, provoked(kind, at=datetime.now(UTC), minutes=minutes))  # type: ignore[arg-type]  # click has checked the word
    except state.NotFilled as error:
        raise click.ClickException(str(error)) from error
    except psycopg.OperationalError as error:
        raise click.ClickException("Postgres does not answer: is the demo running?") from error
    click.echo(f"Trouble with {kind} for {minutes:g} minutes. It shows within seconds.")


def _running_demo() -> str:
    home = Folder.usual()
    port = home.number("postgres_port")
    if port is None:
        raise click.ClickException(
            "No demo was started here: name its database in DEMO_DATABASE_URL."
        )
    password = quote(home.secret(f"postgres.{PLATFORM}"), safe="")
    return f"postgresql://{PLATFORM}:{password}@{LOOPBACK}:{port}/{DATABASE}"


if __name__ == "__main__":
    main()
