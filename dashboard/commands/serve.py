"""`serve`: the pages, their HTTP routes and the push channel, in one process."""

import click

from dashboard.demo.parts.ports import is_free
from dashboard.logs import configure
from dashboard.server import serve
from dashboard.settings import Settings, SettingsInvalid, load


@click.command()
def command() -> None:
    """Serve the pages at ATALAYA_HOST and ATALAYA_PORT.

    Without sign-in (ATALAYA_AUTH=demo) it serves on a loopback address only. It ends on SIGTERM or
    Ctrl-C. Run `python -m dashboard worker` beside it.
    """
    settings = load()
    configure(log_format=settings.log_format, level=settings.log_level)
    settings.check_serving()
    _check_port(settings)
    serve(settings)


def _check_port(settings: Settings) -> None:
    try:
        free = is_free(settings.port, settings.host)
    except OSError as error:
        raise SettingsInvalid(
            f"ATALAYA_HOST is {settings.host}, which is not an address of this machine."
        ) from error
    if not free:
        raise SettingsInvalid(
            f"Port {settings.port} of {settings.host} cannot be listened on (it is in use or "
            "reserved): free it, or set ATALAYA_PORT to another one."
        )
