"""What a person reads on Revenue: filled, empty, in another currency, with the source down."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from data import revenue
from data.database import Database
from data.errors import SourceDown
from services import rollups
from tests import factories
from tests.ui.conftest import Open
from tests.ui.reading import envelopes, read

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
TABS: Final = ("Over time", "Payment methods", "Who shares", "Refunds")
NOT_FOR_PEOPLE: Final = ("Traceback", "None", "nan", "NaN", "null", "undefined", "SourceDown")
SOLD: Final = "revenue.what-was-sold-and-what-stayed"
Found = Mapping[str, Any]


def fill(db: Database, *, dollars: bool = False) -> int:
    """One provider: forty sales of 8.000 pesos in ten days, ten refunds of 1.000, ten failures."""
    now = datetime.now(UTC)
    provider: int = factories.provider(db, name="Barbería Sol")["id"]
    for number in range(40):
        at = now - timedelta(hours=6 * number + 1)
        back = {"refunded_at": at + timedelta(minutes=30), "refunded_minor": 100_000}
        more = {"status": "refunded", **back} if number % 4 == 3 else {}
        sale = {"approved_at": at + timedelta(minutes=1), "instalments": (1, 3, 6, 12)[number % 4]}
        factories.payment(db, provider_id=provider, created_at=at, **sale, **more)
        if number % 4 == 0:
            failed = {"status": "rejected", "failure_reason": "insufficient_funds"}
            factories.payment(db, provider_id=provider, created_at=at, **failed)
    if dollars:
        paid = {"currency": "USD", "amount_minor": 5_000, "commission_minor": 500}
        factories.payment(db, provider_id=provider, created_at=now, approved_at=now, **paid)
    rollups.refresh(db, ZONE, now=now + timedelta(hours=1))
    return provider


def figures(found: Found) -> dict[str, str]:
    """The key figures as they are read."""
    return {
        each["label"]: f"{each['number']} {each.get('unit', '')}".strip().replace("\u00a0", " ")
        for each in found["first"]["figures"]
    }


def cells(found: Found, panel: str) -> list[list[str]]:
    """The words of a table, row by row."""
    rows = found[f"revenue.{panel}"]["table"]["rows"]
    return [[cell[1].replace("\u00a0", " ") for cell in row] for row in rows]


def test_the_key_figures_speak_of_one_currency_and_say_up_to_when(
    open_page: Open, db: Database
) -> None:
    fill(db, dollars=True)
    page = open_page("revenue")
    assert not page.exception
    found = envelopes(page)
    assert figures(found) == {
        "Gross": "320,0 k ARS",
        "Refunds": "ARS 10.000",
        "Net": "310,0 k ARS",
        "Commission": "ARS 32.000",
        "Take rate": "10,0 %",
        "Average ticket": "ARS 8.000,00",
    }
    assert found["first"]["until"]["words"].startswith("Counted until")
    assert "Net: 310.000\u00a0ARS; Refunded: 10.000\u00a0ARS" in found[SOLD]["alt"]


def test_another_currency_is_offered_and_then_everything_speaks_of_it(
    open_page: Open, db: Database
) -> None:
    fill(db, dollars=True)
    page = open_page("revenue", currency="USD")
    assert not page.exception
    assert page.selectbox(key="currency").options == ["In ARS", "In USD"]
    found = envelopes(page)
    assert figures(found)["Gross"] == figures(found)["Average ticket"] == "USD 50,00"
    assert "Net: 50,0\u00a0USD" in found[SOLD]["alt"]
    currencies = cells(found, "what-came-in-which-currency")
    assert [row[:2] for row in currencies] == [["ARS", "ARS 320.000"], ["USD", "USD 50,00"]]


def test_with_one_currency_there_is_nothing_to_choose(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("revenue", currency="USD")
    assert not page.exception
    assert "currency" not in {each.key for each in page.selectbox}
    assert figures(envelopes(page))["Gross"] == "320,0 k ARS"


def test_payment_methods_say_what_is_approved_and_why_the_rest_fails(
    open_page: Open, db: Database
) -> None:
    fill(db)
    found = envelopes(open_page("revenue", tab="Payment methods"))
    assert cells(found, "why-do-payments-fail") == [
        ["Insufficient funds", "20,0 %", "10", "Payer", "Credit card"]
    ]
    plans = cells(found, "how-is-it-paid")
    assert ["Credit card", "1", "20", "50,0 %"] in [row[:4] for row in plans]
    assert cells(found, "which-gateway-works")[0][:3] == ["MercadoPago", "50", "80,0 %"]
    assert found["revenue.which-payments-are-approved"]["state"] == "ok"


def test_a_provider_leads_to_its_own_page(open_page: Open, db: Database) -> None:
    provider = fill(db)
    found = envelopes(open_page("revenue", tab="Who shares"))
    table = found["revenue.which-providers-sell"]["table"]
    assert (table["leads"], table["select"]) == ("providers", "provider")
    assert table["ids"] == [str(provider)]
    assert cells(found, "which-providers-sell")[0][1:4] == ["Barbería Sol", "ARS 320.000", "100 %"]
    assert cells(found, "where-are-the-buyers")[0][1:3] == ["Buenos Aires", "ARS 320.000"]


def test_refunds_are_listed_beside_their_sales_without_names(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("revenue", tab="Refunds")
    rows = cells(envelopes(page), "refunds-of-the-period")
    assert [row[0] for row in rows] == [str(number) for number in range(10, 0, -1)]
    assert {(row[3], row[4], row[6]) for row in rows} == {
        ("ARS 1.000,00", "Partial refund", "ARS 8.000,00")
    }
    assert "@" not in read(page)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_stands_without_data_and_claims_nothing(open_page: Open, tab: str) -> None:
    page = open_page("revenue", tab=tab)
    assert not page.exception
    words = read(page)
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []
    read_off = figures(envelopes(page))
    assert (read_off["Gross"], read_off["Take rate"]) == ("ARS 0,00", "\u2013")
    states = {one["state"] for key, one in envelopes(page).items() if key.startswith("revenue.")}
    assert states <= {"empty", "ok"}


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_reads_like_people_write(open_page: Open, db: Database, tab: str) -> None:
    fill(db, dollars=True)
    page = open_page("revenue", tab=tab, span="7d", grain="hour", device="mobile")
    assert not page.exception
    words = read(page)
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []
    panels = {key: one for key, one in envelopes(page).items() if key.startswith("revenue.")}
    assert {one["state"] for one in panels.values()} == {"ok"}


def test_a_source_that_is_down_is_named_in_its_own_panel_only(
    open_page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db)

    def down(*_: object) -> None:
        raise SourceDown("Postgres", "does not answer")

    monkeypatch.setattr(revenue.net_and_back, "_function", down)
    monkeypatch.setattr(revenue.gross, "_function", down)
    found = envelopes(open_page("revenue"))
    assert found[SOLD]["state"] == "down"
    assert found[SOLD]["title"] == "Postgres does not answer."
    assert figures(found)["Gross"] == "\u2013"
    assert figures(found)["Net"] == "310,0 k ARS"
    assert found["revenue.at-which-take-rate"]["state"] == "ok"


HOSTILE: Final = ("'; drop table payments; --", "<img src=x>", "\x00", "-1", "ZZZ" * 900)


@pytest.mark.parametrize("value", HOSTILE, ids=["sql", "html", "zero byte", "number", "long"])
def test_choices_made_of_nonsense_do_nothing(open_page: Open, db: Database, value: str) -> None:
    fill(db, dollars=True)
    names = ("grain", "currency", "region", "tenant", "span", "tab", "provider")
    page = open_page("revenue", **dict.fromkeys(names, value))
    assert not page.exception
    assert figures(envelopes(page))["Gross"] == "320,0 k ARS"
