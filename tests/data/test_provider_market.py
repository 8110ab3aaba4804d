"""What is usual among providers, against medians and percentiles of Python."""

from collections.abc import Iterable
from statistics import median

import numpy as np
import pytest

from data import provider_figures
from data.database import Database
from data.provider_market import BETTER_BELOW, MEASURES
from services.rollups import provider_market
from tests import factories
from tests.data import provider_rows as world
from tests.data.provider_rows import NOW, ZONE, asked
from tests.factories import Row

PARTS = {
    "occupancy_pct": ("booked_minutes", "offered_minutes"),
    "cancelled_pct": ("cancelled", "appointments"),
}


@pytest.fixture
def rows(db: Database, db_url: str) -> list[Row]:
    found = world.random_scores(db, db_url, 90, seed=4)
    with db.write() as tx:
        provider_market.keep(tx, (30,), zone=ZONE, now=NOW)
    return found


def known(rows: Iterable[Row], measure: str, currency: str = "ARS") -> list[float]:
    """Values of the active providers of whom the measure is known."""
    return [
        float(row[measure])
        for row in rows
        if row["bookings"] and row[measure] is not None
        and (measure != "earnings" or row["currency"] == currency)
    ]  # fmt: skip


def test_medians_and_deciles_are_those_of_python_for_every_region_and_kind(
    db: Database, rows: list[Row]
) -> None:
    kept = db.frame(world.MARKET)
    codes: dict[int, str] = dict(db.frame(world.PROVINCES)[["id", "iso"]].itertuples(index=False))
    assert len(kept) > 4 * 4 * len(MEASURES) * 0.9
    for row in kept.to_dict("records"):
        mine = [
            each
            for each in rows
            if row["region"] in {"", codes[each["province"]]} and row["kind"] in {"", each["kind"]}
        ]
        values = known(mine, row["measure"], row["currency"] or "ARS")
        best = 10 if row["measure"] in BETTER_BELOW else 90
        assert row["providers"] == len(values)
        assert row["median"] == pytest.approx(median(values))
        assert row["top_decile"] == pytest.approx(np.percentile(values, best))


@pytest.mark.parametrize("kind", ["", "salon"])
def test_key_figures_of_all_and_of_a_tenant_follow_one_definition(
    db: Database, rows: list[Row], kind: str
) -> None:
    tenant = next(row["organization_id"] for row in rows if row["organization_id"])
    for chosen in (None, tenant):
        mine = [
            row
            for row in rows
            if kind in {"", row["kind"]} and chosen in {None, row["organization_id"]}
        ]
        active = [row for row in mine if row["bookings"]]
        filters = asked(tenant=chosen, kind=kind)
        assert provider_figures.active(db, filters).value == len(active)
        earned = provider_figures.earnings(db, filters)
        assert (earned.value, earned.unit) == (median(known(mine, "earnings")), "ARS minor")
        occupied = provider_figures.occupancy(db, filters).value
        assert occupied == pytest.approx(median(known(mine, "occupancy_pct")))
        cancelled = provider_figures.cancellations(db, filters)
        parts = [sum(row[name] for row in active) for name in PARTS["cancelled_pct"]]
        assert [cancelled.numerator, cancelled.denominator] == parts
        assert cancelled.value == pytest.approx(100 * parts[0] / parts[1])
        stars = [(row["rating"], row["reviews"]) for row in active if row["rating"]]
        average = sum(r * n for r, n in stars) / sum(n for _, n in stars)
        assert provider_figures.rating(db, filters).value == pytest.approx(average)


def test_another_currency_has_a_median_of_its_own(db: Database, rows: list[Row]) -> None:
    found = provider_figures.earnings(db, asked(currency="USD"))
    assert found.value == median(known(rows, "earnings", "USD"))
    assert found.unit == "USD minor"


def test_without_scores_nothing_is_known_and_nothing_is_zero(db: Database) -> None:
    filters = asked()
    assert provider_figures.active(db, filters).value == 0
    for figure in (provider_figures.earnings, provider_figures.occupancy, provider_figures.rating):
        assert figure(db, filters).value is None
    assert provider_figures.cancellations(db, filters).value is None
    assert provider_figures.scored(db, filters).scored_at is None
    assert provider_figures.joined(db, filters).value == 0


def test_what_was_usual_goes_when_nobody_is_active_any_more(db: Database, rows: list[Row]) -> None:
    assert rows
    with db.write() as tx:
        tx.execute(world.NOBODY)
        provider_market.keep(tx, (30,), zone=ZONE, now=NOW)
    assert db.frame(world.MARKET).empty


def test_windows_that_do_not_exist_are_the_usual_one(db: Database) -> None:
    factories.provider(db)
    for nonsense in ("31", "0", "'; --", "9" * 80):
        assert provider_figures.window_days(asked(window=nonsense)) == 30
        assert provider_figures.chosen_kind(asked(kind=nonsense)) == ""
