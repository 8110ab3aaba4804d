"""Pages on a database of the test's own, without a browser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import runtime
from dashboard.settings import Settings
from dashboard.ui import live
from data.database import Database
from tests import factories
from tests.ui.reading import ROOT

Open = Callable[..., AppTest]


@pytest.fixture
def open_page(db: Database, db_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a page as the owner of the demo team: `open_page("launch", tab="API")`."""
    monkeypatch.setattr(live, "_refresher", [live.Refresher(every_s=0.2)])
    factories.member(db, email="ana@example.com", name="Ana Pereyra", role="owner")

    def opened(name: str, *, prometheus_url: str | None = None, **params: str) -> AppTest:
        runtime.configure(_settings(db_url, prometheus_url))
        page = AppTest.from_file(str(ROOT / "dashboard/app.py"), default_timeout=30)
        for key, value in params.items():
            page.query_params[key] = value
        page.run()
        return page if name == "overview" else page.switch_page(f"../pages/{name}.py").run()

    yield opened
    live.refresher().stop()
    runtime.close()


def _settings(url: str, prometheus_url: str | None) -> Settings:
    given: dict[str, Any] = {"database_url": url, "auth": "demo", "prometheus_url": prometheus_url}
    return Settings(**given, _env_file=None)  # type: ignore[call-arg]  # pydantic-settings' own
