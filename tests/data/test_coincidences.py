"""What coincides with a drop: planted troubles rank first, and without any nothing is blamed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pandas import DataFrame, Timestamp, isna
from sqlalchemy import text

from data import funnel_drops
from data.coincidences import NOTHING, coincidences
from data.database import Database
from data.outages import outages
from data.period import Filters, Selection
from tests import factories
from tests.data.funnel_reference import STEPS, ZONE, Row, fold, write
from tests.factories import NOW

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)
TEN_TODAY = MIDNIGHT + 10 * HOUR
DAYS = 15
PROVINCES = ("AR-B", "AR-X")
_PAYMENTS = text("""
    insert into payments (visitor_id, payment_id, provider_id, created_at, gateway, method, status,
        amount_minor, commission_minor, failure_reason, approved_at, device, province, referral)
    select 7, row_number() over () + (select count(*) from payments), 1, at, :gateway,
        'credit_card', case when is_bad then 'rejected' else 'approved' end, 800000, 80000,
        case when is_bad then 'gateway_timeout' end, case when not is_bad then at end, 1, 1, 1
    from generate_series(0, 8) as day cross join generate_series(8, 11) as hour
    cross join generate_series(0, 19) as number
    cross join lateral (
        select cast(:midnight as timestamptz)
                - make_interval(days => day) + make_interval(hours => hour, mins => number) as at,
            number < case
                when day = 0 and hour = any(cast(:bad as integer[])) then :failed else 1
            end as is_bad
    ) as decided
