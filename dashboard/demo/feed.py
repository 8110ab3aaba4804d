"""The simulated platform as a process: writes events as they happen and offers its metrics."""

import os
import signal
from threading import Event

from dashboard import logs
from dashboard.demo.platform.live import run


def main() -> None:
    """Run until SIGTERM or SIGINT. Told by the demo where its database is and which port to use."""
    logs.configure()
    stop = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    run(
        os.environ["DEMO_DATABASE_URL"],
        exporter_port=int(os.environ["DEMO_EXPORTER_PORT"]),
        stop=stop,
    )


if __name__ == "__main__":
    main()
