"""`clean-demo`: removes what `demo` keeps on disk."""

import click

from dashboard.demo.clean import clean
from dashboard.demo.parts.folder import Folder


@click.command("clean-demo")
def command() -> None:
    """Remove the demo's database, metrics, logs and passwords; the next start makes new ones.

    Refuses while the demo runs. Removes only what the demo made, in .demo/ or the folder that
    ATALAYA_DEMO_FOLDER names, and where it had to keep data elsewhere, there.
    """
    home = Folder.usual()
    removed = clean(home)
    for each in removed:
        click.echo(f"Removed {each}.")
    if not removed:
        click.echo(f"There is no demo in {home.root}.")
