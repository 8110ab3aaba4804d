"""How new providers begin, against plain Python over the raw rows."""

import random
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final

import pytest

from data import provider_cohorts, provider_figures
from data.database import Database
from services import rollups
from services.rollups import provider_scores
from tests import factories
from tests.data.provider_rows import NOW, ZONE, asked
from tests.factories import Row

TODAY: Final = date(2026, 11, 20)
NET: Final = 800_000 - 80_000


@pytest.fixture
def rows(db: Database) -> list[Row]:
    """Twenty-four providers that joined within the latest year, booked and sold since."""
    rng = random.Random(3)  # noqa: S311 - reproducible, not secret
    tenant = factories.organization(db)["id"]
    found = []
    for n in range(24):
        joined = NOW - timedelta(days=rng.randrange(330), hours=rng.randrange(24))
        row = factories.provider(
            db, created_at=joined, kind=("barber", "clinic")[n % 2],
            organization_id=tenant if n % 3 == 0 else None,
        )  # fmt: skip
        factories.service(db, provider_id=row["id"])
        times = [joined + timedelta(days=rng.randrange(1, 130)) for _ in range(rng.randrange(5))]
        past = sorted(at for at in times if at < NOW)
        for at in past:
            factories.booking(db, provider_id=row["id"], created_at=at)
            factories.payment(db, provider_id=row["id"], created_at=at, approved_at=at)
        found.append(row | {"joined": _day(joined), "days": [_day(at) for at in past]})
    rollups.refresh(db, ZONE, now=NOW)
    assert provider_scores.score(db, ZONE, now=NOW)
    return found


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def earned(row: Row, days: int) -> int:
    end: date = row["joined"] + timedelta(days=days)
    return NET * len([day for day in row["days"] if day < end])


@pytest.mark.parametrize("kind", ["", "clinic"])
def test_every_cohort_is_that_of_python(db: Database, rows: list[Row], kind: str) -> None:
    found = provider_cohorts.cohorts(db, asked(kind=kind)).to_dict("records")
    mine = [row for row in rows if kind in {"", row["kind"]}]
    first = min(row["joined"] for row in mine)
    assert [each["month"] for each in found][:3] == ["2026-11", "2026-10", "2026-09"]
    assert [each["month"] for each in found][-1] == f"{first:%Y-%m}"
    assert sum(each["joined"] for each in found) == len(mine)
    for each in found:
        cohort = [row for row in mine if f"{row['joined']:%Y-%m}" == each["month"]]
        ripe = [row for row in cohort if row["joined"] + timedelta(days=30) <= TODAY]
        quick = [r for r in ripe if r["days"] and (r["days"][0] - r["joined"]).days < 30]
        assert (each["joined"], each["had_30"], each["booked"]) == (
            len(cohort), len(ripe), len(quick),
        )  # fmt: skip
        share = 100 * len(quick) / len(ripe) if ripe else float("nan")
        assert each["booked_pct"] == pytest.approx(share, nan_ok=True)
        waits = [(row["days"][0] - row["joined"]).days for row in cohort if row["days"]]
        assert each["sold"] == len(waits)
        wait = float(median(waits)) if waits else float("nan")
        assert each["days_to_sale"] == pytest.approx(wait, nan_ok=True)
        for days in (30, 60, 90):
            over = [row for row in cohort if row["joined"] + timedelta(days=days) <= TODAY]
            middle = float(median(earned(r, days) for r in over)) if over else float("nan")
            assert each[f"earnings_{days}"] == pytest.approx(middle, nan_ok=True)


def test_kinds_months_and_shares_agree_with_the_cohorts(db: Database, rows: list[Row]) -> None:
    found = provider_cohorts.joined(db, asked())
    assert found["value"].sum() == len(rows)
    assert set(found["series"]) == {"barber", "clinic"}
    cohorts = provider_cohorts.cohorts(db, asked())
    assert len(found) == 2 * len(cohorts)
    shares = provider_cohorts.booked(db, asked())
    assert list(shares["at"]) == list(cohorts["at"])[::-1]
    assert shares["value"].dropna().tolist() == cohorts["booked_pct"][::-1].dropna().tolist()


def test_new_providers_are_those_that_joined_on_a_day_of_the_window(
    db: Database, rows: list[Row]
) -> None:
    for days in (7, 30, 90):
        figure = provider_figures.joined(db, asked(window=str(days)))
        first = TODAY - timedelta(days=days - 1)
        assert figure.value == sum(row["joined"] >= first for row in rows)
        assert len(figure.spark) == days
    tenant = rows[0]["organization_id"]
    mine = [row for row in rows if row["organization_id"] == tenant]
    assert provider_cohorts.cohorts(db, asked(tenant=tenant))["joined"].sum() == len(mine)


def test_who_joined_today_is_no_failure_and_sells_later(db: Database, rows: list[Row]) -> None:
    row = factories.provider(db, created_at=NOW - timedelta(minutes=5), kind="salon")
    assert provider_scores.score(db, ZONE, now=NOW)
    cohort = provider_cohorts.cohorts(db, asked(kind="salon")).iloc[0]
    assert (cohort["joined"], cohort["had_30"], cohort["sold"]) == (1, 0, 0)
    assert cohort[["booked_pct", "days_to_sale", "earnings_30"]].isna().all()
    later = NOW + timedelta(days=3)
    factories.booking(db, provider_id=row["id"], created_at=later)
    factories.payment(db, provider_id=row["id"], created_at=later, approved_at=later)
    soon = later + timedelta(hours=1)
    rollups.refresh(db, ZONE, now=soon)
    assert provider_scores.score(db, ZONE, now=soon)
    cohort = provider_cohorts.cohorts(db, asked(kind="salon", now=soon)).iloc[0]
    assert (cohort["sold"], cohort["days_to_sale"]) == (1, 3)
    assert rows


def test_without_providers_there_is_no_cohort(db: Database) -> None:
    assert provider_cohorts.cohorts(db, asked()).empty
    assert provider_cohorts.joined(db, asked()).empty
    assert provider_cohorts.booked(db, asked()).empty


def test_the_first_thirty_days_are_over_when_the_thirtieth_has_come(db: Database) -> None:
    for back in (29, 30, 40):
        joined = NOW - timedelta(days=back)
        row = factories.provider(db, created_at=joined, kind="salon")
        for day in (29, 30):
            if day <= back:
                at = joined + timedelta(days=day, minutes=-1)
                factories.booking(db, provider_id=row["id"], created_at=at)
                factories.payment(db, provider_id=row["id"], created_at=at, approved_at=at)
    rollups.refresh(db, ZONE, now=NOW)
    assert provider_scores.score(db, ZONE, now=NOW)
    found = provider_cohorts.cohorts(db, asked(kind="salon"))
    cohort = found[found["month"] == "2026-10"].iloc[0]
    assert (cohort["joined"], cohort["had_30"], cohort["booked"]) == (3, 2, 2)
    assert cohort["earnings_30"] == NET
