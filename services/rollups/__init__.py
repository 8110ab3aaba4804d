"""What pages read instead of raw events, kept equal to them by one transaction per tick."""

from services.rollups.audit import Difference, audit
from services.rollups.rebuild import is_due, rebuild
from services.rollups.refresh import Tick, catch_up, refresh

__all__ = ["Difference", "Tick", "audit", "catch_up", "is_due", "rebuild", "refresh"]
