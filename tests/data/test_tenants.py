from zoneinfo import ZoneInfo

from data.database import Database
from data.period import Selection
from data.tenants import Tenant, organizations
from tests import factories
from tests.factories import NOW

FILTERS = Selection("1h").at(NOW, ZoneInfo("America/Argentina/Buenos_Aires"))


def test_all_organizations_come_by_name_whatever_the_filters(db: Database) -> None:
    last = factories.organization(db, name="Zonda")
    first = factories.organization(db, name="Austral")
    narrowed = Selection("1h", tenant=99).at(NOW, FILTERS.zone)

    assert organizations(db, narrowed) == [
        Tenant(first["id"], "Austral"),
        Tenant(last["id"], "Zonda"),
    ]


def test_without_organizations_there_is_nothing_to_choose(db: Database) -> None:
    assert organizations(db, FILTERS) == []
