"""What the demo's processes are told: its parts, nothing of the installation around it."""

import os
from pathlib import Path
from typing import Final

from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.ports import LOOPBACK
from dashboard.demo.parts.postgres import Postgres
from dashboard.demo.parts.prometheus import Prometheus
from dashboard.demo.parts.redis import Redis
from data.connection import READER, WRITER

QUESTIONS: Final = "atalaya_questions"
WEB: Final = "atalaya_web"
PLATFORM: Final = "platform"
# Who connects, and which groups they belong to. pg_monitor: to see slow queries and sizes.
LOGINS: Final = {
    QUESTIONS: [READER, "pg_monitor"],
    WEB: [WRITER, READER, "pg_monitor"],
    PLATFORM: [WRITER, READER],
}
SETTINGS_FILE: Final = "settings.env"
# The look of the demo is the viewer's to choose; where its data is, is not.
KEPT: Final = frozenset(
    {
        "ATALAYA_TIMEZONE",
        "ATALAYA_LOCALE",
        "ATALAYA_CURRENCY",
        "ATALAYA_LOG_FORMAT",
        "ATALAYA_LOG_LEVEL",
        "ATALAYA_SIGNALS_FILE",
    }
)


def for_web(
    home: Folder, *, postgres: Postgres, redis: Redis, prometheus: Prometheus | None, port: int
) -> dict[str, str]:
    """Environment of the pages and of the worker."""
    settings = {
        **surroundings(),
        "ATALAYA_DATABASE_URL": postgres.url(WEB),
        "ATALAYA_DATABASE_READ_URL": postgres.url(QUESTIONS),
        "ATALAYA_REDIS_URL": redis.url,
        "ATALAYA_AUTH": "demo",
        "ATALAYA_HOST": LOOPBACK,
        "ATALAYA_PORT": str(port),
        "ATALAYA_COOKIE_SECRET": home.secret("cookie"),
    }
    if prometheus is not None:
        settings["ATALAYA_PROMETHEUS_URL"] = prometheus.url
    return settings


def remember(home: Folder, settings: dict[str, str]) -> Path:
    """Write the pages' settings down, so that other commands can be told to use the demo."""
    lines = [
        f"{name}='{value}'\n"
        for name, value in sorted(settings.items())
        if name.startswith("ATALAYA_") and value
    ]
    return home.write_private(SETTINGS_FILE, "".join(lines))


def for_feed(postgres: Postgres, *, exporter_port: int) -> dict[str, str]:
    """Environment of the simulated platform."""
    return {
        **surroundings(),
        "DEMO_DATABASE_URL": postgres.url(PLATFORM),
        "DEMO_EXPORTER_PORT": str(exporter_port),
    }


def surroundings() -> dict[str, str]:
    """This process's environment without settings of another installation, and without .env."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ATALAYA_") or name in KEPT
    }
    return {**kept, "ATALAYA_ENV_FILE": ""}
