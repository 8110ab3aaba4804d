"""How the money of Revenue is split: every list adds up to the key figures and to the payments."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pandas import DataFrame
from sqlalchemy import text

from data import (
    revenue,
    revenue_currencies,
    revenue_methods,
    revenue_refunds,
    revenue_shares,
)
from data.cache import Question
from data.database import Database
from data.period import Filters, Selection
from services import rollups
from tests import factories
from tests.data.revenue_market import (
    PROVIDERS,
    SELECTIONS,
    ZONE,
    between,
    expected,
    market,
    payments,
)
from tests.factories import NOW

List = Question[Database, DataFrame]
SHARES: dict[str, List] = {
    "service": revenue_shares.services,
    "provider": revenue_shares.providers,
    "iso": revenue_shares.regions,
    "device_code": revenue_shares.devices,
    "referral_code": revenue_shares.referrals,
}
SUMS = ("sales", "gross", "refunds", "refunded", "net", "commission")
EVER = ["approved", "refunded", "charged_back"]
MONTH = Selection("30d", "none")


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    with market(new_database) as db:
        yield db


def at(selection: Selection) -> Filters:
    return selection.at(NOW, ZONE)


def attempts(db: Database, selection: Selection) -> DataFrame:
    return between(payments(db, selection), "created_at", at(selection))


@pytest.mark.parametrize("asked", SHARES.values(), ids=list(SHARES))
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_every_list_adds_up_to_the_key_figures(
    busy: Database, asked: List, selection: Selection
) -> None:
    filters = at(selection)
    money = expected(payments(busy, selection), filters)

    found = asked(busy, filters)

    assert {name: found[name].sum() for name in SUMS} == {name: money[name] for name in SUMS}
    assert found["gross"].sum() == revenue.gross(busy, filters).value
    if money["gross"]:
        assert found["share_pct"].sum() == pytest.approx(100)


@pytest.mark.parametrize("name", ["iso", "device_code", "referral_code"])
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_each_row_is_that_part_of_the_payments(
    busy: Database, name: str, selection: Selection
) -> None:
    rows = payments(busy, selection)

    found = SHARES[name](busy, at(selection)).set_index("code")

    for code, row in found.iterrows():
        money = expected(rows[rows[name] == code], at(selection))
        assert {each: row[each] for each in SUMS} == {each: money[each] for each in SUMS}
    assert found["gross"].is_monotonic_decreasing


@pytest.mark.parametrize("selection", [MONTH, Selection("90d", "none", device="mobile")], ids=str)
def test_the_largest_providers_are_named_and_the_others_counted(
    busy: Database, selection: Selection
) -> None:
    rows = between(payments(busy, selection), "approved_at", at(selection))
    best = rows.groupby("provider_id")["amount_minor"].sum().sort_values(ascending=False)

    found = revenue_shares.providers(busy, at(selection))

    listed = found[found["rank"] <= revenue_shares.TOP]
    assert listed["gross"].tolist() == best.head(revenue_shares.TOP).tolist()
    assert listed["provider"].tolist() == [str(each) for each in best.index[: revenue_shares.TOP]]
    rest = found.iloc[-1]
    assert (rest["rank"], rest["provider"]) == (revenue_shares.TOP + 1, "")
    assert rest["name"].endswith(" others")
    assert int(rest["name"].split()[0]) <= PROVIDERS - revenue_shares.TOP
    assert rest["gross"] == best.iloc[revenue_shares.TOP :].sum()


def test_services_are_told_apart_by_kind_and_unknown_ones_said_to_be(busy: Database) -> None:
    rows = between(payments(busy, MONTH), "approved_at", at(MONTH))
    sums = rows.groupby(["service_name", "kind"])["amount_minor"].sum().to_dict()

    found = revenue_shares.services(busy, at(MONTH))

    assert {
        ("" if row.name == "Unknown" else row.name, row.kind): row.gross
        for row in found.itertuples(index=False)
    } == sums
    assert "Unknown" in set(found["name"])


def test_sums_made_beforehand_and_those_of_days_are_the_same(busy: Database) -> None:
    """Thirty days that end today are ready in provider_top; the same days as dates are not."""
    ready = revenue_shares.providers(busy, at(Selection("30d", "none")))
    summed = revenue_shares.providers(busy, at(Selection("2026-10-22..2026-11-20", "none")))
    assert ready.equals(summed)
    with busy.write() as tx:
        tx.execute(text("update rollup_state set as_of = as_of - 1"))
    late = revenue_shares.providers(busy, at(Selection("30d", "none")))
    with busy.write() as tx:
        tx.execute(text("update rollup_state set as_of = as_of + 1"))
    assert late.equals(ready)


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_the_matrix_counts_the_attempts_of_each_method_and_plan(
    busy: Database, selection: Selection
) -> None:
    rows = attempts(busy, selection)

    found = revenue_methods.matrix(busy, at(selection))

    assert len(found) == len(rows.groupby(["method", "instalments"]))
    for row in found.itertuples(index=False):
        is_own = (rows["method"] == row.method) & (rows["instalments"] == row.instalments)
        own = rows[is_own]
        decided = own[own["status"] != "pending"]
        paid = decided[decided["status"].isin(EVER)]
        counts = (len(own), len(decided), len(paid), paid["amount_minor"].sum())
        assert (row.attempts, row.decided, row.approved, row.amount) == counts
        if len(decided):
            assert row.approval_pct == pytest.approx(100 * len(paid) / len(decided))
        if len(paid):
            assert row.ticket == pytest.approx(paid["amount_minor"].mean())
        _has_its_commonest_reason(row, own[own["status"] == "rejected"])
    if found["amount"].sum():
        assert found["share_pct"].sum() == pytest.approx(100)


def _has_its_commonest_reason(row: Any, failed: DataFrame) -> None:  # noqa: ANN401 - a row of pandas
    reasons = Counter(failed["failure_reason"].fillna("not_said"))
    ranked = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
    if ranked:
        assert row.reason == ranked[0][0]
        assert row.reason_pct == pytest.approx(100 * ranked[0][1] / row.decided)
    else:
        assert row.reason is None or isnan(row.reason)


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_failures_are_ranked_by_their_share_of_what_was_decided(
    busy: Database, selection: Selection
) -> None:
    rows = attempts(busy, selection)
    decided = rows[rows["status"] != "pending"]
    failed = decided[decided["status"] == "rejected"]
    names = failed["failure_reason"].fillna("not_said")

    found = revenue_methods.reasons(busy, at(selection))

    assert (
        dict(zip(found["reason"], found["failed"], strict=True)) == names.value_counts().to_dict()
    )
    assert found["failed"].is_monotonic_decreasing
    assert found["share_pct"].sum() == pytest.approx(100 * len(failed) / max(1, len(decided)))
    whose = dict(zip(found["reason"], found["fault"], strict=True))
    assert (
        whose.items()
        <= {
            "card_declined": "payer",
            "gateway_timeout": "gateway",
            "not_said": "gateway",
        }.items()
    )


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_gateways_add_up_to_the_matrix(busy: Database, selection: Selection) -> None:
    rows = attempts(busy, selection)
    names = ("attempts", "decided", "approved", "amount")

    found = revenue_methods.gateways(busy, at(selection)).set_index("gateway")
    plans = revenue_methods.matrix(busy, at(selection))

    assert found[[*names]].sum().tolist() == plans[[*names]].sum().tolist()
    assert found["attempts"].to_dict() == rows["gateway"].value_counts().to_dict()
    decided = rows[rows["status"] != "pending"]
    faults = (decided["status"] == "rejected") & (decided["failure_reason"] != "card_declined")
    shares = 100 * faults.groupby(decided["gateway"]).mean()
    assert found["fault_pct"].dropna().to_dict() == pytest.approx(shares.to_dict())


def test_where_every_attempt_was_settled_within_the_period_methods_services_and_all_are_one_sum(
    busy: Database,
) -> None:
    whole = at(Selection("2026-08-01..2026-11-20", "none"))
    gross = revenue.gross(busy, whole).value
    assert gross
    assert revenue_methods.matrix(busy, whole)["amount"].sum() == gross
    assert revenue_methods.gateways(busy, whole)["amount"].sum() == gross
    for asked in SHARES.values():
        assert asked(busy, whole)["gross"].sum() == gross
    sums = revenue_currencies.currencies(busy, whole).set_index("currency")["gross"]
    assert sums["ARS"] == gross


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_each_currency_stands_for_itself(busy: Database, selection: Selection) -> None:
    found = revenue_currencies.currencies(busy, at(selection))

    everything = payments(busy, selection, currency="*")
    for row in found.to_dict("records"):
        money = expected(everything[everything["currency"] == row["currency"]], at(selection))
        assert {name: row[name] for name in money} == money
        chosen = replace(selection, options=(("currency", row["currency"]),))
        assert revenue.gross(busy, at(chosen)).value == row["gross"]
    assert found["currency"].tolist() == [c for c in ("ARS", "USD") if c in set(found["currency"])]


def test_the_business_currency_is_offered_first_and_always(busy: Database, db: Database) -> None:
    assert revenue_currencies.offered(busy, at(MONTH)) == ["ARS", "USD"]
    assert revenue_currencies.offered(busy, MONTH.at(NOW, ZONE, "USD")) == ["USD", "ARS"]
    assert revenue_currencies.offered(db, at(MONTH)) == ["ARS"]
    dollars = revenue_currencies.currencies(busy, MONTH.at(NOW, ZONE, "USD"))
    assert dollars["currency"].tolist() == ["USD", "ARS"]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_the_refunds_of_the_list_are_those_of_the_key_figure(
    busy: Database, selection: Selection
) -> None:
    filters = at(selection)
    rows = payments(busy, selection)
    back = between(rows[rows["refunded_minor"] > 0], "refunded_at", filters)

    found = revenue_refunds.refunds(busy, filters)
    ages = revenue_refunds.ages(busy, filters)

    assert found["refunded"].sum() == revenue.refunds(busy, filters).value
    assert ages["refunded"].sum() == found["refunded"].sum()
    assert ages["refunds"].sum() == len(found) == len(back)
    assert found["number"].tolist() == list(range(len(back), 0, -1))
    assert found["back_at"].is_monotonic_decreasing
    sales = back.assign(reference=back["payment_id"].astype(str))
    beside = found.merge(sales, on="reference", validate="one_to_one")
    assert len(beside) == len(found)
    assert (beside["sold_at"] == beside["approved_at"]).all()
    assert (beside["amount"] == beside["amount_minor"]).all()
    assert not {"visitor_id", "user_id", "email"} & set(found.columns)


def _refund(db: Database, *, sold: datetime, back: datetime, share: int, **more: object) -> None:
    factories.payment(
        db,
        **{"status": "refunded"} | more,
        created_at=sold,
        approved_at=sold,
        amount_minor=10_000,
        refunded_at=back,
        refunded_minor=share,
    )


def test_a_refund_names_the_day_and_amount_of_its_sale_and_its_kind(db: Database) -> None:
    sold = datetime(2026, 10, 30, 23, 30, tzinfo=ZONE)
    for hours, share in ((0.25, 10_000), (1, 4_000), (24 * 2.5, 1), (24 * 20, 10_000)):
        _refund(db, sold=sold, back=sold + timedelta(hours=hours), share=share)
    charge = {"status": "charged_back", "payment_id": 77}
    _refund(db, sold=sold, back=NOW - timedelta(hours=1), share=10_000, **charge)
    rollups.refresh(db, ZONE, now=NOW)

    october = at(Selection("2026-10-01..2026-10-31", "none"))
    november = at(Selection("2026-11-01..2026-11-20", "none"))

    early, late = (revenue_refunds.refunds(db, filters) for filters in (october, november))
    assert early["kind"].tolist() == ["partial_refund", "full_refund"]
    assert early["days_after"].tolist() == [1, 0]
    assert late["kind"].tolist() == ["charge_back", "full_refund", "partial_refund"]
    assert late["days_after"].tolist() == [21, 20, 3]
    assert set(late["sold_at"]) == {sold.astimezone(UTC)}
    assert set(late["amount"]) == {10_000}
    assert late["reference"].iloc[0] == "77"
    assert revenue_refunds.ages(db, november)["age"].tolist() == ["2 to 6 days", "14 to 29 days"]
    assert revenue_refunds.ages(db, october)["age"].tolist() == ["Same day", "Next day"]


def test_money_paid_back_for_a_sale_that_was_never_approved_is_still_listed(db: Database) -> None:
    at_once = {"status": "refunded", "refunded_at": NOW - timedelta(hours=2), "refunded_minor": 5}
    factories.payment(db, created_at=NOW - timedelta(hours=3), **at_once)
    rollups.refresh(db, ZONE, now=NOW)
    found = revenue_refunds.refunds(db, at(MONTH))
    assert found["sold_at"].isna().tolist() == [True]
    assert found["days_after"].tolist() == [0]


def test_a_list_that_is_cut_says_how_many_there_are(
    busy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = revenue_refunds.refunds(busy, at(Selection("90d", "none")))
    monkeypatch.setattr(revenue_refunds, "MOST", 5)
    cut = revenue_refunds.refunds(busy, at(Selection("90d", "none")))
    assert cut.equals(whole.head(5))
    assert cut["number"].iloc[0] == len(whole) > 5


EMPTY = [
    *SHARES.values(),
    revenue_methods.matrix,
    revenue_methods.reasons,
    revenue_methods.gateways,
    revenue_currencies.currencies,
    revenue_refunds.refunds,
    revenue_refunds.ages,
]


@pytest.mark.parametrize("asked", EMPTY, ids=[each.name for each in EMPTY])
def test_nothing_is_an_empty_list(busy: Database, db: Database, asked: List) -> None:
    assert asked(db, at(MONTH)).empty
    assert asked(busy, at(Selection("2019-01-01..2019-01-31", "none"))).empty


@pytest.mark.parametrize("asked", EMPTY, ids=[each.name for each in EMPTY])
def test_a_filter_made_of_sql_does_nothing(busy: Database, asked: List) -> None:
    evil = "x'); drop table payment_applied; --"
    options = (("currency", evil), ("grain", evil))
    chosen = Selection("30d", "none", region=evil, device=evil, referral=evil, options=options)
    assert asked(busy, at(chosen)).empty
    assert busy.scalar(text("select count(*) from payment_applied"))


def test_days_that_begin_within_an_hour_have_their_own_attempts(db: Database) -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    midnight = datetime(2026, 11, 20, tzinfo=kolkata)
    for minutes in (-20, -1, 0, 20):
        factories.payment(db, created_at=midnight + timedelta(minutes=minutes))
    rollups.refresh(db, kolkata, now=NOW)
    filters = Selection("today", "none").at(NOW, kolkata)
    assert revenue_methods.gateways(db, filters)["attempts"].tolist() == [2]
    assert revenue_methods.matrix(db, filters)["attempts"].tolist() == [2]
