"""Every jurisdiction's figures, recomputed in plain Python from the visits behind them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pandas import DataFrame
from sqlalchemy import text

from data import region_figures, regions
from data.database import Database
from data.period import Filters, Selection
from data.region_days import Days
from services import rollups
from tests import factories
from tests.data.region_visits import ZONE, Visit, asked, of, some_visits, within, write
from tests.factories import NOW

VISITS = some_visits()
ASKED = [
    asked(),
    asked("today", "yesterday"),
    asked("today", "last_week"),
    asked("30d", "none"),
    asked(device="mobile"),
    asked(region="AR-X", referral="whatsapp"),
    asked("2026-11-10..2026-11-12"),
    asked("6h", "yesterday"),
    asked(region="AR-Z"),
]
FIGURES = [
    region_figures.sessions,
    region_figures.paid,
    region_figures.conversion,
    region_figures.mobile,
    region_figures.revenue,
]


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    """Two weeks of visits. Only read from."""
    db = Database(new_database(), pool_size=3)
    write(db, VISITS)
    yield db
    db.dispose()


def counted(filters: Filters) -> dict[str, float]:
    """Sessions, paid bookings, revenue and phones of a window, one by one."""
    is_in, chosen = within(filters), of(VISITS, filters)
    begun = [each for each in chosen if is_in(each.at)]
    everyone = [each for each in of(VISITS, filters, any_device=True) if is_in(each.at)]
    last = Days.of(filters).cut
    return {
        "sessions": len(begun),
        "paid": sum(each.reached == 5 and not _too_late(each, filters, last) for each in begun),
        "mobile": sum(each.device == "mobile" for each in everyone),
        "everyone": len(everyone),
        "revenue": sum(
            paid.amount
            for each in chosen
            for paid in each.payments
            if paid.currency == "ARS" and is_in(paid.approved_at)
        ),
    }


def _too_late(visit: Visit, filters: Filters, cut: list[date]) -> bool:
    """Whether it paid after a window that cuts its day."""
    return visit.at.astimezone(ZONE).date() in cut and visit.when(5) >= filters.now


@pytest.mark.parametrize("filters", ASKED, ids=lambda f: str(f.key()))
def test_key_figures_equal_the_visits_of_the_period_and_of_the_comparison(
    busy: Database, filters: Filters
) -> None:
    now, compared = counted(filters), filters.compared()
    before = counted(compared) if compared else {}

    for figure, name in zip(FIGURES, ("sessions", "paid", "", "", "revenue"), strict=True):
        if name:
            found = figure(busy, filters)
            assert (found.value, found.previous) == (now[name], before.get(name))
            assert sum(found.spark) == now[name]  # type: ignore[arg-type]  # counts have no None
    conversion, mobile = (figure(busy, filters) for figure in FIGURES[2:4])
    assert (conversion.numerator, conversion.denominator) == (now["paid"], now["sessions"])
    assert (mobile.numerator, mobile.denominator) == (now["mobile"], now["everyone"])
    if before.get("everyone"):
        assert mobile.previous == pytest.approx(100 * before["mobile"] / before["everyone"])
    if before.get("sessions"):
        assert conversion.previous == pytest.approx(100 * before["paid"] / before["sessions"])


@pytest.mark.parametrize("filters", ASKED, ids=lambda f: str(f.key()))
def test_provinces_with_what_is_not_placed_add_up_to_the_whole(
    busy: Database, filters: Filters
) -> None:
    found = regions.provinces(busy, filters).set_index("region")

    if not found.empty:
        assert set(found.index) - {""} == {
            str(row) for row in busy.frame(text("select iso from provinces where iso <> ''"))["iso"]
        }
    for region in ("AR-B", "AR-X", "AR-S", "AR-T", "") if len(found) else ():
        narrowed = Selection(
            filters.selection.span,
            region=region,
            device=filters.selection.device,
            referral=filters.selection.referral,
        )
        expected = counted(narrowed.at(NOW, ZONE))
        row = found.loc[region] if region in found.index else None
        shown = (
            (row["sessions"], row["paid"], row["revenue_minor"]) if row is not None else (0,) * 3
        )
        assert shown == (expected["sessions"], expected["paid"], expected["revenue"])
    everywhere = Selection(
        filters.selection.span,
        device=filters.selection.device,
        referral=filters.selection.referral,
    )
    total = counted(everywhere.at(NOW, ZONE))
    assert found["sessions"].sum() == total["sessions"]
    assert found["paid"].sum() == total["paid"]
    assert found["revenue_minor"].sum() == total["revenue"]
    assert found["mobile"].sum() == total["mobile"]


@pytest.mark.parametrize("measure", regions.MEASURES)
def test_the_chosen_measure_ranks_compares_and_draws_the_provinces(
    busy: Database, measure: str
) -> None:
    filters = asked(measure=measure)
    column = {"paid": "paid", "revenue": "revenue_minor", "conversion": "conversion_pct"}

    found = regions.provinces(busy, filters)

    placed = found[found["region"] != ""]
    assert found["region"].iloc[-1] == ""
    assert placed["value"].dropna().is_monotonic_decreasing
    same = found[column.get(measure, "sessions")].astype("float64")
    assert found["value"].equals(same.rename("value"))
    assert all(len(trend) == 7 for trend in found["trend"])
    if measure == "conversion":
        assert found["cases"].equals(found["sessions"].astype("float64"))
        assert found["change_pct"].isna().all()  # all have fewer than 30 visits
    else:
        whole = found["trend"].map(sum) * (100 if measure == "revenue" else 1)
        assert np.allclose(whole, found["value"])
        assert _change_of(found, "AR-B") == pytest.approx(_expected_change(measure, "AR-B"))


def _change_of(found: DataFrame, region: str) -> float:
    return float(found.loc[found["region"] == region, "change_pct"].iloc[0])


def _expected_change(measure: str, region: str) -> float:
    filters = asked(region=region)
    compared = filters.compared()
    assert compared is not None
    now, before = counted(filters)[measure], counted(compared)[measure]
    return 100 * (now - before) / before


def test_what_was_paid_after_the_same_time_yesterday_is_not_held_against_today(
    db: Database,
) -> None:
    for day in (0, 1):
        for minutes in (20, 60):  # paid forty minutes later
            at = NOW - timedelta(days=day, minutes=minutes)
            write(db, [_plain(1000 * day + minutes, at, reached=5)])

    found = region_figures.paid(db, asked("today", "yesterday"))

    assert found.previous == 1
    assert region_figures.sessions(db, asked("today", "yesterday")).previous == 2


def test_change_is_unknown_without_a_comparison_and_from_nothing(busy: Database) -> None:
    assert regions.provinces(busy, asked(compare="none"))["change_pct"].isna().all()
    nowhere = regions.provinces(busy, asked()).set_index("region").loc["AR-Z"]
    assert np.isnan(nowhere["change_pct"])
    assert np.isnan(nowhere["conversion_pct"])
    assert nowhere["sessions"] == 0


def test_rates_change_by_enough_cases_only(db: Database) -> None:
    for day, paying in ((NOW - timedelta(days=1), 6), (NOW - timedelta(days=8), 3)):
        write(db, [_plain(n, day, reached=5 if n % 100 <= paying else 1) for n in _thirty(day)])

    found = regions.provinces(db, asked(measure="conversion")).set_index("region").loc["AR-B"]

    assert (found["cases"], found["part"], found["conversion_pct"]) == (30, 6, 20)
    assert found["change_pct"] == pytest.approx(100)


def _thirty(day: datetime) -> range:
    begin = 100 * day.day + 1
    return range(begin, begin + 30)


def _plain(number: int, at: datetime, *, reached: int = 1, province: str = "AR-B") -> Visit:
    return Visit(number, at, province, "mobile", "direct", "La Plata", reached, ())


def test_markets_and_usual_shares_of_phones_are_said(db: Database) -> None:
    there = [_plain(n, NOW - timedelta(hours=1)) for n in range(1, 31)]
    write(db, [*there, _plain(99, NOW - timedelta(hours=1), province="AR-T")])

    found = regions.provinces(db, asked("today")).set_index("region")

    assert found["mobile_state"].loc[["AR-B", "AR-T"]].tolist() == ["normal", "few_cases"]
    marked = found["market"][found["market"] != ""]
    assert set(marked[marked == "Primary"].index) == {"AR-B", "AR-C"}
    assert set(marked[marked == "Secondary"].index) == {"AR-X", "AR-S", "AR-M"}


def test_a_code_that_no_province_has_is_counted_as_not_placed(db: Database) -> None:
    factories.event(db, at=NOW - timedelta(hours=1), province=99)
    rollups.refresh(db, ZONE, now=NOW)

    found = regions.provinces(db, asked("today"))

    assert len(found) == 25
    assert found.iloc[-1][["region", "province", "sessions"]].tolist() == ["", "Not placed", 1]


def test_one_visit_is_one_and_nothing_is_nothing(db: Database) -> None:
    assert regions.provinces(db, asked()).empty
    assert [figure(db, asked()).value for figure in FIGURES] == [0, 0, None, None, 0]

    write(db, [_plain(1, NOW - timedelta(hours=1))])

    assert regions.provinces(db, asked())["sessions"].tolist() == [1] + [0] * 23
    assert [figure(db, asked()).value for figure in FIGURES] == [1, 0, 0, 100, 0]


def test_a_period_before_the_data_is_empty(busy: Database) -> None:
    filters = asked("2026-01-01..2026-01-31")

    assert regions.provinces(busy, filters).empty
    assert [figure(busy, filters).value for figure in FIGURES] == [0, 0, None, None, 0]
    assert set(region_figures.sessions(busy, filters).spark) == {0}


NEW_YORK = ZoneInfo("America/New_York")


def test_days_are_those_of_the_business_across_a_change_of_the_clocks(db: Database) -> None:
    midnight = datetime(2026, 11, 1, 4, tzinfo=UTC)  # 25 hours long: the clocks go back
    moments = [
        midnight - timedelta(seconds=1),
        midnight,
        midnight + timedelta(hours=24, minutes=59),
    ]
    for number, at in enumerate([*moments, midnight + timedelta(hours=25)], start=1):
        factories.event(db, at=at, visitor_id=number, session_id=number)
    rollups.refresh(db, NEW_YORK, now=NOW)

    found = region_figures.sessions(
        db, Selection("2026-10-31..2026-11-02", "none").at(NOW, NEW_YORK)
    )

    assert found.spark == (1, 2, 1)


@pytest.mark.parametrize(
    ("span", "whole", "cut"),
    [("7d", 7, 0), ("today", 1, 0), ("6h", 0, 1), ("24h", 1, 1), ("2026-11-01..2026-11-03", 3, 0)],
)
def test_only_the_days_that_a_window_cuts_are_read_from_rows(
    span: str, whole: int, cut: int
) -> None:
    days = Days.of(Selection(span).at(NOW, ZONE))

    assert ((days.end - days.first).days, len(days.cut)) == (whole, cut)
    assert days.count == whole + cut


def test_the_same_time_of_an_earlier_day_cuts_it() -> None:
    compared = asked("today", "yesterday").compared()
    assert compared is not None
    assert Days.of(compared).cut == [date(2026, 11, 19)]


@pytest.mark.parametrize("measure", ["'; drop table sessions; --", "nonsense"])
def test_a_choice_made_of_nonsense_is_the_usual_one(busy: Database, measure: str) -> None:
    odd = regions.provinces(busy, asked(measure=measure))
    assert odd["value"].tolist() == regions.provinces(busy, asked())["value"].tolist()