""")


def tell(db: Database, *, broken: range = range(0), step: int = 5, only: str | None = None) -> None:
    """Thirty visitors an hour, 8 to 12, for fifteen days: all reach checkout, every other one pays.

    In the broken hours of today none (of one province) gets as far as the step.
    """
    rows: list[Row] = []
    for day in range(DAYS):
        for hour in range(8, 12):
            for number in range(30):
                at = MIDNIGHT - timedelta(days=day) + hour * HOUR + timedelta(minutes=number)
                province = PROVINCES[number % 3 > 0]
                is_hit = day == 0 and hour in broken and only in (None, province)
                usual = 5 if number % 2 else 4
                visitor = len(rows)
                seen = ("mobile", province, "direct", 0)
                rows += [
                    (visitor, at + timedelta(seconds=20 * k), STEPS[k], *seen)
                    for k in range(min(usual, step - 1) if is_hit else usual)
                ]
    write(db, rows)
    fold(db)


def asked(span: str = "7d", **narrow: object) -> Filters:
    selection = Selection(span, "previous")
    return replace(selection, **narrow).at(NOW, ZONE)  # type: ignore[arg-type]  # each its own


def pay(db: Database, gateway: str, *, bad: range = range(0), failed: int = 15) -> None:
    """Twenty decided payments an hour for nine days, one of them rejected; in bad hours many."""
    asked = {"gateway": gateway, "bad": list(bad), "failed": failed, "midnight": MIDNIGHT}
    with db.write() as tx:
        tx.execute(_PAYMENTS, **asked)


def kinds(found: DataFrame) -> list[str]:
    return found["kind"].tolist()


def test_a_planted_outage_ranks_before_an_unrelated_deploy(db: Database) -> None:
    pay(db, "mercadopago", bad=range(10, 12))
    pay(db, "payu")
    factories.deploy(db, service="api", version="2.0", deployed_at=TEN_TODAY - HOUR)
    factories.alert(
        db,
        title="Webhooks of mercadopago fail",
        labels='{"provider": "mercadopago"}',
        started_at=TEN_TODAY + timedelta(minutes=10),
    )
    tell(db, broken=range(10, 12))
    found = coincidences(db, asked())
    assert kinds(found) == ["step", "payment_outage", "alert", "deploy"]
    drop, outage, alert, deploy = found.to_dict("records")
    assert found["relation"].tolist() == ["The drop", *["coincides with"] * 3]
    assert drop["title"] == "Booking paid"
    assert (drop["since"], drop["until"]) == (TEN_TODAY, TEN_TODAY + 2 * HOUR)
    assert drop["detail"] == "0 % instead of 50 %, 30 sessions lost"
    assert outage["title"] == "Payments through mercadopago"
    assert outage["time_pct"] == pytest.approx(100)
    # It would have approved 38 of the 40 and approved 10; 30 sessions were lost.
    assert outage["segment_pct"] == pytest.approx(100 * 28 / 30)
    assert (alert["segment"], isna(alert["until"])) == ("mercadopago", True)
    assert alert["time_pct"] == pytest.approx(100 * 110 / 120)  # it fires still, as the drop lasts
    assert isna(deploy["segment_pct"])
    assert deploy["time_pct"] == pytest.approx(100 * 2 / 3)
    assert isna(deploy["until"])


def test_nothing_coincides_is_said(db: Database) -> None:
    factories.deploy(db, deployed_at=TEN_TODAY - timedelta(days=2))
    factories.alert(db, status="resolved", started_at=TEN_TODAY - 3 * HOUR)
    tell(db, broken=range(10, 12))
    found = coincidences(db, asked())
    assert kinds(found) == ["step", ""]
    assert found["title"].iloc[1] == NOTHING


def test_without_a_drop_there_is_nothing_to_explain(db: Database) -> None:
    factories.deploy(db, deployed_at=TEN_TODAY)
    tell(db)
    assert coincidences(db, asked()).empty


@pytest.mark.parametrize("span", ["today", "7d", "90d"])
def test_nothing_at_all_is_no_drop(db: Database, span: str) -> None:
    fold(db)
    assert coincidences(db, asked(span)).empty


def test_a_drop_of_one_region_coincides_with_the_alert_of_that_region(db: Database) -> None:
    for region in ("AR-B", "AR-X"):
        title, labels = f"Trouble in {region}", f'{{"region": "{region}"}}'
        factories.alert(db, title=title, labels=labels, started_at=TEN_TODAY)
    tell(db, broken=range(9, 12), only="AR-X")
    code = db.scalar(text("select id from provinces where iso = 'AR-X'"))
    drop = funnel_drops.worst_drop(db, asked())
    assert drop is not None
    assert drop.group == ("province", code)
    assert drop.shares["province", int(str(code))] > 0.9
    found = coincidences(db, asked())
    named = found[found["kind"] == "alert"]
    assert named["title"].tolist() == ["Trouble in AR-X"]
    assert named["segment_pct"].iloc[0] > 90
    assert coincidences(db, asked(region="AR-Z")).empty


def test_the_step_and_the_hours_are_those_that_broke(db: Database) -> None:
    tell(db, broken=range(9, 10), step=3)
    drop = funnel_drops.worst_drop(db, asked("30d"))
    assert drop is not None
    assert drop.name == STEPS[2]
    assert (drop.since, drop.until) == (TEN_TODAY - HOUR, TEN_TODAY)
    assert (drop.rate, drop.usual) == (0, 1)
    assert drop.lost == pytest.approx(30)


def test_a_happening_a_long_time_away_or_too_long_does_not_coincide(db: Database) -> None:
    tell(db, broken=range(10, 12))
    factories.alert(db, title="Open for days", started_at=TEN_TODAY - timedelta(days=3))
    factories.deploy(db, deployed_at=TEN_TODAY - 2 * HOUR - timedelta(seconds=1))
    factories.deploy(db, version="at the end", deployed_at=TEN_TODAY + 2 * HOUR)
    assert kinds(coincidences(db, asked())) == ["step", ""]


def test_an_outage_is_against_the_gateways_own_week(db: Database) -> None:
    pay(db, "mercadopago", bad=range(10, 12))
    pay(db, "payu", bad=range(9, 10), failed=5)
    fold(db)
    found = outages(db, TEN_TODAY - 2 * HOUR, TEN_TODAY + 2 * HOUR)
    assert [(each.gateway, each.since, each.until) for each in found] == [
        ("mercadopago", TEN_TODAY, TEN_TODAY + 2 * HOUR),
        ("payu", TEN_TODAY - HOUR, TEN_TODAY),
    ]
    assert (found[0].decided, found[0].approved) == (40, 10)
    assert found[0].usual == pytest.approx(0.95)
    assert found[0].missing == pytest.approx(28)
    assert Timestamp(found[0].since).tz is not None
