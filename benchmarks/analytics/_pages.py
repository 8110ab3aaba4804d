"""The five pages of this part: what is asked of them, and with what."""

import time
from dataclasses import replace
from typing import Final

import psycopg

from benchmarks.asked import Opened, Variant, read, variants, with_options

NAMES: Final = ("funnel", "retention", "revenue", "regions", "providers")
# Choices that a page offers beside its filters and that change what is asked.
OPTIONS: Final[dict[str, tuple[dict[str, str], ...]]] = {
    "funnel": ({"window": "30m"}, {"window": "7d"}),
    "retention": ({"cohorts": "month"},),
    "revenue": ({"grain": "hour"}, {"grain": "month"}),
    "regions": (),
    "providers": (
        {"window": "90"},
        {"sort": "name"},
        {"sort": "rating", "page": "20"},
        {"q": "sal"},
    ),
}
_LARGEST: Final = {
    "region": """
        select iso from provinces join funnel_day on province = id
        where id <> 0 group by iso order by sum(sessions) desc limit 1
    """,
    "device": """
        select code from devices join funnel_day on device = id
        group by code order by sum(sessions) desc limit 1
    """,
    "referral": """
        select code from referrals join funnel_day on referral = id
        group by code order by sum(sessions) desc limit 1
    """,
    "tenant": """
        select tenant from funnel_tenant_day
        where tenant <> 0 group by tenant order by sum(sessions) desc limit 1
    """,
}
_BEST_PROVIDER: Final = """
    select provider_id from provider_scores
    where window_days = 90 order by earnings desc nulls last limit 1
"""
SCORED_WITHIN_S: Final = 300


def await_scores(connection: psycopg.Connection) -> None:
    """Wait until the worker has scored the providers, which it does after its start."""
    deadline = time.monotonic() + SCORED_WITHIN_S
    while time.monotonic() < deadline:
        if connection.execute("select 1 from provider_scores limit 1").fetchone():
            return
        time.sleep(1)
    raise RuntimeError(f"The worker did not score the providers within {SCORED_WITHIN_S} s.")


def usual(connection: psycopg.Connection) -> list[Variant]:
    """Every question as its page opens; each once."""
    pages = [_page(name, connection) for name in NAMES]
    return _once([variant for page in pages for variant in variants(replace(page, filters=()), {})])


def narrowed(connection: psycopg.Connection) -> list[Variant]:
    """Every question with each filter and choice that its page offers, set to the most frequent."""
    values = {name: _value(connection, statement) for name, statement in _LARGEST.items()}
    found: list[Variant] = []
    for name in NAMES:
        page = _page(name, connection)
        found += [each for each in variants(page, values) if each.selection != page.opens]
        for options in OPTIONS[name]:
            found += with_options(page, options)
    return _once(found)


def _page(name: str, connection: psycopg.Connection) -> Opened:
    """A page as it opens; that of the providers with the record of the one who earns most."""
    page = read(name)
    if name != "providers":
        return page
    best = str(_value(connection, _BEST_PROVIDER))
    return replace(page, opens=replace(page.opens, options=(("provider", best),)))


def _value(connection: psycopg.Connection, statement: str) -> object:
    found = connection.execute(statement.encode()).fetchone()
    if found is None:
        raise RuntimeError(f"The stage has no value for a filter: {statement.strip()}")
    return found[0]


def _once(found: list[Variant]) -> list[Variant]:
    """Some questions are on several pages."""
    return list({(each.question.name, each.selection): each for each in found}.values())
