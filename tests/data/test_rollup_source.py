"""Money of any window: cells in the middle, payments at both ends, exact to the microsecond."""

import random
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from data import rollup_source
from data.database import Database
from data.period import Filters, Period, Selection
from services import rollups
from tests import factories
from tests.factories import NOW, Row
from tests.plans import ExplainingDatabase

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
MIDNIGHT: Final = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
EDGES: Final = (MIDNIGHT, MIDNIGHT + timedelta(days=1), MIDNIGHT + timedelta(hours=1))
"""Where whole cells begin and end: a payment of that very moment is counted once."""
SUMS: Final = """
    -- tests.rollup_source.{unit}
    with /* money */
    select coalesce(sum(sales), 0)::bigint as sales, coalesce(sum(gross), 0)::bigint as gross,
        coalesce(sum(commission), 0)::bigint as commission,
        coalesce(sum(refunds), 0)::bigint as refunds,
        coalesce(sum(refunded), 0)::bigint as refunded,
        coalesce(sum(charged_back), 0)::bigint as charged_back,
        count(distinct {unit}) as units
    from money
"""
BY_DAY: Final = rollup_source.by_day(SUMS.format(unit="day"))
BY_HOUR: Final = rollup_source.by_hour(SUMS.format(unit="hour"))


@pytest.fixture
def payments(db: Database) -> list[Row]:
    rng = random.Random(3)  # noqa: S311 - a seeded stream is not cryptography
    rows = [_payment(db, rng, NOW - timedelta(seconds=rng.randrange(518_400))) for _ in range(150)]
    rows += [_payment(db, rng, at) for at in EDGES for _ in range(5)]
    rollups.refresh(db, ZONE, now=NOW)
    return rows


def _payment(db: Database, rng: random.Random, created: datetime) -> Row:
    later = created + timedelta(seconds=rng.randrange(90_000))
    returned = rng.choice((None, None, created, later))
    seen = {
        "province": rng.choice(("AR-B", "AR-X")),
        "device": rng.choice(("mobile", "desktop")),
        "referral": rng.choice(("direct", "google")),
    }
    row = factories.payment(
        db, created_at=created, approved_at=rng.choice((None, created, created)),
        refunded_at=returned, refunded_minor=rng.randrange(800_000) if returned else 0,
        status=rng.choice(("refunded", "charged_back")) if returned else "approved",
        tenant=rng.choice((0, 3)), currency=rng.choice(("ARS", "ARS", "USD")), **seen,
    )  # fmt: skip
    return row | seen


SELECTIONS: Final = (
    Selection(),
    Selection(region="AR-X"),
    Selection(device="mobile", referral="google"),
    Selection(tenant=3),
    Selection(tenant=3, region="AR-B"),
)


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_days_and_hours_of_any_window_sum_to_its_payments(
    db: Database, payments: list[Row], selection: Selection
) -> None:
    for since, until in _windows():
        filters = Filters(Period(since, until), selection, ZONE)
        by_day = db.frame(BY_DAY, **rollup_source.day_values(filters)).iloc[0].to_dict()
        by_hour = db.frame(BY_HOUR, **rollup_source.hour_values(filters)).iloc[0].to_dict()
        expected = _expected(payments, filters)
        assert {key: by_day[key] for key in expected} == expected, (since, until)
        assert {key: by_hour[key] for key in expected} == expected, (since, until)


def _windows() -> list[tuple[datetime, datetime]]:
    """Whole days, parts of one day or hour, over midnight, odd seconds, nothing at all."""
    midnight = MIDNIGHT
    odd = timedelta(hours=7, minutes=13, seconds=11, microseconds=7)
    return [
        (midnight, midnight + timedelta(days=2)),
        (midnight - timedelta(days=3), NOW),
        (midnight - odd, midnight + timedelta(days=1) + odd),
        (midnight + odd, midnight + odd + timedelta(minutes=20)),
        (midnight - timedelta(minutes=90), midnight + timedelta(minutes=90)),
        (midnight, midnight),
        (midnight, midnight + timedelta(days=1, hours=1)),
        (NOW - timedelta(days=300), NOW - timedelta(days=200)),
    ]


def _expected(payments: list[Row], filters: Filters) -> dict[str, int]:
    chosen, window = filters.selection, filters.period
    rows = [row for row in payments if row["currency"] == "ARS" and _fits(row, chosen)]
    sold = [row for row in rows if _within(row["approved_at"], window)]
    back = [row for row in rows if row["refunded_minor"] and _within(row["refunded_at"], window)]
    disputed = [row for row in back if row["status"] == "charged_back"]
    return {
        "sales": len(sold),
        "gross": sum(row["amount_minor"] for row in sold),
        "commission": sum(row["commission_minor"] for row in sold),
        "refunds": len(back),
        "refunded": sum(row["refunded_minor"] for row in back),
        "charged_back": sum(row["refunded_minor"] for row in disputed),
    }


def _fits(row: Row, chosen: Selection) -> bool:
    wanted = {
        "province": chosen.region,
        "device": chosen.device,
        "referral": chosen.referral,
        "tenant": chosen.tenant,
    }
    return all(value is None or row[name] == value for name, value in wanted.items())


def _within(at: datetime | None, window: Period) -> bool:
    return at is not None and window.since <= at < window.until


def test_no_selection_reads_all_payments(db_url: str) -> None:
    explaining = ExplainingDatabase(db_url)
    for selection in SELECTIONS:
        filters = Filters(Period(NOW - timedelta(days=30), NOW), selection, ZONE)
        explaining.frame(BY_DAY, **rollup_source.day_values(filters))
        explaining.frame(BY_HOUR, **rollup_source.hour_values(filters))
    explaining.dispose()
    assert {seen.faults for seen in explaining.seen} == {()}


def test_days_are_those_of_another_zone_too_across_a_change_of_its_clocks(db: Database) -> None:
    chile = ZoneInfo("America/Santiago")  # goes an hour forward on 6 September 2026
    for hour in range(0, 72, 5):
        at = datetime(2026, 9, 5, 1, 30, tzinfo=UTC) + timedelta(hours=hour)
        factories.payment(db, created_at=at, approved_at=at)
    rollups.refresh(db, chile, now=NOW)
    selection = Selection(span="2026-09-05..2026-09-06")
    filters = selection.at(NOW, chile)
    assert filters.period.seconds == 47 * 3600
    values = rollup_source.day_values(filters)
    assert (values["head"], values["tail"]) == (filters.period.since, filters.period.until)
    assert db.frame(BY_DAY, **values)["sales"][0] == db.frame(
        BY_HOUR, **rollup_source.hour_values(filters)
    )["sales"][0]  # fmt: skip


def test_the_mark_must_stand_once() -> None:
    with pytest.raises(ValueError, match="once"):
        rollup_source.by_day("select 1")
