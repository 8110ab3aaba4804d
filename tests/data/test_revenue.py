"""Revenue over time, recomputed from the payments themselves with pandas."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from data import overview, revenue
from data.answers import KeyFigure
from data.cache import Question
from data.database import Database
from data.period import Filters, Selection, local_midnight
from services import rollups
from tests import factories
from tests.data.revenue_market import SELECTIONS, ZONE, expected, market, payments
from tests.factories import NOW

Figure = Question[Database, KeyFigure]
FIGURES: dict[str, Figure] = {
    "gross": revenue.gross,
    "refunded": revenue.refunds,
    "net": revenue.net,
    "commission": revenue.commission,
}
NEW_YORK = ZoneInfo("America/New_York")
KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    with market(new_database) as db:
        yield db


def at(selection: Selection, *, zone: ZoneInfo = ZONE, now: datetime = NOW) -> Filters:
    return selection.at(now, zone)


def stepped(grain: str, span: str = "30d", **more: str) -> Filters:
    return Selection(span, "previous", options=(("grain", grain),), **more).at(NOW, ZONE)  # type: ignore[arg-type]  # test shorthand


def sold(db: Database, when: datetime, amount_minor: int = 100, **more: object) -> None:
    factories.payment(
        db, created_at=when, approved_at=when, amount_minor=amount_minor, commission_minor=0, **more
    )


def folded(db: Database, zone: ZoneInfo = ZONE) -> Database:
    rollups.refresh(db, zone, now=NOW)
    return db


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_the_key_figures_are_those_of_the_payments_and_so_are_the_ones_before(
    busy: Database, selection: Selection
) -> None:
    filters = at(selection)
    before = filters.compared()
    money = expected(payments(busy, selection), filters)

    for name, figure in FIGURES.items():
        found = figure(busy, filters)
        assert found.value == money[name], name
        if before is not None:
            assert found.previous == expected(payments(busy, selection), before)[name], name
    rate, ticket = revenue.take_rate(busy, filters).value, revenue.ticket(busy, filters).value
    assert rate == (
        pytest.approx(100 * money["commission"] / money["gross"]) if money["gross"] else None
    )
    assert ticket == (pytest.approx(money["gross"] / money["sales"]) if money["sales"] else None)


def test_the_market_has_something_to_say_in_most_windows(busy: Database) -> None:
    filled = [at(one) for one in SELECTIONS if one.region != "AR-Z"]
    assert all(revenue.gross(busy, filters).value for filters in filled)
    assert sum(bool(revenue.refunds(busy, filters).value) for filters in filled) > 6


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_gross_less_refunds_is_net(busy: Database, selection: Selection) -> None:
    gross, back, net = (
        figure(busy, at(selection)) for figure in (revenue.gross, revenue.refunds, revenue.net)
    )
    assert gross.value - back.value == net.value  # type: ignore[operator]  # sums are never unknown
    assert net.unit == f"{dict(selection.options).get('currency', 'ARS')} minor"


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_the_overview_says_the_same_revenue(busy: Database, selection: Selection) -> None:
    filters = at(replace(selection, options=()))

    there, here = overview.revenue(busy, filters), revenue.gross(busy, filters)

    assert (here.value, here.previous, here.unit) == (there.value, there.previous, there.unit)


@pytest.mark.parametrize("grain", [*revenue.GRAINS, "auto", "century"])
@pytest.mark.parametrize("span", ["today", "7d", "30d", "90d"])
def test_buckets_of_every_length_add_up_to_the_key_figures(
    busy: Database, grain: str, span: str
) -> None:
    filters = stepped(grain, span)

    found = revenue.over_time(busy, filters)

    for name, figure in FIGURES.items():
        assert found[name].sum() == figure(busy, filters).value == sum(figure(busy, filters).spark)  # type: ignore[arg-type]  # no None
    assert found["at"].is_monotonic_increasing
    assert found["at"].is_unique
    assert 1 <= len(found) <= 200


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_each_day_is_that_day_of_the_payments(busy: Database, selection: Selection) -> None:
    options = (*selection.options, ("grain", "day"))
    filters = at(replace(selection, options=options))
    rows = payments(busy, selection)
    days = rows.groupby(rows["approved_at"].dt.tz_convert(ZONE).dt.date)["amount_minor"].sum()

    found = revenue.over_time(busy, filters)

    starts = [one.astimezone(ZONE) for one in found["at"].dt.to_pydatetime()]
    assert {one.hour for one in starts} == {0}
    assert found["gross"].tolist() == [days.get(one.date(), 0) for one in starts]
    assert starts[0] == filters.period.since
    assert starts[-1] < filters.now <= starts[-1] + timedelta(days=1)


@pytest.mark.parametrize("grain", ["hour", "day", "week", "month"])
def test_what_is_left_and_what_went_back_add_up_to_gross(busy: Database, grain: str) -> None:
    filters = stepped(grain, "7d")
    whole = revenue.over_time(busy, filters).set_index("at")
    parts = revenue.net_and_back(busy, filters)
    back = revenue.paid_back(busy, filters)

    assert parts.groupby("at")["value"].sum().equals(whole["gross"])
    assert back.groupby("at")["value"].sum().equals(whole["refunded"])
    assert set(back["series"]) == {"refunded", "charged_back"}


def test_buckets_begin_with_hours_days_mondays_and_months_of_local_time(busy: Database) -> None:
    starts = {
        grain: [
            one.astimezone(ZONE)
            for one in revenue.over_time(busy, stepped(grain, "7d"))["at"].dt.to_pydatetime()
        ]
        for grain in revenue.GRAINS
    }
    assert {(one.minute, one.second) for one in starts["hour"]} == {(0, 0)}
    assert len(starts["hour"]) == 6 * 24 + 12
    assert [one.day for one in starts["day"]] == [14, 15, 16, 17, 18, 19, 20]
    assert [(one.weekday(), one.day) for one in starts["week"]] == [(0, 9), (0, 16)]
    assert [(one.month, one.day, one.hour) for one in starts["month"]] == [(11, 1, 0)]


def test_hours_of_a_month_would_be_too_narrow_and_become_days(busy: Database) -> None:
    assert revenue.grain_of(stepped("hour", "30d")) == "day"
    assert [revenue.grain_of(stepped("auto", span)) for span in ("today", "7d", "30d", "90d")] == [
        *("hour", "day", "day", "week")
    ]
    assert len(revenue.over_time(busy, stepped("hour", "30d"))) == 30


@pytest.mark.parametrize("grain", ["hour", "day", "week", "month"])
def test_buckets_of_the_period_before_lie_under_those_of_the_period(
    busy: Database, grain: str
) -> None:
    filters = stepped(grain, "7d")
    before = filters.compared()
    assert before is not None

    now, then = revenue.over_time(busy, filters), revenue.over_time(busy, before)

    assert (then["at"] + before.lag).tolist() == now["at"].tolist()
    assert then["gross"].sum() == revenue.gross(busy, filters).previous


def test_a_refund_of_a_later_month_leaves_the_month_of_the_sale_alone(db: Database) -> None:
    october = datetime(2026, 10, 31, 23, 59, 59, tzinfo=ZONE)
    factories.payment(
        db,
        created_at=october,
        approved_at=october,
        amount_minor=9_000,
        commission_minor=900,
        status="refunded",
        refunded_at=datetime(2026, 11, 1, tzinfo=ZONE),
        refunded_minor=4_000,
    )
    folded(db)
    filters = Selection("2026-10-01..2026-11-30", "none", options=(("grain", "month"),)).at(
        NOW, ZONE
    )

    found = revenue.over_time(db, filters)

    assert found["gross"].tolist() == [9_000, 0]
    assert found["refunded"].tolist() == [0, 4_000]
    assert found["net"].tolist() == [9_000, -4_000]
    assert found["commission"].tolist() == [900, 0]
    assert found["commission_back"].tolist() == [0, 400]
    assert found["take_rate_pct"].iloc[0] == 10
    assert pd.isna(found["take_rate_pct"].iloc[1])


def test_a_charge_back_is_paid_back_and_said_to_be_one(db: Database) -> None:
    sold(
        db,
        NOW - timedelta(days=3),
        5_000,
        status="charged_back",
        refunded_at=NOW - timedelta(days=1),
        refunded_minor=5_000,
    )
    sold(
        db,
        NOW - timedelta(days=3),
        2_000,
        status="refunded",
        refunded_at=NOW - timedelta(days=1),
        refunded_minor=500,
    )
    folded(db)

    found = revenue.paid_back(db, at(Selection("7d", "none")))

    assert found.groupby("series")["value"].sum().to_dict() == {
        "charged_back": 5_000,
        "refunded": 500,
    }
    assert revenue.net(db, at(Selection("7d", "none"))).value == 1_500


def test_the_last_moment_of_a_month_is_of_that_month(db: Database) -> None:
    first = datetime(2026, 11, 1, tzinfo=ZONE)
    sold(db, first - timedelta(microseconds=1), 7)
    sold(db, first, 100)
    folded(db)
    assert revenue.gross(db, at(Selection("2026-10-01..2026-10-31", "none"))).value == 7
    assert revenue.gross(db, at(Selection("2026-11-01..2026-11-02", "none"))).value == 100


def test_nothing_at_all_is_zero_but_its_rates_are_unknown(db: Database) -> None:
    for span in ("today", "30d", "2019-01-01..2019-01-31"):
        filters = at(Selection(span, "previous"))
        assert [figure(db, filters).value for figure in FIGURES.values()] == [0, 0, 0, 0]
        assert revenue.gross(db, filters).previous == 0
        assert revenue.take_rate(db, filters).value is None
        assert revenue.ticket(db, filters).value is None
        assert revenue.over_time(db, filters)["gross"].sum() == 0
        assert revenue.paid_back(db, filters).empty


def test_a_period_before_the_first_payment_is_zero(busy: Database) -> None:
    filters = at(Selection("2019-01-01..2019-01-31", "previous"))
    assert revenue.gross(busy, filters).value == revenue.gross(busy, filters).previous == 0


def test_one_payment_is_its_own_ticket(db: Database) -> None:
    sold(db, NOW - timedelta(hours=1), 12_345)
    folded(db)
    filters = at(Selection("today", "last_week"))
    assert revenue.ticket(db, filters).value == revenue.gross(db, filters).value == 12_345
    assert revenue.take_rate(db, filters).value == 0
    assert revenue.gross(db, filters).previous == 0


def test_what_came_after_this_time_last_week_is_not_held_against_today(db: Database) -> None:
    week = timedelta(days=7)
    for minutes, amount in ((-61, 1), (-1, 10), (0, 100), (1, 1_000), (61, 10_000)):
        sold(db, NOW - week + timedelta(minutes=minutes), amount)
    folded(db)
    assert revenue.gross(db, at(Selection("today", "last_week"))).previous == 11


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 11, 1), 25), (date(2026, 3, 8), 23)], ids=["back", "forward"]
)
def test_a_day_of_a_change_of_clocks_has_the_hours_that_it_has(
    db: Database, day: date, hours: int
) -> None:
    start = local_midnight(day, NEW_YORK)
    for hour in range(-1, hours + 1):
        sold(db, start + timedelta(hours=hour), 100)
    folded(db, NEW_YORK)
    span = f"{day}..{day}"
    by_day = Selection(span, "none", options=(("grain", "day"),)).at(NOW, NEW_YORK)
    by_hour = Selection(span, "none", options=(("grain", "hour"),)).at(NOW, NEW_YORK)

    assert revenue.over_time(db, by_day)["sales"].tolist() == [hours]
    assert revenue.over_time(db, by_hour)["sales"].tolist() == [1] * hours


def test_a_zone_whose_days_begin_within_an_hour_counts_each_payment_once(db: Database) -> None:
    midnight = local_midnight(date(2026, 11, 18), KOLKATA)
    for minutes in (-20, -1, 0, 29, 30, 31, 600, 1439, 1440):
        sold(db, midnight + timedelta(minutes=minutes), 1)
    folded(db, KOLKATA)
    for grain in ("hour", "day"):
        filters = Selection("2026-11-18..2026-11-18", "none", options=(("grain", grain),)).at(
            NOW, KOLKATA
        )
        assert revenue.gross(db, filters).value == 6
        assert revenue.over_time(db, filters)["sales"].sum() == 6


def test_another_currency_is_never_in_the_sum(busy: Database) -> None:
    spans = {code: at(Selection("90d", options=(("currency", code),))) for code in ("ARS", "USD")}
    found = {code: revenue.gross(busy, filters) for code, filters in spans.items()}
    assert {code: figure.unit for code, figure in found.items()} == {
        "ARS": "ARS minor",
        "USD": "USD minor",
    }
    for code, filters in spans.items():
        assert found[code].value == expected(payments(busy, filters.selection), filters)["gross"]
    assert revenue.gross(busy, at(Selection("90d", options=(("currency", "'; --"),)))).value == 0


def test_the_business_currency_is_the_one_by_default(busy: Database) -> None:
    dollars = Selection("90d").at(NOW, ZONE, "USD")
    chosen = at(Selection("90d", options=(("currency", "USD"),)))
    assert revenue.gross(busy, dollars) == revenue.gross(busy, chosen)


def test_midnight_has_nothing_yet(busy: Database) -> None:
    filters = at(Selection("today", "last_week"), now=datetime(2026, 11, 20, 3, tzinfo=UTC))
    assert revenue.gross(busy, filters).value == 0
    assert len(revenue.over_time(busy, filters)) == 1
