"""What must leave the database: effects that the worker delivers later, and hints to open pages."""

from collections.abc import Mapping
from typing import Final

import orjson
from sqlalchemy import text

from data.database import Tx

# The one channel on which open pages hear that something changed.
CHANNEL: Final = "atalaya"

_ENQUEUE: Final = text("""
    -- services.outbox.enqueue
    insert into outbox (topic, payload)
    values (:topic, cast(:payload as jsonb))
""")


def enqueue(tx: Tx, *, topic: str, payload: Mapping[str, object]) -> None:
    """Keep an outside effect with the change that causes it; it is delivered at least once."""
    tx.execute(_ENQUEUE, topic=topic, payload=orjson.dumps(payload, default=str).decode())


def notify(tx: Tx, *, topic: str) -> None:
    """Tell open pages, on commit, that something about the topic changed. Never what: pages ask."""
    tx.notify(CHANNEL, topic)
