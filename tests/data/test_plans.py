"""Every statement of `data/` is explained: by asking all questions, and by its constant.

A new question or statement is covered as it is. If it is refused here, it needs an index or a bound
on time. A constant that no question sends and whose values are not in VALUES asks for them.
"""

import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

import data
from data.cache import QUESTIONS
from data.migrations.partitions import ensure_event_partitions
from data.period import Filters, Selection
from data.signal_definitions import load_definitions
from data.signals import Signals
from tests.plans import ExplainingDatabase, name_of

HERE = ZoneInfo("America/Argentina/Buenos_Aires")
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SELECTIONS = (
    Selection(span="1h"),
    Selection(span="30d", compare="previous"),
    Selection(span="7d", region="AR-B", device="mobile", referral="whatsapp", tenant=3),
)
VALUES: dict[str, object] = {
    "since": NOW - timedelta(days=7),
    "until": NOW,
    "now": NOW,
    "tz": HERE.key,
    "zone": HERE.key,
    "email": "ana@example.com",
    "member_id": 1,
    "name": "worker",
    "names": ["api_latency_p95"],
    "role": "atalaya_reader",
    "tables": ["users"],
    "region": None,
    "device": None,
    "referral": None,
    "tenant": None,
    "step_s": 300,
    "holds_s": 600,
    "longest_s": 21_600,
    "active_s": 300,
    "currency": "ARS",
    "label": "route",
    "now_before": NOW - timedelta(days=7),
    "limit": 20,
    "first_day": date(2026, 11, 14),
    "end_day": date(2026, 11, 20),
    "head": NOW - timedelta(days=6),
    "tail": NOW - timedelta(hours=12),
    "last_day": date(2026, 11, 20),
    "days": 7,
    "grain": "day",
    "step": "1 day",
    "clock": HERE.key,
    "lag_s": 604_800,
    "first_at": datetime(2026, 11, 14),  # noqa: DTZ001 - the local clock's
    "last_at": datetime(2026, 11, 20),  # noqa: DTZ001 - the local clock's
    "payers_own": ["card_declined"],
    "top": 20,
    "most": 1_000,
    "from_days": [0, 1, 2],
    "words": ["Same day", "Next day", "Later"],
    "begin": date(2026, 11, 14),
    "count": 7,
    "cut_days": [date(2026, 11, 19)],
    "measure": "sessions",
    "fewest": 30,
    "times": 2.0,
    "present": NOW,
    "from_day": date(2026, 11, 14),
    "to_day": date(2026, 11, 20),
    "ends": NOW,
    "chosen": [1, 2],
    "widest": 1,
    "length": "24 hours",
    "day": date(2026, 11, 19),
    "midnight": NOW - timedelta(hours=36),
    "earliest": NOW - timedelta(hours=4),
    "drop_until": NOW,
    "outages_until": NOW,
    "baseline": NOW - timedelta(days=7),
    "open_days": 0,
    "lag_days": 30,
    "first_cohort": date(2026, 9, 7),
    "kind": "barber",
    "query": "sol",
    "pattern": "%sol%",
    "number": 17,
    "page": 2,
    "size": 50,
    "sort": "-earnings",
    "median_name": "Market median",
    "top_name": "Top decile",
    "provider": 17,
    "first_month": date(2025, 12, 1),
    "today": date(2026, 11, 20),
    "step_days": 5,
}

# Asked payment by payment only where cells cannot answer: with a region and more, or a tenant.
NARROW = {name: {"region": "AR-B"} for name in (
    "data.revenue_methods.gateways_by_payment", "data.revenue_methods.matrix_by_payment",
    "data.revenue_methods.reasons_by_payment",
)}  # fmt: skip
# Raw rows leave the house whole: all of the days asked for, counted before and bounded by data.raw.
EXPORTS = {"data.raw.events", "data.raw.payments"}
MODULES = [
    import_module(found.name)
    for found in pkgutil.walk_packages(data.__path__, "data.")
    if not found.name.startswith("data.migrations.")
]


@pytest.fixture
def explaining(db_url: str) -> Iterator[ExplainingDatabase]:
    database = ExplainingDatabase(db_url)
    with database.write() as tx:
        ensure_event_partitions(tx, date(2026, 10, 20), date(2026, 11, 22), HERE)
    yield database
    database.dispose()


def _constants() -> dict[str, TextClause]:
    """Statements that modules of `data/` name, alone or in a tuple, list or dict."""
    found: dict[str, TextClause] = {}
    for module in MODULES:
        for value in vars(module).values():
            group = value.values() if isinstance(value, dict) else value
            several = group if isinstance(value, dict | list | tuple) else [value]
            found |= {name_of(each): each for each in several if isinstance(each, TextClause)}
    return {name: statement for name, statement in found.items() if name}


def test_no_question_reads_a_large_table_whole(explaining: ExplainingDatabase) -> None:
    signals = Signals(load_definitions(), db=explaining)
    sources = {"db": explaining, "signals": signals}
    for question in QUESTIONS.values():
        for selection in SELECTIONS:
            question(sources[question._parameter], selection.at(NOW, HERE))
    for filters in (selection.at(NOW, HERE) for selection in SELECTIONS):
        _ask_all(signals, filters)
    assert {(seen.name, seen.faults) for seen in explaining.seen if seen.faults} == set()
    assert len({seen.name for seen in explaining.seen}) >= len(QUESTIONS) // 2


def test_no_statement_of_data_reads_a_large_table_whole(explaining: ExplainingDatabase) -> None:
    for name, statement in _constants().items():
        if name in EXPORTS:
            continue
        wanted = set(statement._bindparams)
        missing = wanted - set(VALUES)
        assert not missing, f"{name}: say in VALUES what {missing} may be"
        values = {**VALUES, **NARROW.get(name, {})}
        explaining.explain(statement, {key: values[key] for key in wanted})
    assert len(explaining.seen) > 5
    assert {(seen.name, seen.faults) for seen in explaining.seen if seen.faults} == set()


def test_every_statement_carries_the_name_of_its_module() -> None:
    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, TextClause) and not name.startswith("_"):
                assert re.match(r"data\.\w+\.\w+", name_of(value)), f"{module.__name__}.{name}"


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from sessions where city = 'x'",
        "select count(*) from sessions",
        "select date_trunc('day', occurred_at) as day, count(*) from analytics_events group by day",
        "select max(amount_minor) from payments where commission_minor > 5",
        "select * from bookings order by price_minor desc limit 5",
        "select * from (select count(*) as n from production_metrics) as a limit 1",
        "select count(*) from job_history where job_id = '7' and state = 'completed'",
    ],
)
def test_reading_a_large_table_whole_is_noticed(
    explaining: ExplainingDatabase, statement: str
) -> None:
    explaining.explain(text(statement), {})
    assert explaining.seen[0].faults


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from sessions where last_seen_at >= '2026-11-20'",
        "select recorded_at from production_metrics order by recorded_at desc limit 1",
        "select max(checked_at) from system_health_status",
        "select count(*) from analytics_events where name = 1 and occurred_at >= '2026-11-20'",
        "select * from team_members",
    ],
)
def test_reading_a_part_is_not(explaining: ExplainingDatabase, statement: str) -> None:
    explaining.explain(text(statement), {})
    assert explaining.seen[0].faults == ()


def _ask_all(signals: Signals, filters: Filters) -> None:
    for name in signals.names():
        signals.range(name, filters.period)
        signals.now(name, filters.now)
