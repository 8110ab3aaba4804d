"""What pages read instead of raw events, kept equal to them by one transaction per tick."""

from services.rollups.audit import Difference, audit
from services.rollups.rebuild import rebuild
from services.rollups.refresh import Tick, catch_up, refresh

__all__ = ["Difference", "Tick", "audit", "catch_up", "rebuild", "refresh"]
