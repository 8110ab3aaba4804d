"""Rollups of payments against plain Python, whatever comes in whatever order."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from sqlalchemy import text

from data.database import Database
from services import rollups
from services.rollups.money import MONEY
from services.rollups.parts import PARTS
from tests import factories
from tests.services.money_reference import (
    NOW,
    ZONE,
    Cells,
    Goods,
    Payment,
    kept,
    newest,
    reference,
    versions,
    write,
)
from tests.services.rollup_replay import Crash, Fragile

LATER: Final = NOW + timedelta(days=1)
SALE: Final = datetime(2026, 11, 10, 2, 59, 59, tzinfo=UTC)  # 9 November, a second to midnight here
REFUND: Final = datetime(2026, 11, 12, 3, 0, tzinfo=UTC)  # 12 November, midnight here
SOLD: Final = Payment(1, 1, 1, SALE, approved_at=SALE)
STATEMENTS: Final = sum(len(part.staging) for part in PARTS) + len(MONEY.steps)
"""Of a tick that takes payments, at least."""
AS_OF: Final = text("select as_of from rollup_state")
TRACE: Final = text("""
    select sold_day, back_day, status, refunded from payment_applied where back_day = :day
""")


class Broken(Exception):
    """A writer gives up."""


@pytest.fixture
def fragile(db_url: str) -> Iterator[Fragile]:
    database = Fragile(db_url, pool_size=4)
    yield database
    database.dispose()


@pytest.fixture
def goods(db: Database) -> Goods:
    """Two providers and three bookings: one with everything, one without service, one alone."""
    for number, kind in ((1, "barber"), (2, "salon")):
        factories.provider(db, id=number, kind=kind)
    cut = factories.service(db, provider_id=1, name=" Corte ")["id"]
    factories.session(db, session_id=11, city="La Plata")
    factories.session(db, session_id=12, city=None)
    factories.booking(db, id=1, provider_id=1, session_id=11, service_id=cut)
    factories.booking(db, id=2, provider_id=1, session_id=12)
    factories.booking(db, id=3, provider_id=1, session_id=99, service_id=cut)
    return Goods({1: "Corte", 3: "Corte"}, {1: "La Plata"}, {1: "barber", 2: "salon"})


def send(db: Database, *payments: Payment) -> None:
    with db.write() as tx:
        write(tx, list(payments))


def refresh(db: Database, *, now: datetime = LATER) -> None:
    assert rollups.refresh(db, ZONE, now=now) is not None


def differing(db: Database) -> list[str]:
    """Tables that are not what their recompute is, in either direction."""
    found = rollups.audit(db, ZONE, parts=(MONEY,))
    assert len(found) == 11
    return [each.table for each in found if each.differing]


def expected(db: Database, sent: list[Payment], goods: Goods) -> dict[str, Cells]:
    as_of = db.scalar(AS_OF)
    assert as_of is None or isinstance(as_of, date)
    return reference(newest(sent), goods, as_of=as_of)


def check(db: Database, sent: list[Payment], goods: Goods) -> None:
    found, wanted = kept(db), expected(db, sent, goods)
    for table, cells in found.items():
        assert cells == wanted.get(table, {}), table


@pytest.mark.parametrize("seed", range(8))
def test_any_order_of_versions_with_resends_crashes_and_open_writers_gives_the_same_cells(
    fragile: Fragile, goods: Goods, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 - a seeded stream is not cryptography
    sent = [payment for number in range(40) for payment in versions(rng, number)]
    sent += rng.sample(sent, 20)
    rng.shuffle(sent)
    for begin in range(0, len(sent), 12):
        _send_somehow(fragile, rng, sent[begin : begin + 12])
    refresh(fragile)
    check(fragile, sent, goods)
    assert differing(fragile) == []


def _send_somehow(db: Fragile, rng: random.Random, batch: list[Payment]) -> None:
    """While the writer is still open, or after it gave up and came back, or after a crash."""
    what = rng.choice(("plain", "open", "gives up", "crash"))
    if what == "gives up":
        with pytest.raises(Broken):
            _give_up(db, batch)
    with db.write() as tx:
        write(tx, batch)
        if what == "open":
            refresh(db)
            assert differing(db) == []
    assert differing(db) == [], "what changed after the mark is left for the next tick"
    if what == "crash":
        with suppress(Crash):  # none, when nothing but stale versions came
            _cut_off(db, rng.randrange(STATEMENTS))
        db.left = None
    refresh(db)


def _give_up(db: Database, batch: list[Payment]) -> None:
    with db.write() as tx:
        write(tx, batch)
        raise Broken


def _cut_off(db: Fragile, statement: int) -> None:
    db.left = statement
    refresh(db)


def test_a_crash_before_any_statement_leaves_everything_as_it_was(
    fragile: Fragile, goods: Goods
) -> None:
    send(fragile, SOLD, replace(SOLD, payment_id=2))
    refresh(fragile)
    before, mark = kept(fragile), fragile.scalar(text("select tx_done::text from rollup_state"))
    send(fragile, _refunded(SOLD), replace(SOLD, payment_id=3))
    for statement in range(0, STATEMENTS, 4):
        with pytest.raises(Crash):
            _cut_off(fragile, statement)
    fragile.left = None
    assert kept(fragile) == before
    assert fragile.scalar(text("select tx_done::text from rollup_state")) == mark
    fragile.seen = 0
    refresh(fragile)
    assert fragile.seen >= STATEMENTS
    check(fragile, [_refunded(SOLD), *(replace(SOLD, payment_id=n) for n in (2, 3))], goods)


def _refunded(payment: Payment, minor: int = 800_000, status: str = "refunded") -> Payment:
    return replace(
        payment,
        version=payment.version + 1,
        status=status,
        refunded_at=REFUND,
        refunded_minor=minor,
    )


def test_a_refund_counts_on_its_own_day_and_leads_back_to_its_sale(
    db: Database, goods: Goods
) -> None:
    send(db, SOLD)
    refresh(db)
    send(db, _refunded(SOLD, 300_000))
    refresh(db)
    days = {key[0]: measures for key, measures in kept(db)["money_day"].items()}
    assert days == {
        date(2026, 11, 9): (1, 800_000, 80_000, 0, 0, 0, 0),
        date(2026, 11, 12): (0, 0, 0, 1, 300_000, 30_000, 0),
    }
    (trace,) = db.rows(TRACE, dict, day=date(2026, 11, 12))
    assert trace == {
        "sold_day": date(2026, 11, 9),
        "back_day": date(2026, 11, 12),
        "status": "refunded",
        "refunded": 300_000,
    }
    hours = {key[0] for key in kept(db)["money_hour"]}
    assert hours == {SALE.replace(minute=0, second=0), REFUND}


def test_a_charge_back_is_money_paid_back_and_named(db: Database) -> None:
    send(db, SOLD, _refunded(SOLD, status="charged_back"))
    refresh(db)
    assert kept(db)["money_tenant_day"][0, date(2026, 11, 12), "ARS"] == (
        0, 0, 0, 1, 800_000, 80_000, 800_000,
    )  # fmt: skip


def test_no_more_commission_goes_back_than_there_was(db: Database) -> None:
    small = replace(SOLD, amount_minor=10, commission_minor=3)
    send(db, _refunded(small, 99), _refunded(replace(small, payment_id=2), 5))
    refresh(db)
    assert kept(db)["provider_day"][1, date(2026, 11, 12), "ARS"][3:6] == (2, 104, 3 + 1)


@pytest.mark.parametrize(
    "payment",
    [
        replace(SOLD, status="refunded", refunded_at=REFUND, refunded_minor=0),
        replace(SOLD, status="refunded", refunded_at=None, refunded_minor=800_000),
        replace(SOLD, refunded_at=REFUND, refunded_minor=800_000, approved_at=None),
    ],
)
def test_no_amount_or_no_moment_is_no_entry(db: Database, payment: Payment) -> None:
    send(db, payment)
    refresh(db)
    found = kept(db)["money_tenant_day"].values()
    assert [measures[0] + measures[3] for measures in found] == [1]
    assert differing(db) == []


def test_a_cell_that_becomes_empty_is_gone(db: Database) -> None:
    send(db, SOLD)
    refresh(db)
    assert all(kept(db).values())
    send(db, replace(SOLD, version=2, approved_at=None, status="rejected", province=9))
    refresh(db)
    found = kept(db)
    assert [table for table, cells in found.items() if cells] == [
        "pay_hour", "pay_day", "pay_province_day",
    ]  # fmt: skip
    assert all(len(found[table]) == 1 for table in ("pay_hour", "pay_day", "pay_province_day"))


def test_an_older_version_that_comes_late_changes_nothing(db: Database) -> None:
    send(db, replace(SOLD, version=5))
    refresh(db)
    before = kept(db)
    send(db, replace(SOLD, version=4, status="pending", approved_at=None))
    refresh(db)
    assert kept(db) == before


def test_sums_agree_whatever_they_are_split_by(db: Database, goods: Goods) -> None:
    rng = random.Random(11)  # noqa: S311 - a seeded stream is not cryptography
    sent = [payment for number in range(80) for payment in versions(rng, number)]
    send(db, *sent)
    refresh(db)
    found, final = kept(db), newest(sent)
    splits = ("money_hour", "money_day", "money_tenant_day", "money_city_day", "service_day")
    for currency in ("ARS", "USD"):
        totals = {table: _total(found[table], currency) for table in (*splits, "provider_day")}
        mine = [payment for payment in final if payment.currency == currency]
        sold = [payment for payment in mine if payment.approved_at is not None]
        back = [one for one in mine if one.refunded_at is not None and one.refunded_minor > 0]
        assert {total[:2] for total in totals.values()} == {
            (len(sold), sum(payment.amount_minor for payment in sold))
        }
        assert {total[3:5] for total in totals.values()} == {
            (len(back), sum(payment.refunded_minor for payment in back))
        }
        assert len(set(totals.values())) == 1
        for table in ("pay_hour", "pay_day", "pay_province_day"):
            whole = (len(mine), sum(payment.amount_minor for payment in mine))
            assert _total(found[table], currency) == whole


def _total(cells: Cells, currency: str) -> tuple[int, ...]:
    rows = [measures for key, measures in cells.items() if currency in key]
    return tuple(sum(column) for column in zip(*rows, strict=True))


def test_a_service_that_gets_another_name_keeps_what_it_sold(db: Database, goods: Goods) -> None:
    sold = replace(SOLD, booking_id=1)
    send(db, sold)
    refresh(db)
    with db.write() as tx:
        tx.execute(text("update services set name = 'Corte clásico'"))
        tx.execute(text("update providers set kind = 'clinic'"))
    send(db, _refunded(sold), replace(sold, payment_id=2))
    refresh(db)
    assert _by_service(db) == {("barber", "Corte"): (1, 1), ("clinic", "Corte clásico"): (1, 0)}
    assert differing(db) == []


def _by_service(db: Database) -> dict[tuple[object, ...], tuple[int, int]]:
    found: dict[tuple[object, ...], tuple[int, int]] = {}
    for key, measures in kept(db)["service_day"].items():
        sales, refunds = found.get(key[2:], (0, 0))
        found[key[2:]] = (sales + measures[0], refunds + measures[3])
    return found


def test_a_booking_that_comes_after_its_payment_is_found_with_the_next_version(
    db: Database, goods: Goods
) -> None:
    early = replace(SOLD, booking_id=4)
    send(db, early)
    refresh(db)
    factories.booking(db, id=4, provider_id=1, session_id=11)
    send(db, _refunded(early))
    refresh(db)
    assert {key[2] for key in kept(db)["money_city_day"]} == {"La Plata"}


def test_windows_of_providers_move_with_the_newest_day_and_not_with_an_impossible_one(
    db: Database, goods: Goods
) -> None:
    first = replace(SOLD, created_at=NOW - timedelta(days=6), approved_at=NOW - timedelta(days=6))
    send(db, first, replace(first, payment_id=2, approved_at=NOW))
    refresh(db, now=NOW)
    assert kept(db)["provider_top"][7, "ARS", 1][0] == 2
    future = NOW + timedelta(days=40)
    send(db, replace(first, payment_id=3, approved_at=future))
    refresh(db, now=NOW)
    assert kept(db)["provider_top"][7, "ARS", 1][0] == 2
    send(db, replace(first, payment_id=4, created_at=NOW + timedelta(days=1)))
    refresh(db, now=NOW + timedelta(days=1))
    top = kept(db)["provider_top"]
    assert (top[7, "ARS", 1][0], top[30, "ARS", 1][0]) == (1, 3)
    assert differing(db) == []


def test_a_rebuild_gives_what_the_ticks_gave_and_the_next_tick_goes_on(
    db: Database, goods: Goods
) -> None:
    rng = random.Random(5)  # noqa: S311 - a seeded stream is not cryptography
    sent = [payment for number in range(30) for payment in versions(rng, number)]
    send(db, *sent[:60])
    rollups.rebuild(db, ZONE, now=LATER)
    assert db.scalar(AS_OF) == _newest_day(newest(sent[:60]))
    check(db, sent[:60], goods)
    send(db, *sent[60:])
    refresh(db)
    check(db, sent, goods)
    rollups.rebuild(db, ZONE, now=LATER)
    check(db, sent, goods)
    assert differing(db) == []


def _newest_day(payments: list[Payment]) -> date:
    """Of a creation, a sale or a refund, and no later than the day of the clock."""
    moments = [
        moment
        for one in payments
        for moment in (one.created_at, one.approved_at, one.refunded_at)
        if moment is not None and (moment != one.refunded_at or one.refunded_minor > 0)
    ]
    days = [moment.astimezone(ZONE).date() for moment in moments]
    return max(day for day in days if day <= LATER.astimezone(ZONE).date())


def test_an_audit_names_the_cells_that_are_wrong(db: Database) -> None:
    send(db, SOLD)
    refresh(db)
    with db.write() as tx:
        tx.execute(text("update money_hour set gross = gross + 1"))
        tx.execute(text("delete from service_day"))
    assert differing(db) == ["money_hour", "service_day"]
