"""Everything that a question can read from, made once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from data.cache import AnswerCache
    from data.database import Database
    from data.signals import Signals


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources that questions name by their first parameter, and the cache in front of them."""

    db: Database
    signals: Signals
    cache: AnswerCache
    zone: ZoneInfo
