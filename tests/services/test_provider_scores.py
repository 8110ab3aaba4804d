"""Scores of providers against plain Python, and how they take each other's place."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import mean, median
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import text

from data.connection import libpq_url
from data.database import Database
from services import rollups
from services.rollups import provider_scores
from tests import factories
from tests.eventually import eventually
from tests.factories import Row

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
NOW: Final = factories.NOW
TODAY: Final = date(2026, 11, 20)
SCORES: Final = text("select * from provider_scores where window_days = :days order by provider_id")
WAITING: Final = text("select count(*) from pg_locks where not granted")
STATE: Final = text("select today, scored_at from provider_scores_state")


@dataclass(frozen=True)
class Score:
    """A row of provider_scores."""

    window_days: int
    provider_id: int
    currency: str | None
    currencies: int
    sales: int
    gross: int
    commission: int
    refunded: int
    earnings: int
    bookings: int
    appointments: int
    completed: int
    cancelled: int
    no_show: int
    booked_minutes: int
    offered_minutes: int
    occupancy_pct: float | None
    cancelled_pct: float | None
    no_show_pct: float | None
    reviews: int
    rating: float | None
    responses: int
    response_s: float | None


def scored(db: Database, days: int = 30, *, now: datetime = NOW) -> list[Score]:
    """Scores of a window, with the money of whatever payments there are."""
    rollups.refresh(db, ZONE, now=now)
    assert provider_scores.score(db, ZONE, now=now)
    return db.rows(SCORES, Score, days=days)


@pytest.fixture
def provider(db: Database) -> Row:
    """A provider for as long as any window, ten hours a week, with a service of half an hour."""
    long_ago = NOW - timedelta(days=400)
    row = factories.provider(db, weekly_minutes=600, created_at=long_ago)
    return row | {"service_id": factories.service(db, provider_id=row["id"])["id"]}


def booking(db: Database, provider: Row, status: str, **values: object) -> Row:
    """A booking of yesterday for an hour ago, confirmed after a minute."""
    made = NOW - timedelta(days=1)
    default = {"created_at": made, "confirmed_at": made + timedelta(minutes=1)}
    what = {"provider_id": provider["id"], "service_id": provider["service_id"]}
    when = {"starts_at": NOW - timedelta(hours=1)}
    return factories.booking(db, status=status, **default | what | when | values)


def test_a_provider_without_anything_has_a_row_and_no_ratios(db: Database) -> None:
    row = factories.provider(db, weekly_minutes=0)
    for days in (7, 30, 90):
        (score,) = scored(db, days)
        assert (score.provider_id, score.currency, score.gross, score.bookings) == (
            row["id"], None, 0, 0,
        )  # fmt: skip
        ratios = (score.occupancy_pct, score.cancelled_pct, score.no_show_pct)
        assert (*ratios, score.rating, score.response_s) == (None,) * 5


def test_each_outcome_is_counted_and_an_unpaid_booking_is_no_cancellation(
    db: Database, provider: Row
) -> None:
    for status in ("completed", "completed", "no_show", "cancelled", "confirmed"):
        booking(db, provider, status)
    booking(db, provider, "cancelled", confirmed_at=None)
    booking(db, provider, "pending", confirmed_at=None)
    (score,) = scored(db)
    assert (score.bookings, score.responses, score.appointments) == (7, 5, 5)
    assert (score.completed, score.cancelled, score.no_show) == (2, 1, 1)
    assert score.cancelled_pct == pytest.approx(20)
    assert score.no_show_pct == pytest.approx(100 / 3)
    assert score.booked_minutes == 4 * 30


def test_occupancy_counts_whole_days_so_what_is_booked_for_tonight_too(
    db: Database, provider: Row
) -> None:
    booking(db, provider, "confirmed", starts_at=NOW + timedelta(hours=5))
    booking(db, provider, "confirmed", starts_at=NOW + timedelta(hours=12))  # midnight: tomorrow
    (score,) = scored(db, 7)
    assert (score.appointments, score.booked_minutes, score.offered_minutes) == (0, 30, 600)
    assert score.occupancy_pct == pytest.approx(5)


def test_a_new_provider_offers_only_since_it_joined(db: Database) -> None:
    joined = NOW - timedelta(days=2)
    factories.provider(db, weekly_minutes=700, created_at=joined)
    factories.provider(db, weekly_minutes=700, created_at=NOW + timedelta(days=3))
    assert [score.offered_minutes for score in scored(db, 30)] == [300, 0]


def test_windows_begin_at_the_local_midnight_of_their_first_day(
    db: Database, provider: Row
) -> None:
    first = datetime(2026, 11, 14, 3, 0, tzinfo=UTC)  # seven days with today, midnight here
    for at in (first - timedelta(seconds=1), first):
        booking(db, provider, "completed", created_at=at, starts_at=at)
        made = booking(db, provider, "completed", created_at=NOW - timedelta(days=80))
        factories.insert(
            db, "reviews", booking_id=made["id"], provider_id=provider["id"], rating=5,
            created_at=at,
        )  # fmt: skip
        factories.payment(db, provider_id=provider["id"], created_at=at, approved_at=at)
    (week,), (month,) = scored(db, 7), scored(db, 30)
    assert (week.bookings, week.reviews, week.sales) == (1, 1, 1)
    assert (month.bookings, month.reviews, month.sales) == (2, 2, 2)


def test_earnings_are_what_is_left_of_sales_and_refunds_in_one_currency(
    db: Database, provider: Row
) -> None:
    at = NOW - timedelta(days=1)
    sold = {"provider_id": provider["id"], "created_at": at, "approved_at": at}
    factories.payment(db, **sold)
    factories.payment(
        db, **sold, status="refunded", refunded_at=NOW - timedelta(hours=1), refunded_minor=200_000
    )
    factories.payment(db, **sold, currency="USD", amount_minor=90_000_000)
    (score,) = scored(db)
    assert (score.currency, score.currencies, score.sales) == ("ARS", 2, 2)
    assert (score.gross, score.commission, score.refunded) == (1_600_000, 160_000, 200_000)
    assert score.earnings == 1_600_000 - 160_000 - 200_000 + 20_000


def test_every_figure_is_that_of_plain_python(db: Database) -> None:
    rng = random.Random(7)  # noqa: S311 - reproducible, not secret
    providers = [_random_provider(db, rng) for _ in range(4)]
    rows = [_random_booking(db, rng, rng.choice(providers)) for _ in range(60)]
    reviews = [_random_review(db, rng, row) for row in rows if rng.random() < 0.4]
    for days in (7, 30, 90):
        for score, provider in zip(scored(db, days), providers, strict=True):
            mine = [row for row in rows if row["provider_id"] == provider["id"]]
            written = [one for one in reviews if one["provider_id"] == provider["id"]]
            _check(score, mine, written, provider)


def _random_provider(db: Database, rng: random.Random) -> Row:
    joined = NOW - timedelta(days=rng.randrange(120))
    row = factories.provider(db, weekly_minutes=rng.choice((0, 1000)), created_at=joined)
    services = [
        factories.service(db, provider_id=row["id"], duration_min=rng.choice((20, 45)))
        for _ in range(2)
    ]
    return row | {"services": services}


def _random_booking(db: Database, rng: random.Random, provider: Row) -> Row:
    made = NOW - timedelta(hours=rng.randrange(24 * 110))
    service = rng.choice([*provider["services"], {"id": None, "duration_min": 0}])
    answered = rng.choice((None, made + timedelta(seconds=rng.randrange(-5, 9_000))))
    row = factories.booking(
        db, provider_id=provider["id"], service_id=service["id"], created_at=made,
        confirmed_at=answered, starts_at=made + timedelta(hours=rng.randrange(24 * 10)),
        status=rng.choice(("pending", "confirmed", "completed", "cancelled", "no_show")),
    )  # fmt: skip
    return row | {"minutes": service["duration_min"]}


def _random_review(db: Database, rng: random.Random, booked: Row) -> Row:
    return factories.insert(
        db, "reviews", booking_id=booked["id"], provider_id=booked["provider_id"],
        rating=rng.randrange(1, 6), created_at=booked["created_at"] + timedelta(days=1),
    )  # fmt: skip


def _check(score: Score, rows: list[Row], reviews: list[Row], provider: Row) -> None:
    days = [TODAY - timedelta(days=back) for back in range(score.window_days)]
    made = [row for row in rows if _day(row["created_at"]) in days and row["created_at"] < NOW]
    begun = [row for row in rows if _day(row["starts_at"]) in days]
    due = [row for row in begun if row["starts_at"] < NOW and row["confirmed_at"] is not None]
    outcomes = [row["status"] for row in due]
    waits = [
        max((row["confirmed_at"] - row["created_at"]).total_seconds(), 0)
        for row in made
        if row["confirmed_at"] is not None
    ]
    held = ("confirmed", "completed", "no_show")
    minutes = sum(row["minutes"] for row in begun if row["status"] in held)
    open_days = len([day for day in days if day >= _day(provider["created_at"])])
    offered = round(provider["weekly_minutes"] * open_days / 7 + 1e-9)
    stars = [
        one["rating"]
        for one in reviews
        if _day(one["created_at"]) in days and one["created_at"] < NOW
    ]
    assert (score.bookings, score.responses, score.appointments) == (
        len(made), len(waits), len(due),
    )  # fmt: skip
    counted = [outcomes.count(word) for word in ("completed", "cancelled", "no_show")]
    assert [score.completed, score.cancelled, score.no_show] == counted
    assert (score.booked_minutes, score.offered_minutes) == (minutes, offered)
    assert (score.reviews, score.rating) == (len(stars), _near(mean(stars) if stars else None))
    assert score.response_s == _near(median(waits) if waits else None)
    assert score.occupancy_pct == _near(100 * minutes / offered if offered else None)


def _near(value: float | None) -> Any:  # noqa: ANN401 - what approx gives has no type
    return None if value is None else pytest.approx(value)


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def test_readers_see_the_old_scores_until_the_new_ones_are_whole(
    db: Database, db_url: str, provider: Row
) -> None:
    booking(db, provider, "completed")
    (before,) = scored(db)
    booking(db, provider, "completed")
    with psycopg.connect(libpq_url(db_url)) as blocker, ThreadPoolExecutor(1) as pool:
        blocker.execute("select from provider_scores_state for update")
        scoring = pool.submit(provider_scores.score, db, ZONE, now=NOW)
        eventually(lambda: db.scalar(WAITING) == 1)
        assert db.rows(SCORES, Score, days=30) == [before]
        assert not provider_scores.score(db, ZONE, now=NOW), "another is at it"
        blocker.rollback()
        assert scoring.result(10)
    (after,) = db.rows(SCORES, Score, days=30)
    assert (before.completed, after.completed) == (1, 2)


def test_scores_are_made_again_when_they_are_old_of_another_day_or_without_the_first_sales(
    db: Database, provider: Row
) -> None:
    assert provider_scores.score_if_due(db, ZONE, now=NOW)
    assert not provider_scores.score_if_due(db, ZONE, now=NOW + timedelta(minutes=4))
    sold = NOW - timedelta(days=1)
    factories.payment(db, provider_id=provider["id"], created_at=sold, approved_at=sold)
    rollups.refresh(db, ZONE, now=NOW)
    assert provider_scores.score_if_due(db, ZONE, now=NOW + timedelta(minutes=4))
    assert not provider_scores.score_if_due(db, ZONE, now=NOW + timedelta(minutes=8))
    assert provider_scores.score_if_due(db, ZONE, now=NOW + timedelta(minutes=9))
    late, midnight = NOW + timedelta(hours=11, minutes=59), NOW + timedelta(hours=12)
    assert provider_scores.score_if_due(db, ZONE, now=late)
    assert provider_scores.score_if_due(db, ZONE, now=midnight)
    state = db.one(STATE, dict)
    assert state == {"today": date(2026, 11, 21), "scored_at": midnight}


def test_a_provider_that_is_gone_has_no_score(db: Database) -> None:
    gone = factories.provider(db)
    assert len(scored(db)) == 1
    with db.write() as tx:
        tx.execute(text("delete from providers where id = :id"), id=gone["id"])
    assert scored(db) == []
