"""How large the rollups are beside the raw events."""

from typing import Final

from benchmarks.results import Result
from benchmarks.stage import Stage

TARGET_PCT: Final = 10
# One row per session, visitor's day or payment: these grow with what they hold.
PER_ENTITY: Final = ("session_funnel", "visitor_day", "payment_applied")
_RAW: Final = """
    select sum(pg_relation_size(inhrelid))::bigint
    from pg_inherits where inhparent = 'analytics_events'::regclass
"""
_ROLLUPS: Final = """
    select name, pg_relation_size(name::regclass), pg_total_relation_size(name::regclass)
    from unnest(atalaya_rollup_names()) as name
    order by 2 desc
"""


def measure(stage: Stage) -> list[Result]:
    """Heap of the counter rollups in per cent of the raw events' heap, and each table's size."""
    with stage.connection() as connection:
        raw = connection.execute(_RAW).fetchone()
        tables = connection.execute(_ROLLUPS).fetchall()
    assert raw is not None
    counters = [each for each in tables if each[0] not in PER_ENTITY]
    heap, whole = (100 * sum(each[n] for each in counters) / raw[0] for n in (1, 2))
    found = {
        **stage.size,
        "raw_heap_mb": _mb(raw[0]),
        "heap_and_total_mb": {name: (_mb(own), _mb(total)) for name, own, total in tables},
        "not_counted": PER_ENTITY,
    }
    return [
        Result("counter rollups, heap of the raw heap", heap, "%", TARGET_PCT, context=found),
        Result(
            "counter rollups with indexes, of the raw heap",
            whole,
            "%",
            TARGET_PCT,
            context={**stage.size},
        ),
    ]


def _mb(size: int) -> float:
    return round(size / 1e6, 1)
