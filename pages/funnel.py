"""Where do visits leave on their way to a booking, and what happened at the time?"""

from dashboard.ui import charts
from dashboard.ui.charts import column
from dashboard.ui.choices import choice
from dashboard.ui.page import page
from data import coincidences, funnel, funnel_groups, funnel_times, timeline
from data.period import Selection
from data.rollups import freshness

STEPS = {
    "visit": "Visit",
    "search": "Search",
    "provider_selected": "Provider selected",
    "checkout": "Checkout",
    "booking_paid": "Booking paid",
}
WINDOWS = {"30m": "Within 30 min", "24h": "Within 24 h", "7d": "Within 7 days"}
NO_TIMES = "No times here: choose a longer period, and all regions and referrals."
NO_TENANTS = "Tenants are counted over all visits: choose all regions, devices and referrals."
NO_DROP = "No step fell on any day more than chance explains, so there is nothing to explain."


def count(name: str, label: str, kind: str = "number") -> charts.Column:
    """Sessions."""
    return column(name, label, "count", kind)


VERDICT = [column("verdict", "Against before"), column("p_value", "p", "p", "number")]
BEFORE = column("before_pct", "Before", "%", "number", cases="before_cases")
CHANGE = column("change_pp", "Change", "pp", "delta")
RATE = column("rate_pct", "Rate", "%", "number", cases="cases")
CHANGES = [column("step", "To step", kind="word"), RATE, CHANGE, *VERDICT]
CHANGES = [*CHANGES, BEFORE, count("cases", "Cases"), count("before_cases", "Cases before")]
TIMES = [
    column("step", "To step", kind="word"),
    column("median_s", "Median", "s", "number", cases="cases"),
    column("p90_s", "Nine of ten within", "s", "number", cases="cases"),
    count("cases", "Sessions"),
    column("before_median_s", "Median before", "s", "number"),
    column("change_pct", "Change", "%", "delta"),
]
REACHED = [
    count("visits", "Visits"),
    count("search", "Search"),
    count("provider_selected", "Provider"),
    count("checkout", "Checkout"),
    count("booked", "Paid"),
    count("still_converting", "Open"),
]
COINCIDENCES = [
    column("relation", ""),
    column("kind", "What", kind="word"),
    column("title", "Which"),
    column("detail", "Detail"),
    column("since", "From", kind="moment"),
    column("until", "Until", kind="moment"),
    column("time_pct", "Time shared", "%", "bar"),
    column("segment", "On whom"),
    column("segment_pct", "Of the drop", "%", "number"),
]


def groups(label: str, by: str = "", height: int = 260) -> charts.Draw:
    """A table of groups; a click on one filters the page by it."""
    rate = column("rate_pct", "Booked", "%", "number", cases="cases")
    name = column("group", label, kind="link" if by else "text")
    columns = [name, *REACHED, rate, CHANGE, *VERDICT, BEFORE]
    return charts.table(columns, select=by, opens=bool(by), height=height)


with page(
    "Funnel",
    filters=("span", "compare", "region", "device", "referral", "tenant"),
    spans=("today", "7d", "30d", "90d"),
    default=Selection(span="30d", compare="previous"),
    choices=(choice("window", "Conversion window", WINDOWS, default="24h"),),
) as p:
    p.until(freshness)
    p.kpi("Visits", funnel.visits, good="up")
    p.kpi("Bookings paid", funnel.booked, good="up")
    p.kpi("Conversion", funnel.conversion, good="up")
    p.kpi("Still converting", funnel.still_converting)
    p.kpi("Time to book", funnel_times.time_to_book, good="down")
    p.kpi("Average ticket", funnel.ticket, good="up")

    p.tab("Steps", marks=timeline.marks)
    steps = charts.steps(names=STEPS)
    p.panel("Where do visits leave?", funnel.steps, draw=steps, money=True, wide=True)
    p.panel("Is it different from before?", funnel.changes, draw=charts.table(CHANGES), wide=True)
    rates = charts.lines(unit="%", names=STEPS)
    p.panel("How does each rate move?", funnel.rates, draw=rates, wide=True)
    around, found = charts.table(COINCIDENCES, height=320), coincidences.coincidences
    p.panel("What coincides with the worst drop?", found, draw=around, hint=NO_DROP, wide=True)
    p.tab("Groups")
    device, region = groups("Device", "device"), groups("Region", "region", 480)
    origin, tenant = groups("From", "referral"), groups("Tenant", height=480)
    tenants = funnel_groups.by_tenant
    p.panel("Which device books?", funnel_groups.by_device, draw=device, wide=True)
    p.panel("Which region books?", funnel_groups.by_region, draw=region, wide=True)
    p.panel("Who sends those who book?", funnel_groups.by_referral, draw=origin, wide=True)
    p.panel("Which tenant's visitors book?", tenants, draw=tenant, hint=NO_TENANTS, wide=True)
    p.tab("Times")
    times, spread = (
        charts.table(TIMES, height=260),
        charts.columns(x_title="From the visit to the booking"),
    )
    asked = funnel_times.step_times, funnel_times.times_to_book
    p.panel("How long does each step take?", asked[0], draw=times, hint=NO_TIMES, wide=True)
    p.panel("How long from visit to booking?", asked[1], draw=spread, hint=NO_TIMES, wide=True)
