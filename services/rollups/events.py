"""The rollups of events, as one part."""

from typing import Final

from services.rollups import counters, funnels, recompute, sessions, set_aside, visitors
from services.rollups.part import Part

EVENTS: Final = Part(
    name="events",
    staging=(*counters.STAGING, *sessions.STAGING, *visitors.STAGING),
    steps=(
        counters.STAGE,
        set_aside.IMPOSSIBLE,
        set_aside.FORGET_IMPOSSIBLE,
        counters.ANALYZE_STAGED,
        sessions.TOUCHED,
        set_aside.ENDLESS,
        set_aside.FORGET_ENDLESS,
        set_aside.ENDLESS_IN_ORDER,
        sessions.ANALYZE_TOUCHED,
        *counters.STEPS,
        sessions.AFTER,
        sessions.CHANGES,
        *funnels.STEPS,
        sessions.STORE,
        *visitors.STEPS,
    ),
    rollups=recompute.ROLLUPS,
    prepares=(set_aside.IMPOSSIBLE_OF_ALL,),
)
