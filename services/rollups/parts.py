"""All that is refreshed together: one line per part."""

from typing import Final

from services.rollups.events import EVENTS
from services.rollups.money import MONEY
from services.rollups.part import Part

PARTS: Final[tuple[Part, ...]] = (EVENTS, MONEY)
