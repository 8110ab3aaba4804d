"""Structured logs on stderr: event, reference, actor, duration; no personal data, no secrets."""

import logging
import secrets
import sys
from typing import Final, Literal

import structlog
from structlog.typing import Processor

# Libraries that tell of each request, job or step that went well.
CHATTY: Final = ("httpx", "httpcore", "urllib3", "alembic", "apscheduler")
# No 0/O, 1/I/L: a reference is read out over the telephone.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
REFERENCE_CHARACTERS: Final = 8


def reference() -> str:
    """A short random id that an error shows and its log line carries."""
    return "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_CHARACTERS))


def configure(*, log_format: Literal["console", "json"] = "console", level: str = "info") -> None:
    """Send structlog and standard logging to stderr in one shape. Safe to call again."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
