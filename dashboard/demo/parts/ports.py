"""Free ports on the loopback address; a part gets its last one again when nobody took it."""

import errno
import socket
from typing import Final

from dashboard.demo.refusal import DemoRefused

LOOPBACK: Final = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT does not count
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def must_be_free(port: int) -> None:
    """Raise DemoRefused when the port for the pages is taken."""
    if not is_free(port):
        raise DemoRefused(
            f"Port {port} is in use: stop what uses it, or choose another one with --port "
            "(make demo PORT=8600)."
        )


def free_port(remembered: int | None = None) -> int:
    """The remembered port if it is still free, else any."""
    if remembered and is_free(remembered):
        return remembered
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
