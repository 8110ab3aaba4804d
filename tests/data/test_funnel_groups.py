"""The funnel by group: whatever it is split by, the groups add up to the whole."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pandas import DataFrame
from sqlalchemy import text

from data import funnel_counts, funnel_groups
from data.cache import Question
from data.database import Database
from data.period import Filters, Selection
from tests import factories
from tests.data.funnel_reference import WINDOWS, ZONE, chosen, fill, fold, sessions
from tests.factories import NOW

Split = Question[Database, DataFrame]
MONTH = Selection("30d", "previous")
SPLITS = {
    "device": funnel_groups.by_device,
    "province": funnel_groups.by_region,
    "referral": funnel_groups.by_referral,
    "tenant": funnel_groups.by_tenant,
}
COUNTS = {"visits": 1, "search": 2, "provider_selected": 3, "checkout": 4, "booked": 5}


@pytest.fixture(scope="module")
def busy(new_database: Callable[[], str]) -> Iterator[Database]:
    """Twenty days of sessions of fifteen tenants, fourteen of which have a name."""
    database = Database(new_database(), pool_size=3)
    for _ in range(14):
        factories.organization(database)
    fill(database, number=200, days=45)
    fold(database)
    yield database
    database.dispose()


def asked(selection: Selection = MONTH, *, window: str = "24h", **narrow: str | int) -> Filters:
    options = (("window", window),)
    return replace(selection, options=options, **narrow).at(NOW, ZONE)  # type: ignore[arg-type]  # each its own


CASES = [
    asked(),
    asked(window="7d"),
    asked(region="AR-B"),
    asked(device="mobile", window="30m"),
    asked(tenant=3),
    asked(Selection("7d", "last_week")),
]


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("filters", CASES, ids=lambda each: each.key())
def test_groups_add_up_to_the_whole(busy: Database, name: str, filters: Filters) -> None:
    if name == "tenant" and (filters.selection.region or filters.selection.device):
        return
    found, whole = SPLITS[name](busy, filters), funnel_counts.totals(busy, filters)
    assert found["sessions"].sum() == whole.sessions
    assert [found[column].sum() for column in COUNTS] == list(whole.reached)
    assert found["cases"].sum() == whole.c1
    assert found["still_converting"].sum() == whole.still_converting
    before = filters.compared()
    assert before is not None
    assert found["before_cases"].sum() <= funnel_counts.totals(busy, before).c1


@pytest.mark.parametrize("name", ["device", "referral"])
def test_a_group_counts_its_own_sessions(busy: Database, name: str) -> None:
    filters = asked(window="7d")
    raw, week = chosen(sessions(busy), filters), WINDOWS["7d"]
    for row in SPLITS[name](busy, filters).to_dict("records"):
        own = [each for each in raw if getattr(each.first, name) == row["group"].lower()]
        assert row["sessions"] == len(own) > 0
        for column, k in COUNTS.items():
            assert row[column] == sum(each.reached(k, week) for each in own)


def test_ten_tenants_stand_alone_and_the_others_together(busy: Database) -> None:
    found = funnel_groups.by_tenant(busy, asked())
    assert len(found) == 11
    assert found["group"].iloc[-1] == "Others (5)"
    assert found["groups"].sum() == 15
    assert found["visits"].iloc[:-1].is_monotonic_decreasing
    assert found["group"].str.startswith("Business").sum() >= 9


def test_the_comparison_is_of_the_same_groups(busy: Database) -> None:
    found = funnel_groups.by_tenant(busy, asked())
    before = asked().compared()
    assert before is not None
    raw, day = chosen(sessions(busy), before), WINDOWS["24h"]
    names = busy.frame(text("select id, name from organizations")).set_index("id")["name"]
    own = [each for each in raw if names.get(each.first.tenant) == found["group"].iloc[0]]
    assert found["before_cases"].iloc[0] == sum(each.is_closed(day, NOW) for each in own) > 0
    assert found["before_cases"].sum() == funnel_counts.totals(busy, before).c1


def test_a_single_group_left_over_is_shown_by_itself(db: Database) -> None:
    for tenant in range(11):
        factories.event(db, at=NOW - timedelta(days=2), visitor_id=tenant, tenant=tenant)
    fold(db)
    found = funnel_groups.by_tenant(db, asked())
    assert len(found) == 11
    assert "No tenant" in found["group"].tolist()
    assert not found["group"].str.startswith("Others").any()


@pytest.mark.parametrize(
    "filters", [asked(region="AR-B"), asked(device="mobile"), asked(referral="direct")]
)
def test_tenants_are_not_told_under_another_filter(busy: Database, filters: Filters) -> None:
    assert funnel_groups.by_tenant(busy, filters).empty


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_without_sessions_there_is_no_group(db: Database, split: Split) -> None:
    fold(db)
    assert split(db, asked()).empty
    assert list(split(db, asked()).columns)[:-1] == list(funnel_groups.COLUMNS)[:-1]


def test_a_group_says_by_which_filter_it_is_shown_alone(busy: Database) -> None:
    whole = funnel_groups.by_region(busy, asked())
    for row in whole.to_dict("records"):
        alone = funnel_groups.by_region(busy, asked(region=row["region"]))
        assert alone["visits"].tolist() == [row["visits"]]
    assert set(funnel_groups.by_device(busy, asked())["device"]) == {"mobile", "desktop", "tablet"}
    assert set(funnel_groups.by_referral(busy, asked())["referral"]) == {"direct", "whatsapp"}


def test_a_small_group_is_not_compared(db: Database) -> None:
    for visitor in range(29):
        for back in (2, 32):
            at = NOW - timedelta(days=back)
            factories.event(db, at=at, visitor_id=visitor, session_id=back)
    fold(db)
    row = funnel_groups.by_device(db, asked()).iloc[0]
    assert (row["cases"], row["before_cases"], row["verdict"]) == (29, 29, "too few to say")
