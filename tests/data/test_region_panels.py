"""Cities, hours, payment methods and supply of regions, recomputed in plain Python."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pandas import DataFrame

from data import (
    region_cities,
    region_figures,
    region_hours,
    region_payments,
    region_supply,
    regions,
)
from data.database import Database
from data.period import Filters, Selection
from services import rollups
from tests import factories
from tests.data.region_visits import STEPS, ZONE, Visit, asked, of, some_visits, within, write
from tests.factories import NOW

VISITS = some_visits()
NAMES = {"AR-B": "Buenos Aires", "AR-X": "Córdoba", "AR-S": "Santa Fe", "": "Not placed"}
NEW_YORK = ZoneInfo("America/New_York")
PANELS = [
    region_cities.cities,
    region_hours.active_hours,
    region_hours.paying_hours,
    region_payments.payment_mix,
    region_supply.supply,
]


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    """Two weeks of visits. Only read from."""
    db = Database(new_database(), pool_size=3)
    write(db, VISITS)
    yield db
    db.dispose()


CITY_ASKED = [asked(), asked("30d"), asked(region="AR-X"), asked(device="desktop")]


@pytest.mark.parametrize("filters", CITY_ASKED, ids=lambda f: str(f.key()))
def test_cities_add_up_to_their_province(busy: Database, filters: Filters) -> None:
    found = region_cities.cities(busy, filters)
    placed = regions.provinces(busy, filters)
    chosen = filters.selection.region
    placed = placed[placed["region"] == chosen] if chosen else placed

    columns = ["sessions", "paid", "revenue_minor", "mobile", "everyone"]
    by_province = found.replace({"province": {"": "Not placed"}}).groupby("province")[columns].sum()
    expected = placed.set_index("province")[columns]
    expected = expected[expected.any(axis=1)]
    assert by_province.sort_index().to_dict() == expected.sort_index().to_dict()


def test_cities_of_the_same_name_are_two_and_the_unknown_one_is_said(busy: Database) -> None:
    filters = asked("30d")
    is_in = within(filters)
    counted = Counter(
        (NAMES[each.province].replace("Not placed", ""), each.city or "Not known")
        for each in VISITS
        if is_in(each.at)
    )

    found = region_cities.cities(busy, filters)

    shown = zip(found["province"], found["city"], found["sessions"], strict=True)
    assert {(province, city): n for province, city, n in shown} == dict(counted)
    assert found["sessions"].is_monotonic_decreasing
    assert {("Córdoba", "San Francisco"), ("Santa Fe", "San Francisco")} <= set(counted)


def test_cities_beyond_the_list_are_one_row_and_nothing_is_lost(
    busy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = region_cities.cities(busy, asked("30d"))
    monkeypatch.setattr(region_cities, "MOST_CITIES", 3)

    found = region_cities.cities(busy, asked("30d"))

    assert len(found) == 4
    assert found["city"].iloc[-1] == f"{len(whole) - 3} further cities"
    for column in ("sessions", "paid", "revenue_minor", "mobile"):
        assert found[column].sum() == whole[column].sum()


def test_what_is_not_kept_by_an_origin_is_not_answered_for_one(busy: Database) -> None:
    assert region_cities.cities(busy, asked(referral="direct")).empty
    assert region_hours.active_hours(busy, asked(referral="direct")).empty
    assert region_hours.active_hours(busy, asked(device="mobile")).empty


def hours_of(found: DataFrame, value: str) -> dict[tuple[str, int], int]:
    rows = zip(found["province"], found["hour"], found[value], strict=True)
    return {(province, hour): n for province, hour, n in rows}


@pytest.mark.parametrize("filters", [asked(), asked("30d", region="AR-B")], ids=["all", "AR-B"])
def test_hours_count_every_event_by_the_local_clock(busy: Database, filters: Filters) -> None:
    is_in = within(filters)
    expected = Counter(
        (NAMES[each.province], each.when(step).astimezone(ZONE).hour)
        for each in of(VISITS, filters)
        for step, _ in enumerate(STEPS[: each.reached], start=1)
        if is_in(each.when(step))
    )

    found = region_hours.active_hours(busy, filters)

    assert hours_of(found, "events") == dict(expected)
    busiest = Counter[str]()
    for (province, _), n in expected.items():
        busiest[province] += n * (province != "Not placed")
    placed = found[found["province"] != "Not placed"]
    totals = [busiest[province] for province in dict.fromkeys(placed["province"])]
    assert totals == sorted(totals, reverse=True)


@pytest.mark.parametrize(
    "filters", [asked(), asked(device="mobile", referral="direct")], ids=["all", "narrowed"]
)
def test_paying_hours_count_every_sale_in_any_currency(busy: Database, filters: Filters) -> None:
    is_in = within(filters)
    expected = Counter(
        (NAMES[each.province], paid.approved_at.astimezone(ZONE).hour)
        for each in of(VISITS, filters)
        for paid in each.payments
        if paid.approved_at is not None and is_in(paid.approved_at)
    )
    assert hours_of(region_hours.paying_hours(busy, filters), "payments") == dict(expected)


@pytest.mark.parametrize(
    ("day", "counted"),
    [
        # The clocks go back at two: one o'clock comes twice. They go forward: two never comes.
        (datetime(2026, 11, 1, 4, tzinfo=UTC), {0: 1, 1: 2, 2: 1, 3: 1}),
        (datetime(2026, 3, 8, 5, tzinfo=UTC), {0: 1, 1: 1, 3: 1, 4: 1, 5: 1}),
    ],
)
def test_hours_are_those_on_the_clock_when_it_changes(
    db: Database, day: datetime, counted: dict[int, int]
) -> None:
    for hour in range(5):
        factories.event(db, at=day + timedelta(hours=hour, minutes=30))
    rollups.refresh(db, NEW_YORK, now=NOW)
    span = f"{day.date()}..{day.date()}"

    found = region_hours.active_hours(db, Selection(span, "none").at(NOW, NEW_YORK))

    assert hours_of(found, "events") == {("Buenos Aires", h): n for h, n in counted.items()}


@pytest.mark.parametrize(
    "filters",
    [asked("30d"), asked(region="AR-B"), asked("30d", device="mobile"), asked(referral="direct")],
    ids=lambda f: str(f.key()),
)
def test_payment_methods_share_and_are_approved_as_counted(
    busy: Database, filters: Filters
) -> None:
    is_in = within(filters)
    paid, decided = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for each in of(VISITS, filters):
        for one in each.payments:
            key = (NAMES[each.province], one.method)
            if is_in(one.created_at):
                decided[key] += 1
                paid[key] += one.approved_at is not None

    found = region_payments.payment_mix(busy, filters)

    rows = found.to_dict("records")
    assert {(r["province"], r["method"]): r["decided"] for r in rows} == dict(decided)
    for row in rows:
        key = (row["province"], row["method"])
        total = sum(n for (province, _), n in paid.items() if province == row["province"])
        assert (row["paid"], row["province_paid"]) == (paid[key], total)
        assert row["approval_pct"] == pytest.approx(100 * paid[key] / decided[key])
        if total:
            assert row["share_pct"] == pytest.approx(100 * paid[key] / total)
    shares = found.groupby("province")["share_pct"].sum()
    assert all(share == pytest.approx(100) or not share for share in shares)


def test_a_pending_payment_is_in_no_rate(db: Database) -> None:
    factories.payment(db, status="pending", created_at=NOW - timedelta(hours=1))
    rollups.refresh(db, ZONE, now=NOW)

    for filters in (asked(), asked(device="mobile")):
        row = region_payments.payment_mix(db, filters).iloc[0]
        assert (row["paid"], row["decided"]) == (0, 0)
        assert row[["share_pct", "approval_pct"]].isna().all()


def searched(province: str, count: int, *, first: int) -> list[Visit]:
    at = NOW - timedelta(hours=1)
    return [Visit(first + n, at, province, "mobile", "direct", "", 2, ()) for n in range(count)]


@pytest.fixture
def supplied(db: Database) -> Database:
    """Salta: 60 searches, 10 h a week; Buenos Aires 60 with 90 h; San Luis 29 with nothing."""
    places = [("AR-A", 60, 600), ("AR-B", 60, 5_400), ("AR-D", 29, 0), ("AR-Z", 30, 0)]
    for at, (province, count, minutes) in enumerate(places):
        write(db, searched(province, count, first=1 + 1000 * at))
        if minutes:
            long_ago = NOW - timedelta(days=100)
            factories.provider(db, province=province, weekly_minutes=minutes, created_at=long_ago)
    return db


def test_the_score_is_searches_for_an_hour_against_the_country(supplied: Database) -> None:
    filters = asked()
    weeks = (filters.now - filters.period.since).total_seconds() / 604_800

    found = region_supply.supply(supplied, filters).set_index("region")

    country = (60 + 60 + 29 + 30) / (100 * weeks)
    salta = found.loc["AR-A"]
    assert salta["hours"] == pytest.approx(10 * weeks)
    assert salta["times"] == pytest.approx(60 / (10 * weeks) / country)
    assert found.loc["AR-B", "times"] == pytest.approx(60 / (90 * weeks) / country)
    assert found.loc[["AR-A", "AR-B", "AR-D", "AR-Z"], "state"].tolist() == [
        "underserved",
        "served",
        "few_cases",  # 29 searches say nothing, whatever is on offer
        "underserved",  # 30 where nobody offers anything
    ]
    assert found.index[:2].tolist() == ["AR-Z", "AR-A"]
    assert len(found) == 24
    assert region_supply.underserved(supplied, filters).value == 2


def test_a_region_is_held_against_the_whole_country(supplied: Database) -> None:
    whole = region_supply.supply(supplied, asked()).set_index("region").loc["AR-A"]

    found = region_supply.supply(supplied, asked(region="AR-A"))

    assert len(found) == 24
    assert found.set_index("region").loc["AR-A", "times"] == whole["times"]
    assert region_supply.underserved(supplied, asked(region="AR-A")).value == 1
    assert region_supply.underserved(supplied, asked(region="AR-B")).value == 0


def test_the_same_time_yesterday_is_judged_by_its_whole_day(supplied: Database) -> None:
    late = NOW - timedelta(days=1) + timedelta(hours=2)
    several = range(5000, 5040)
    write(supplied, [Visit(n, late, "AR-D", "mobile", "direct", "", 2, ()) for n in several])

    assert region_supply.underserved(supplied, asked("today", "yesterday")).previous == 1


def test_a_provider_offers_from_when_it_joined(db: Database) -> None:
    write(db, searched("AR-B", 1, first=1))
    for joined in (NOW - timedelta(days=3), NOW + timedelta(days=3)):
        factories.provider(db, province="AR-B", weekly_minutes=7 * 60, created_at=joined)

    row = region_supply.supply(db, asked()).set_index("region").loc["AR-B"]

    assert (row["providers"], row["hours"]) == (1, pytest.approx(3))


def test_nothing_at_all_is_nothing_in_every_panel(db: Database, busy: Database) -> None:
    long_ago = asked("2026-01-01..2026-01-31")
    for panel in PANELS:
        assert panel(db, asked()).empty
        assert panel(busy, long_ago).empty
    assert region_supply.underserved(db, asked()).value == 0


def test_one_event_is_one_city_and_one_hour(db: Database) -> None:
    write(db, [Visit(1, NOW - timedelta(minutes=10), "AR-B", "mobile", "direct", "Azul", 1, ())])

    assert region_cities.cities(db, asked())[["city", "sessions"]].values.tolist() == [["Azul", 1]]
    assert hours_of(region_hours.active_hours(db, asked()), "events") == {("Buenos Aires", 11): 1}


@pytest.mark.parametrize("panel", PANELS)
def test_a_filter_made_of_sql_does_nothing(
    busy: Database, panel: Callable[[Database, Filters], DataFrame]
) -> None:
    evil = "x'); drop table bookings; --"
    panel(busy, asked(region=evil, device=evil, referral=evil))
    assert region_figures.sessions(busy, asked()).value
