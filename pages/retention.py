"""Who comes back, how often, and how long do they stay?"""

from dashboard.ui import charts
from dashboard.ui.charts import column
from dashboard.ui.choices import choice
from dashboard.ui.page import page
from data import retention, retention_cohorts, retention_sessions, timeline
from data.period import Selection
from data.rollups import freshness

STEPS = choice("cohorts", "Cohorts", {"week": "By week", "month": "By month"}, default="week")
CELLS = choice("cells", "Cells", {"rate": "As shares", "count": "As visitors"}, default="rate")
ACTIVE = {"dau": "In a day", "wau": "In 7 days", "mau": "In 30 days"}
PARTS = {"returning": "Returning", "new": "New"}
NO_RETURN = "No cohort has had a whole week or month after its first yet."
NOBODY_BACK = "Nobody came back on a day of this period that is over."


def share(name: str, label: str, cases: str, kind: str = "number") -> charts.Column:
    """Per cent of so many cases."""
    return column(name, label, "%", kind, cases=cases)


def count(name: str, label: str) -> charts.Column:
    """Numbers of cases."""
    return column(name, label, "count", "number")


def length(name: str, label: str, cases: str) -> charts.Column:
    """How long sessions are."""
    return column(name, label, "s", "number", cases=cases)


RETURNED = [
    column("offset", "After", kind="rank"),
    share("returned_pct", "Came again", "size", "bar"),
    count("returned", "Visitors"),
    count("size", "Of"),
    count("cohorts", "Cohorts"),
    column("least_pct", "Least", "%", "number"),
    column("most_pct", "Most", "%", "number"),
]
DEVICES = [
    column("device", "Device", kind="word"),
    count("sessions", "Sessions"),
    column("share_pct", "Share", "%", "bar"),
    length("mean_s", "Mean length", "sessions"),
    length("before_mean_s", "Before", "before_sessions"),
    column("change_pct", "Change", "%", "delta"),
    column("depth", "Events each", kind="number", cases="sessions"),
    share("single_pct", "One event", "sessions"),
    share("before_single_pct", "Before", "before_sessions"),
]

with page(
    "Retention",
    help="Figures that are compared count the days that are over; today is drawn as unfinished.",
    filters=("span", "compare"),
    spans=("today", "7d", "30d", "90d"),
    default=Selection(span="30d", compare="previous"),
    choices=(STEPS, CELLS),
) as p:
    p.until(freshness)
    p.kpi("Visitors", retention.visitors, good="up")
    p.kpi("New visitors", retention.new_visitors, good="up")
    p.kpi("Returning", retention.returning_share, good="up")
    p.kpi("Stickiness", retention.stickiness, good="up")
    p.kpi("Mean session", retention_sessions.mean_length)
    p.kpi("Events per session", retention_sessions.events_per_session)

    p.tab("Cohorts")
    monthly, counted = STEPS.given() == "month", CELLS.given() == "count"
    unit = {"value": "returned", "unit": "count"} if counted else {}
    periods = "Months" if monthly else "Weeks"
    grid = charts.cohorts(
        step="month" if monthly else "week", x_title=f"{periods} since the first visit", **unit
    )
    p.panel("Who comes again?", retention_cohorts.cohorts, draw=grid, wide=True)
    rates = charts.table(RETURNED)
    p.panel(
        f"How many come again after so many {periods.lower()}?",
        retention_cohorts.return_rates,
        draw=rates,
        hint=NO_RETURN,
        wide=True,
    )

    p.tab("Visitors", marks=timeline.marks)
    crowd = charts.lines(unit="count", names=ACTIVE, sums=True)
    p.panel("How many come?", retention.active, draw=crowd, wide=True)
    who = charts.stacked_bars(unit="count", names=PARTS)
    p.panel("New or returning?", retention.new_and_returning, draw=who)
    sticky = charts.lines(unit="%", sums=True)
    p.panel("How much of a month comes in a day?", retention.stickiness_by_day, draw=sticky)
    away = charts.columns(x_title="Days since the last visit")
    p.panel("How long were they away?", retention.days_away, draw=away, hint=NOBODY_BACK, wide=True)

    p.tab("Sessions", marks=timeline.marks)
    lengths = charts.columns(x_title="Minutes; single: one event")
    depths = charts.columns(x_title="Events")
    p.panel("How long is a session?", retention_sessions.lengths, draw=lengths)
    p.panel("How deep is a session?", retention_sessions.depths, draw=depths)
    mean = charts.lines(y="mean_s", unit="s", sums=True)
    p.panel("Do they stay longer?", retention_sessions.by_day, draw=mean)
    single = charts.lines(y="single_pct", unit="%", sums=True)
    p.panel("How many leave after one event?", retention_sessions.by_day, draw=single)
    kinds = charts.table(DEVICES)
    p.panel("On which device do they stay?", retention_sessions.by_device, draw=kinds, wide=True)
