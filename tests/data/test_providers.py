"""The leaderboard: each provider once over all pages, in every order; search that escapes."""

from typing import Any

import pytest
from pandas import DataFrame

from data import providers
from data.database import Database
from services.rollups import provider_market
from tests.data import provider_rows as world
from tests.data.provider_rows import asked
from tests.factories import Row

COUNT = 117
COLUMNS = {
    "name": "name",
    "kind": "kind",
    "bookings": "bookings",
    "earnings": "earnings",
    "occupancy": "occupancy_pct",
    "rating": "rating",
    "cancelled": "cancelled_pct",
    "response": "response_s",
}
CASES = {"rating": "reviews", "cancelled": "appointments", "response": "responses"}


@pytest.fixture
def rows(db: Database, db_url: str) -> list[Row]:
    return world.random_scores(db, db_url, COUNT)


def listed(found: DataFrame) -> list[int]:
    """The providers of a page, without the rows of the market."""
    return [int(each) for each in found["provider"] if each]


def all_pages(db: Database, **options: str) -> list[int]:
    first = providers.leaderboard(db, asked(**options))
    pages = [
        providers.leaderboard(db, asked(page=str(number), **options))
        for number in range(1, int(first["pages"].iloc[0]) + 1)
    ]
    ranks = [rank for page in pages for rank in page["rank"].dropna()]
    assert ranks == list(range(1, len(ranks) + 1))
    return [each for page in pages for each in listed(page)]


def expected(rows: list[Row], sort: str) -> list[int]:
    """The order in plain Python: groups, then known before unknown, then the value, then number."""
    column, is_down = sort.removeprefix("-"), sort.startswith("-")

    def later(row: Row) -> bool:
        if column == "earnings":
            return bool(row["currency"] != "ARS")
        return column in CASES and row[CASES[column]] < 30

    def value(row: Row) -> Any:  # noqa: ANN401 - text or number
        found = row[COLUMNS[column]]
        return found.lower() if column == "name" else found

    ordered = sorted(rows, key=lambda row: int(row["provider_id"]))
    known = [row for row in ordered if value(row) is not None]
    known.sort(key=value, reverse=is_down)  # stable: ties stay in the order of their numbers
    unknown = [row for row in ordered if value(row) is None]
    return [row["provider_id"] for row in sorted([*known, *unknown], key=later)]


def test_every_provider_is_on_exactly_one_page_in_every_order(
    db: Database, rows: list[Row]
) -> None:
    for sort in (order for name in COLUMNS for order in (name, f"-{name}")):
        assert all_pages(db, sort=sort) == expected(rows, sort), sort
    assert sorted(all_pages(db, sort="province")) == sorted(row["provider_id"] for row in rows)


def test_a_page_beyond_the_last_is_the_last_and_nonsense_is_the_first(
    db: Database, rows: list[Row]
) -> None:
    last = providers.leaderboard(db, asked(page="9999999"))
    assert (set(last["page"]), len(listed(last))) == ({3}, COUNT - 100)
    assert set(last["skipped"]) == {100}
    assert set(last["total"]) == {len(rows)}
    for nonsense in ("0", "-1", "1e3", "' or 1=1", "\u0661"):
        first = providers.leaderboard(db, asked(page=nonsense, sort=nonsense))
        assert (first["page"].iloc[0], first["sort"].iloc[0]) == (1, "-earnings")


@pytest.mark.parametrize(
    ("query", "pattern"),
    [
        ("salon", "salón"),
        ("  ÑANDU ", "ñandú"),
        ("100%", "100%"),
        ("a_b", "a_b"),
        ("PLATA", "plata"),
    ],
)
def test_a_search_finds_parts_of_name_and_city_whatever_the_accents(
    db: Database, rows: list[Row], query: str, pattern: str
) -> None:
    write_words(db)
    found = sorted(all_pages(db, q=query))
    words = {row["provider_id"]: f"{row['name']} {row['city'] or ''}".lower() for row in rows}
    assert found == sorted(number for number, each in words.items() if pattern in each)
    assert found


def test_a_search_for_a_number_finds_the_provider_that_has_it(
    db: Database, rows: list[Row]
) -> None:
    write_words(db)
    number = rows[90]["provider_id"]
    assert number in all_pages(db, q=str(number))


@pytest.mark.parametrize(
    "query",
    ["%", "_", "!", "\\", "'; drop table providers; --", "<img src=x>", "x" * 10_000, "\x00"],
)
def test_hostile_words_are_only_words(db: Database, rows: list[Row], query: str) -> None:
    write_words(db)
    found = providers.leaderboard(db, asked(q=query))
    wanted = query.strip("\x00")[:80]
    matching = [row for row in rows if wanted in f"{row['name']} {row['city'] or ''}"]
    assert (0 if found.empty else found["total"].iloc[0]) == len(matching)


def test_region_tenant_and_kind_narrow_the_list(db: Database, rows: list[Row]) -> None:
    tenant = next(row["organization_id"] for row in rows if row["organization_id"])
    codes = {row["kind"] for row in rows}
    assert codes == set(world.KINDS)
    narrowed = providers.leaderboard(db, asked(tenant=tenant, kind="salon"))
    mine = [r for r in rows if r["organization_id"] == tenant and r["kind"] == "salon"]
    assert sorted(listed(narrowed)) == sorted(row["provider_id"] for row in mine)
    placed = [providers.leaderboard(db, asked(region=each)) for each in world.REGIONS]
    assert sum(found["total"].iloc[0] for found in placed) == len(rows)
    assert {place for found in placed[:1] for place in found["province"]} == {"Buenos Aires"}


def test_without_providers_the_list_is_empty(db: Database) -> None:
    assert providers.leaderboard(db, asked()).empty
    assert list(providers.leaderboard(db, asked()).columns)[:3] == ["rank", "provider", "name"]


def write_words(db: Database) -> None:
    """Let providers be found: what the worker does with the scores."""
    with db.write() as tx:
        tx.execute(world.BEGINNINGS)
        tx.execute(provider_market.SOUGHT)
