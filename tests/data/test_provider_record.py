"""One provider: its sums equal the rollup and the raw rows; a number that nobody has."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest
from pandas import DataFrame
from sqlalchemy import text

from data import provider_record, provider_series
from data.database import Database
from services import rollups
from services.rollups import provider_scores
from tests import factories
from tests.data.provider_rows import NOW, ZONE, asked
from tests.factories import Row

TODAY: Final = date(2026, 11, 20)
EARNED: Final = text("""
    select sum(gross - commission - refunded + commission_back)
    from provider_day
    where provider_id = :provider and day > :after and currency = 'ARS'
""")


@pytest.fixture
def sol(db: Database) -> Row:
    """A barber of a year with 120 bookings within as many days; and three peers that do less."""
    joined = NOW - timedelta(days=365)
    peers = [factories.provider(db, created_at=joined, weekly_minutes=600) for _ in range(3)]
    row = factories.provider(db, name="Sol", created_at=joined, weekly_minutes=700, city="Tandil")
    for number, provider in enumerate((*peers, row), start=1):
        service = factories.service(db, provider_id=provider["id"])["id"]
        for n in range(number * 30):
            _booking(db, provider["id"], service, n)
    rollups.refresh(db, ZONE, now=NOW)
    assert provider_scores.score(db, ZONE, now=NOW)
    return row


def _booking(db: Database, provider: int, service: int, n: int) -> None:
    at = NOW - timedelta(days=n, hours=1 + n % 20)
    booked = factories.booking(
        db, provider_id=provider, service_id=service, created_at=at,
        confirmed_at=at + timedelta(minutes=1 + n % 9) if n % 8 else None,
        starts_at=at + timedelta(hours=n % 30),
        status=("completed", "cancelled", "completed", "no_show")[n % 4],
    )  # fmt: skip
    back = {"status": "refunded", "refunded_at": at, "refunded_minor": 50_000} if n % 5 == 0 else {}
    factories.payment(db, provider_id=provider, created_at=at, approved_at=at, **back)
    if n % 3 == 0:
        factories.insert(
            db, "reviews", booking_id=booked["id"], provider_id=provider, rating=1 + n % 5,
            created_at=at,
        )  # fmt: skip


def own(found: DataFrame) -> list[float]:
    return [float(each) for each in found[found["series"] == "own"]["value"]]


def record(sol: Row, days: int = 30, **options: str) -> dict[str, str]:
    return {"provider": str(sol["id"]), "window": str(days), **options}


def days_back(at: datetime) -> int:
    return (TODAY - at.astimezone(ZONE).date()).days


def raw(db: Database, table: str, sol: Row) -> list[Row]:
    chosen = text(f"select * from {table} where provider_id = :provider")  # noqa: S608 - our tables
    return db.rows(chosen, dict, provider=sol["id"])


@pytest.mark.parametrize("days", [7, 30, 90])
def test_what_is_drawn_adds_up_to_the_rollup_and_to_the_raw_rows(
    db: Database, sol: Row, days: int
) -> None:
    filters = asked(**record(sol, days))
    earned = own(provider_series.earnings(db, filters))
    kept = db.scalar(EARNED, provider=sol["id"], after=TODAY - timedelta(days=days))
    assert sum(earned) == int(str(kept)) == provider_record.earnings(db, filters).value
    made = [b for b in raw(db, "bookings", sol) if days_back(b["created_at"]) < days]
    assert sum(own(provider_series.bookings(db, filters))) == len(made)
    assert provider_record.bookings(db, filters).value == len(made)
    written = [r for r in raw(db, "reviews", sol) if days_back(r["created_at"]) < days]
    stars = provider_series.stars(db, filters)
    assert dict(zip(stars["stars"], stars["reviews"], strict=True)) == {
        str(n): sum(r["rating"] == n for r in written) for n in range(1, 6)
    }


@pytest.mark.parametrize(("days", "step"), [(7, 1), (30, 5), (90, 10)])
def test_rates_over_time_are_those_of_python(db: Database, sol: Row, days: int, step: int) -> None:
    filters = asked(**record(sol, days))
    due = [b for b in raw(db, "bookings", sol) if b["starts_at"] < NOW and b["confirmed_at"]]
    written = raw(db, "reviews", sol)
    cancelled = own(provider_series.cancellations(db, filters))
    rated = own(provider_series.rating(db, filters))
    assert len(cancelled) == len(rated) == days // step
    for place, (rate, stars) in enumerate(zip(cancelled, rated, strict=True)):
        piece = days // step - 1 - place
        mine = [b["status"] for b in due if days_back(b["starts_at"]) // step == piece]
        share = 100 * mine.count("cancelled") / len(mine) if mine else float("nan")
        assert rate == pytest.approx(share, nan_ok=True)
        given = [r["rating"] for r in written if days_back(r["created_at"]) // step == piece]
        average = sum(given) / len(given) if given else float("nan")
        assert stars == pytest.approx(average, nan_ok=True)


def test_pieces_are_local_days_of_equal_length_that_end_today(db: Database, sol: Row) -> None:
    found = provider_series.earnings(db, asked(**record(sol, 90)))
    starts = [at.astimezone(ZONE) for at in found[found["series"] == "own"]["at"]]
    assert {(each.hour, each.minute) for each in starts} == {(0, 0)}
    assert {(after - at).days for at, after in pairwise(starts)} == {5}
    assert (starts[0].date(), starts[-1].date()) == (date(2026, 8, 23), date(2026, 11, 16))


def test_occupancy_over_time_is_booked_of_offered_minutes(db: Database, sol: Row) -> None:
    filters = asked(**record(sol))
    held = ("confirmed", "completed", "no_show")
    minutes = [
        30 * (days_back(b["starts_at"]) // 5 == piece)
        for b in raw(db, "bookings", sol)
        if b["status"] in held
        for piece in range(6)
    ]
    shown = own(provider_series.occupancy(db, filters))
    assert sum(shown) / 6 == pytest.approx(100 * sum(minutes) / (700 * 30 / 7))
    assert sum(shown) / 6 == pytest.approx(provider_record.occupancy(db, filters).value, rel=1e-3)


def test_hours_count_what_was_not_cancelled_on_the_local_clock(db: Database, sol: Row) -> None:
    found = provider_series.hours(db, asked(**record(sol)))
    starts = [
        b["starts_at"].astimezone(ZONE)
        for b in raw(db, "bookings", sol)
        if b["status"] != "cancelled" and -1 < days_back(b["starts_at"]) < 30
    ]
    assert len(found) == 168
    assert found["bookings"].sum() == len(starts)
    cell = found[(found["day"] == "fri") & (found["hour"] == 12)]["bookings"].iloc[0]
    assert cell == sum((at.isoweekday(), at.hour) == (5, 12) for at in starts)


def test_it_stands_beside_the_median_and_the_best_tenth_of_its_kind(db: Database, sol: Row) -> None:
    filters = asked(**record(sol, 90))
    found = provider_record.against(db, filters)
    assert list(found["name"]) == ["Sol", "Market median", "Top decile"]
    assert found["bookings"].tolist()[0] == 90
    assert found["bookings"].tolist()[1] == pytest.approx((60 + 90) / 2)
    lines = provider_series.bookings(db, filters)
    for series, place in (("median", 1), ("top", 2)):
        drawn = lines[lines["series"] == series]["value"].sum()
        assert drawn == pytest.approx(found["bookings"].iloc[place])
    card = provider_record.card(db, filters)
    assert (card.name, card.kind, card.city, card.province) == (
        "Sol", "barber", "Tandil", "Buenos Aires",
    )  # fmt: skip
    assert (card.place, card.places) == (1, 4)


def test_a_provider_that_earns_in_another_currency_has_no_line_in_this_one(
    db: Database, sol: Row
) -> None:
    assert provider_series.earnings(db, asked(**record(sol, currency="USD"))).empty
    assert not provider_series.earnings(db, asked(**record(sol))).empty


@pytest.mark.parametrize("number", ["0", "999999", "9" * 18, "1 or 1=1", "-1", ""])
def test_a_number_that_nobody_has_is_answered_with_nothing(
    db: Database, sol: Row, number: str
) -> None:
    filters = asked(provider=number)
    assert sol["id"] != number
    assert provider_record.card(db, filters).name is None
    for figure in (
        provider_record.earnings, provider_record.bookings, provider_record.occupancy,
        provider_record.rating, provider_record.cancellations, provider_record.response,
    ):  # fmt: skip
        assert figure(db, filters).value is None
    for series in (
        provider_record.against, provider_series.earnings, provider_series.bookings,
        provider_series.occupancy, provider_series.cancellations, provider_series.rating,
        provider_series.hours, provider_series.stars,
    ):  # fmt: skip
        assert series(db, filters).empty


def test_one_without_anything_has_a_name_and_no_ratios(db: Database) -> None:
    row = factories.provider(db, created_at=NOW - timedelta(days=1))
    assert provider_scores.score(db, ZONE, now=NOW)
    filters = asked(**record(row))
    assert provider_record.card(db, filters).name == row["name"]
    assert provider_record.earnings(db, filters).value is None
    assert provider_record.bookings(db, filters).value == 0
    assert own(provider_series.bookings(db, filters)) == [0.0] * 30
    assert provider_series.hours(db, filters).empty
