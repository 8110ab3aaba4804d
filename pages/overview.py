"""How is the platform today? One screen; every tile is a question and leads to its page."""

from dashboard.ui import charts
from dashboard.ui.charts import column
from dashboard.ui.page import page
from data import attention, overview, timeline
from data.period import Selection

ALERTS = [
    column("severity", "Severity", kind="status"),
    column("open", "Open", "count", "number"),
    column("acknowledged", "Acknowledged", "count", "number"),
    column("silenced", "Silenced", "count", "number"),
    column("oldest_at", "Oldest since", kind="moment"),
]
QUEUES = [
    column("queue", "Queue"),
    column("failed", "Failed", "count", "bar"),
    column("runs", "Runs", "count", "number"),
    column("last_failed_at", "Last", kind="moment"),
    column("reason", "Commonest reason"),
]
CHANGES = [
    column("at", "When", kind="moment"),
    column("kind", "What", kind="word"),
    column("title", "Which"),
    column("detail", "Detail", kind="word"),
    column("who", "Who"),
]
TODAY = Selection(span="today", compare="last_week")

with page(
    "Overview",
    live=True,
    filters=("compare", "region", "device", "referral", "tenant"),
    default=TODAY,
) as p:
    p.pins()
    p.verdict(attention.system_status, leads_to="launch")
    p.kpi("Bookings today", overview.bookings, good="up")
    p.kpi("Revenue today", overview.revenue, good="up")
    p.kpi("Conversion today", overview.conversion, good="up")
    p.kpi("Active sessions", overview.active_sessions, good="up")
    p.kpi("Jobs failed, last hour", attention.failed_jobs, good="down")

    p.tab("", marks=timeline.marks)
    p.panel(
        "Are bookings on their usual course?",
        overview.bookings_curve,
        draw=charts.lines(unit="count"),
    )
    p.panel(
        "Is revenue on its usual course?",
        overview.revenue_curve,
        draw=charts.lines(unit="ARS minor"),
    )
    p.panel("What is alerting?", attention.alerts_by_severity, draw=charts.table(ALERTS))
    p.panel(
        "Do the integrations answer?",
        attention.integrations,
        draw=charts.status(group=""),
        leads_to="launch",
    )
    p.panel(
        "Which queues fail?",
        attention.failing_queues,
        draw=charts.table(QUEUES),
        hint="No job has failed for good within the last hour.",
    )
    p.panel(
        "What changed in the last hour?",
        attention.changes,
        draw=charts.table(CHANGES),
        hint="No deploy, alert, flag or team change within the last hour.",
    )
