"""The commands of `python -m dashboard`, one module each, imported when it is called."""

import importlib
import sys
from typing import Final

import click

from dashboard.demo.refusal import DemoRefused
from dashboard.settings import SettingsInvalid
from data.errors import SourceDown
from data.signal_definitions import SignalsInvalid
from services.errors import Unavailable

REFUSED: Final = 2
# In the order of the design: trying it out first, then running it.
COMMANDS: Final = {
    "demo": "Start everything on this machine: databases, a simulated platform, the pages.",
    "clean-demo": "Remove the demo's data.",
    "serve": "Serve the pages.",
    "worker": "Do background duties.",
    "rollups": "Rebuild, compare or move the tables that pages read.",
    "migrate": "Create or update Atalaya's tables.",
    "seed": "Fill a database with the simulated platform's history.",
    "doctor": "Check everything that Atalaya depends on and say what to do.",
    "export-rules": "Write the signals' thresholds as Prometheus alerting rules.",
}


class Lazy(click.Group):
    """Imports a command's module only when it is called: Streamlit alone takes a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"dashboard.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """List them without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy)
def cli() -> None:
    """Atalaya: see what the platform is doing, decide, act.

    Settings come from ATALAYA_ variables and from .env; docs/configuration.md lists them.
    """


def main() -> None:
    """Run the command line. What a person can mend is one sentence and exit status 2."""
    try:
        cli(prog_name="python -m dashboard")
    except SettingsInvalid as invalid:
        _refuse(*invalid.sentences)
    except (DemoRefused, SignalsInvalid, SourceDown, Unavailable) as refusal:
        _refuse(str(refusal))


def _refuse(*sentences: str) -> None:
    for each in sentences:
        click.echo(each, err=True)
    sys.exit(REFUSED)
