"""What a person reads on each page: filled, with nothing to show, and with a source down."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.demo.parts.ports import free_port
from dashboard.ui import links
from data import launch
from data.database import Database
from tests import factories
from tests.ui.conftest import Open
from tests.ui.reading import envelopes, read

TABS = ["Health", "API", "Database", "Payments", "Uptime"]
EMPTY = ("Nothing to show for this period.", "The rate limiter rejected nothing", "Unknown")
NOT_FOR_PEOPLE = ("Traceback", "None", "nan", "NaN", "null", "undefined", "SourceDown")


def fill(db: Database) -> None:
    now = datetime.now(UTC)
    for minutes in range(1, 30):
        at = now - timedelta(minutes=minutes)
        for name, value in (("p50", 60.0), ("p95", 250.0), ("p99", 300.0)):
            factories.metric(db, f"api_latency_{name}", value, recorded_at=at)
        for provider in ("mercadopago", "stripe"):
            labels = {"provider": provider}
            factories.metric(db, "webhook_success_pct", 99.9, recorded_at=at, labels=labels)
    factories.health(db, "afip", kind="third_party", status="down", checked_at=now)
    factories.health(db, "api", status="operational", checked_at=now)
    factories.alert(db, title="API is slow", severity="critical", started_at=now)


def test_the_launch_monitor_says_what_is_wrong_first(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("launch")
    assert not page.exception
    first = envelopes(page)["first"]
    assert first["verdict"]["tone"] in {"critical", "warning"}
    assert "API latency, p95: 250\u00a0ms against 200\u00a0ms" in first["verdict"]["head"]
    assert "1 alert is open." in first["verdict"]["more"]
    figure = first["figures"][0]
    assert (figure["label"], figure["number"], figure["unit"]) == ("API p95", "250", "ms")
    assert figure["word"] == "Critical"


def test_the_launch_monitor_draws_its_panels_with_thresholds_source_and_age(
    open_page: Open, db: Database
) -> None:
    fill(db)
    found = envelopes(open_page("launch"))
    panel = found["launch-monitor.is-the-api-fast-enough"]
    assert panel["state"] == "ok"
    assert panel["source"] == "Postgres"
    assert panel["clock"]
    assert "p95: last 250" in panel["alt"]
    assert {"p95", "critical 200\u00a0ms"} <= {item["t"] for item in panel["legend"]}
    status = found["launch-monitor.is-every-component-up"]["status"]
    assert {(item["n"], item["w"]) for item in status} == {("AFIP", "Down"), ("API", "Operational")}


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_the_launch_monitor_stands_without_data(open_page: Open, tab: str) -> None:
    page = open_page("launch", tab=tab)
    assert not page.exception
    words = read(page)
    assert (
        "Nothing to show for this period." in words
        or "rejected nothing" in words
        or "Nothing was checked yet" in words
    )
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []


def test_only_the_open_tab_is_asked(open_page: Open, db: Database) -> None:
    fill(db)
    found = envelopes(open_page("launch", tab="Payments"))
    assert "launch-monitor.how-fast-are-payment-webhooks-handled" in found
    assert "launch-monitor.is-the-api-fast-enough" not in found


def test_an_empty_database_claims_nothing(open_page: Open) -> None:
    first = envelopes(open_page("launch"))["first"]
    assert first["verdict"]["tone"] == "unknown"
    assert {figure["number"] for figure in first["figures"]} == {"\u2013"}


@pytest.mark.parametrize("name", ["launch", "overview"])
def test_a_source_that_is_down_is_named_and_the_other_source_goes_on(
    open_page: Open, db: Database, name: str
) -> None:
    fill(db)
    page = open_page(name, prometheus_url=f"http://127.0.0.1:{free_port()}")
    assert not page.exception
    found = envelopes(page)
    if name == "launch":
        panel = found["launch-monitor.is-the-api-fast-enough"]
        assert panel["state"] == "down"
        assert panel["title"].startswith("Prometheus ")
        assert "Missing since" in panel["hint"]
        assert found["launch-monitor.is-every-component-up"]["state"] == "ok"
        assert {figure["state"] for figure in found["first"]["figures"]} == {"down"}
    else:
        assert {each.get("state", "ok") for each in found.values()} <= {"ok", "empty"}


def test_a_question_that_raises_takes_its_own_panel_only(
    open_page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(launch.latency, "_function", broken)
    found = envelopes(open_page("launch"))
    panel = found["launch-monitor.is-the-api-fast-enough"]
    assert panel["state"] == "failed"
    assert "reference" in panel["hint"]
    assert "ZeroDivision" not in str(panel)
    assert found["launch-monitor.do-payment-webhooks-arrive"]["state"] == "ok"


def test_the_overview_names_who_is_down_and_counts_alerts(open_page: Open, db: Database) -> None:
    fill(db)
    page = open_page("overview")
    assert not page.exception
    found = envelopes(page)
    assert found["first"]["verdict"]["head"] == "Down: AFIP."
    assert "Open alerts: 1 critical, 0 warning." in found["first"]["verdict"]["more"]
    assert found["overview.what-is-alerting"]["table"]["rows"][0][1][1] == "1"
    assert found["overview.do-the-integrations-answer"]["status"][0]["w"] == "Down"


def test_tiles_lead_to_pages_that_exist_only(open_page: Open, db: Database) -> None:
    fill(db)
    found = envelopes(open_page("overview"))
    assert found["first"]["verdict"]["to_title"] == "Launch monitor"
    assert found["overview.do-the-integrations-answer"]["to"] == "launch"
    assert links.to("launch") == {"to": "launch", "to_title": "Launch monitor"}
    assert links.to("") == {"to": "", "to_title": "Overview"}
    assert links.to("no-such-page") == {}


def test_the_overview_of_an_empty_database_says_so(open_page: Open) -> None:
    page = open_page("overview")
    assert not page.exception
    words = read(page)
    assert "No component has been checked" in words
    assert "No job has failed for good within the last hour." in words
    assert [word for word in NOT_FOR_PEOPLE if word in words.split()] == []


HOSTILE = ["'; drop table sessions; --", "<img src=x onerror=alert(1)>", "A" * 10_000, "\x00", "-1"]


@pytest.mark.parametrize("value", HOSTILE, ids=["sql", "html", "10 kB", "zero byte", "number"])
def test_filters_made_of_nonsense_do_nothing(open_page: Open, db: Database, value: str) -> None:
    fill(db)
    names = ("span", "compare", "tab", "route", "region", "device", "referral", "tenant")
    page = open_page("launch", **dict.fromkeys(names, value))
    assert not page.exception
    assert envelopes(page)["launch-monitor.is-the-api-fast-enough"]["state"] == "ok"
    over = open_page("overview", **dict.fromkeys(names, value))
    assert not over.exception
    assert envelopes(over)["first"]["verdict"]["head"] == "Down: AFIP."


def test_a_link_may_name_a_filter_by_its_code(open_page: Open, db: Database) -> None:
    page = open_page("overview", region="AR-X", device="mobile")
    assert not page.exception
    assert page.selectbox(key="region").value == "AR-X"
    assert page.selectbox(key="device").value == "mobile"
