"""The Overview's figures, each recomputed from the raw rows with pandas."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame, Timestamp
from sqlalchemy import text

from data import overview
from data.answers import KeyFigure
from data.cache import Question
from data.database import Database
from data.period import Filters, Period, Selection
from tests import factories
from tests.factories import NOW

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
TODAY = Selection("today").at(NOW, ZONE)
MIDNIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)
WEEK = timedelta(days=7)
REGIONS, DEVICES, REFERRALS = ("AR-B", "AR-X"), ("mobile", "desktop"), ("direct", "whatsapp")


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    """Two days, today and a week earlier, of sessions, some booked, some paid. Only read from."""
    db = Database(new_database(), pool_size=3)
    _fill(db)
    yield db
    db.dispose()


def _fill(db: Database) -> None:
    random = np.random.default_rng(7)
    provider = factories.provider(db)["id"]
    for number in range(160):
        day = MIDNIGHT - WEEK * (number % 2)
        at = day + timedelta(seconds=int(random.integers(0, 13 * 3600)))
        seen = {
            "province": str(random.choice(REGIONS)),
            "device": str(random.choice(DEVICES)),
            "referral": str(random.choice(REFERRALS)),
            "tenant": int(random.integers(0, 3)),
        }
        ids = {"visitor_id": number % 40, "session_id": number}
        factories.session(db, started_at=at, **ids, **seen)
        if random.random() < 0.5:
            _book(db, at, {**ids, **seen, "provider_id": provider}, random)


def _book(
    db: Database, at: datetime, shared: dict[str, object], random: np.random.Generator
) -> None:
    booking = factories.booking(db, created_at=at + timedelta(minutes=4), **shared)
    del shared["session_id"]
    for _ in range(int(random.integers(0, 3))):
        approved = at + timedelta(minutes=float(random.integers(5, 90)))
        is_approved = random.random() < 0.7
        factories.payment(
            db,
            booking_id=booking["id"],
            created_at=at + timedelta(minutes=5),
            status=str(random.choice(["approved", "refunded"])) if is_approved else "rejected",
            approved_at=approved if is_approved else None,
            amount_minor=int(random.integers(1, 10_000)),
            currency=str(random.choice(["ARS", "ARS", "USD"])),
            **shared,
        )


def rows(db: Database, table: str) -> DataFrame:
    return db.frame(
        text(
            f"select t.*, iso, devices.code as device_code, referrals.code as referral_code "  # noqa: S608
            f"from {table} as t join provinces on provinces.id = t.province "
            "join devices on devices.id = t.device join referrals on referrals.id = t.referral"
        )
    )


def chosen(found: DataFrame, selection: Selection) -> DataFrame:
    for column, value in (
        ("iso", selection.region),
        ("device_code", selection.device),
        ("referral_code", selection.referral),
        ("tenant", selection.tenant),
    ):
        if value is not None:
            found = found[found[column] == value]
    return found


def within(found: DataFrame, column: str, period: Period) -> DataFrame:
    at = found[column]
    return found[(at >= Timestamp(period.since)) & (at < Timestamp(period.until))]


def converted(db: Database, selection: Selection, period: Period) -> tuple[int, int]:
    sessions = within(chosen(rows(db, "sessions"), selection), "started_at", period)
    paid = within(rows(db, "payments"), "approved_at", period)
    booked = rows(db, "bookings").set_index("id")
    keys = {
        (booked.loc[number, "visitor_id"], booked.loc[number, "session_id"])
        for number in paid["booking_id"]
    }
    made = [
        pair in keys for pair in zip(sessions["visitor_id"], sessions["session_id"], strict=True)
    ]
    return sum(made), len(made)


SELECTIONS = [
    Selection("today"),
    Selection("today", "previous"),
    Selection("today", region="AR-B"),
    Selection("today", device="mobile", referral="whatsapp"),
    Selection("today", tenant=2),
    Selection("today", region="AR-Z"),
    Selection("today", device="nonsense"),
    Selection("7d", "yesterday"),
    Selection("2026-11-13..2026-11-20"),
]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_bookings_equal_the_rows_of_the_period_and_of_the_comparison(
    busy: Database, selection: Selection
) -> None:
    filters = selection.at(NOW, ZONE)
    made = chosen(rows(busy, "bookings"), selection)

    found = overview.bookings(busy, filters)

    period = Period(filters.period.since, filters.now)
    assert found.value == len(within(made, "created_at", period)) == sum(found.spark)  # type: ignore[arg-type]  # no None
    assert filters.comparison is not None
    assert filters.now_before is not None
    before = Period(filters.comparison.since, filters.now_before)
    assert found.previous == len(within(made, "created_at", before))


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_revenue_equals_the_approved_pesos_and_no_other_money(
    busy: Database, selection: Selection
) -> None:
    filters = selection.at(NOW, ZONE)
    period = Period(filters.period.since, filters.now)
    paid = within(chosen(rows(busy, "payments"), selection), "approved_at", period)

    found = overview.revenue(busy, filters)
    by_currency = overview.revenue_by_currency(busy, filters)

    assert found.unit == "ARS minor"
    assert found.value == paid[paid["currency"] == "ARS"]["amount_minor"].sum()
    expected = paid.groupby("currency")["amount_minor"].agg(["sum", "count"])
    assert {one.currency: (one.amount_minor, one.payments) for one in by_currency} == {
        str(currency): (total, count) for currency, total, count in expected.itertuples(name=None)
    }


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_conversion_counts_sessions_whose_booking_was_paid_in_time(
    busy: Database, selection: Selection
) -> None:
    filters = selection.at(NOW, ZONE)
    assert filters.comparison is not None
    assert filters.now_before is not None

    found = overview.conversion(busy, filters)

    made, begun = converted(busy, selection, Period(filters.period.since, filters.now))
    assert (found.numerator, found.denominator) == (made, begun)
    assert found.value == (pytest.approx(100 * made / begun) if begun else None)
    before = Period(filters.comparison.since, filters.now_before)
    made, begun = converted(busy, selection, before)
    assert found.previous == (pytest.approx(100 * made / begun) if begun else None)


def test_the_business_currency_comes_first_and_decides_about_revenue(busy: Database) -> None:
    filters = Selection("today").at(NOW, ZONE, "USD")

    found = overview.revenue_by_currency(busy, filters)

    assert [one.currency for one in found] == ["USD", "ARS"]
    assert overview.revenue(busy, filters).value == found[0].amount_minor
    assert overview.revenue(busy, filters).unit == "USD minor"


def test_a_row_at_the_start_counts_and_one_at_the_end_does_not(db: Database) -> None:
    for at in (MIDNIGHT, NOW):
        factories.booking(db, created_at=at - timedelta(microseconds=1))
        factories.booking(db, created_at=at)
        factories.payment(db, approved_at=at, amount_minor=100 if at == NOW else 7)
        factories.session(db, started_at=at)
    factories.booking(db, created_at=MIDNIGHT)

    assert overview.bookings(db, TODAY).value == 3
    assert overview.revenue(db, TODAY).value == 7
    assert overview.conversion(db, TODAY).denominator == 1


def test_a_payment_after_the_same_time_last_week_is_not_held_against_today(db: Database) -> None:
    for at in (NOW, NOW - WEEK):
        session = factories.session(db, started_at=at - timedelta(minutes=10))
        booking = factories.booking(
            db, session_id=session["session_id"], created_at=at - timedelta(minutes=9)
        )
        factories.payment(db, booking_id=booking["id"], approved_at=at + timedelta(minutes=1))

    found = overview.conversion(db, TODAY)

    assert (found.value, found.previous) == (0, 0)


def test_a_session_paid_twice_converts_once(db: Database) -> None:
    session = factories.session(db, started_at=NOW - timedelta(hours=1))
    for _ in range(2):
        booking = factories.booking(
            db, session_id=session["session_id"], created_at=NOW - timedelta(minutes=50)
        )
        factories.payment(db, booking_id=booking["id"], approved_at=NOW - timedelta(minutes=45))

    found = overview.conversion(db, TODAY)

    assert (found.numerator, found.denominator, found.value) == (1, 1, 100)


def test_active_is_who_was_seen_in_the_last_five_minutes(db: Database) -> None:
    for started, seen in ((60, 4.9), (60, 5), (3, 1), (6 * 60, 1), (7 * 60, 1), (-1, -1)):
        for at in (NOW, NOW - WEEK) if seen == 1 else (NOW,):
            factories.session(
                db,
                started_at=at - timedelta(minutes=started),
                last_seen_at=at - timedelta(minutes=seen),
            )

    found = overview.active_sessions(db, TODAY)

    assert (found.value, found.previous) == (2, 1)


Curve = Question[Database, DataFrame]
Figure = Question[Database, KeyFigure]


@pytest.mark.parametrize(
    ("curve", "figure"),
    [
        (overview.bookings_curve, overview.bookings),
        (overview.revenue_curve, overview.revenue),
    ],
)
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_a_curve_never_falls_and_ends_now_at_the_key_figure(
    busy: Database, curve: Curve, figure: Figure, selection: Selection
) -> None:
    filters = selection.at(NOW, ZONE)

    found = curve(busy, filters)

    assert found["value"].is_monotonic_increasing
    assert found["value"].iloc[0] == 0
    assert found["value"].iloc[-1] == figure(busy, filters).value
    assert found["at"].iloc[0] == filters.period.since
    assert found["at"].iloc[-1] == filters.now
    assert found["at"].is_unique
    assert len(found) <= 250


def test_a_curve_counts_each_hour_of_the_day(db: Database) -> None:
    for minutes in (0, 59, 60, 61, 150):
        factories.booking(db, created_at=MIDNIGHT + timedelta(minutes=minutes))

    found = overview.bookings_curve(db, TODAY)

    assert found["value"].tolist()[:5] == [0, 2, 4, 5, 5]
    assert found["at"].diff().dropna().eq(pd.Timedelta(hours=1)).all()


def test_nothing_at_all_is_zero_bookings_but_an_unknown_conversion(db: Database) -> None:
    assert overview.bookings(db, TODAY).value == 0
    assert overview.bookings(db, TODAY).previous == 0
    assert overview.revenue(db, TODAY).value == 0
    assert overview.revenue_by_currency(db, TODAY) == []
    assert overview.conversion(db, TODAY).value is None
    assert overview.conversion(db, TODAY).denominator == 0
    assert overview.active_sessions(db, TODAY).value == 0


def test_without_a_comparison_there_is_nothing_before(db: Database) -> None:
    filters = Selection("today", "none").at(NOW, ZONE)
    for asked in (overview.bookings, overview.revenue, overview.active_sessions):
        assert asked(db, filters).previous is None


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 1, 23, tzinfo=NEW_YORK), 24),
        (datetime(2026, 3, 8, 23, tzinfo=NEW_YORK), 22),
    ],
)
def test_today_has_the_hours_that_the_clock_change_leaves_it(
    db: Database, now: datetime, hours: int
) -> None:
    filters = Selection("today").at(now, NEW_YORK)
    midnight = now.replace(hour=0).astimezone(UTC)
    for at in (midnight - timedelta(seconds=1), midnight, now.astimezone(UTC)):
        factories.booking(db, created_at=at)

    curve = overview.bookings_curve(db, filters)

    assert len(curve) - 1 == hours
    assert overview.bookings(db, filters).value == 1


def test_the_same_time_last_week_is_the_same_time_on_the_clock(db: Database) -> None:
    now = datetime(2026, 11, 4, 12, tzinfo=NEW_YORK)  # the clocks went back on the first
    for hour in (11, 12, 13):
        at = datetime(2026, 10, 28, hour, 30, tzinfo=NEW_YORK)
        factories.booking(db, created_at=at.astimezone(UTC))

    assert overview.bookings(db, Selection("today").at(now, NEW_YORK)).previous == 1


def test_a_range_of_days_that_includes_today_is_compared_as_far_as_it_has_come(
    busy: Database,
) -> None:
    filters = Selection("2026-11-20..2026-11-20").at(NOW, ZONE)

    assert overview.bookings(busy, filters) == replaced(overview.bookings(busy, TODAY), filters)
    assert overview.active_sessions(busy, filters) == overview.active_sessions(busy, TODAY)


def replaced(figure: KeyFigure, filters: Filters) -> KeyFigure:
    """The same figure with the spark of other filters: a longer period has longer buckets."""
    bucket_s = filters.period.step_s(overview.SPARK_POINTS)
    joined = int(bucket_s / TODAY.period.step_s(overview.SPARK_POINTS))
    parts = [figure.spark[at : at + joined] for at in range(0, len(figure.spark), joined)]
    spark = tuple(float(sum(part)) for part in parts)  # type: ignore[arg-type]  # counts have no None
    return KeyFigure(figure.value, figure.previous, spark, figure.unit)


ASKED: list[Callable[[Database, Filters], object]] = [
    overview.bookings,
    overview.revenue,
    overview.conversion,
    overview.active_sessions,
    overview.bookings_curve,
]


@pytest.mark.parametrize("asked", ASKED)
def test_a_filter_made_of_sql_does_nothing(
    busy: Database, asked: Callable[[Database, Filters], object]
) -> None:
    evil = "x'); drop table bookings; --"
    asked(busy, Selection("today", region=evil, device=evil, referral=evil).at(NOW, ZONE))
    assert busy.scalar(text("select count(*) from bookings"))
