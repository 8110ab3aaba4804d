"""Where do visits come from, what is booked and paid there, and where is too little on offer?"""

from functools import partial

from dashboard.ui import charts, currencies
from dashboard.ui.charts import column
from dashboard.ui.choices import Choice
from dashboard.ui.page import page
from data import (
    region_cities,
    region_figures,
    region_hours,
    region_payments,
    region_supply,
    regions,
    rollups,
)
from data.period import Selection

MEASURES = {
    "sessions": "Sessions",
    "paid": "Paid bookings",
    "revenue": "Revenue",
    "conversion": "Conversion",
}
UNITS = {"sessions": "count", "paid": "count", "conversion": "%"}
VISITED = [
    column("sessions", "Sessions", "count", "bar"),
    column("paid", "Paid bookings", "count", "number"),
    column("revenue_minor", "Revenue", " minor", "number", currency="currency"),
    column("conversion_pct", "Conversion", "%", "number", cases="sessions"),
]
RANKING = [
    column("province", "Province", kind="link"),
    column("market", "Market"),
    *VISITED,
    column("change_pct", "Change", "%", "delta"),
    column("trend", "By day", kind="spark"),
]
PHONES = [
    column("province", "Province", kind="link"),
    column("mobile_state", "State", kind="status"),
    column("mobile_pct", "By phone", "%", "bar", cases="everyone"),
    column("mobile", "Sessions by phone", "count", "number"),
]
SUPPLY = [
    column("province", "Province", kind="link"),
    column("state", "State", kind="status"),
    column("times", "Score", "x", "bar", cases="searches"),
    column("searches", "Searches", "count", "number"),
    column("hours", "Hours", "count", "number"),
]
CITIES = [
    column("city", "City"),
    column("province", "Province"),
    *VISITED,
    column("mobile_pct", "By phone", "%", "number", cases="everyone"),
]
NOT_BY_HOUR = "Activity by hour is kept for all devices and all referrals together: choose all."
NOT_BY_CITY = "Cities are kept for all referrals together: choose all."
ACTIVE, PAYING = charts.hours(value="events"), charts.hours(value="payments")
BY = {code: f"By {words.lower()}" for code, words in MEASURES.items()}
MEASURE = Choice("measure", "Measure", BY, "sessions", width=165)
METHODS = {"account_money": "Account", "bank_transfer": "Transfer"}
MIX = partial(charts.heatmap, x="method", y="province", unit="%", part="paid", names=METHODS)
SHARES = MIX(value="share_pct", cases="province_paid")
APPROVALS = MIX(value="approval_pct", cases="decided")
BY_PHONE = partial(charts.map, value="mobile_pct", unit="%", cases="everyone", part="mobile")

with page(
    "Regions",
    help="A click on a province filters the page, a second one shows all again.",
    filters=("span", "compare", "region", "device", "referral"),
    spans=("today", "7d", "30d", "90d"),
    default=Selection(span="30d", compare="previous"),
    choices=(MEASURE, *currencies.choices()),
) as p:
    p.until(rollups.freshness)
    p.kpi("Sessions", region_figures.sessions, good="up")
    p.kpi("Paid bookings", region_figures.paid, good="up")
    p.kpi("Revenue", region_figures.revenue, good="up")
    p.kpi("Conversion", region_figures.conversion, good="up")
    p.kpi("By phone", region_figures.mobile)
    p.kpi("Underserved provinces", region_supply.underserved, good="down")

    p.tab("Provinces")
    chosen = MEASURE.given()
    on_map = charts.map(unit=UNITS.get(chosen), cases="cases", part="part", title=MEASURES[chosen])
    is_money = chosen not in UNITS
    p.panel("Where does it come from?", regions.provinces, draw=on_map, money=is_money)
    p.panel(
        "Where is too little on offer?",
        region_supply.supply,
        draw=charts.table(SUPPLY, select="region", opens=True, height=440),
        help="Score: searches for each hour on offer against the same of the whole country. "
        "Underserved: at least twice that, with 30 searches or more.",
    )
    ranking = charts.table(RANKING, select="region", opens=True, height=780)
    p.panel("Which provinces lead?", regions.provinces, draw=ranking, wide=True)
    p.tab("Hours")
    active = region_hours.active_hours
    p.panel("When are they active?", active, draw=ACTIVE, hint=NOT_BY_HOUR, wide=True)
    p.panel("When do they pay?", region_hours.paying_hours, draw=PAYING, wide=True)
    p.tab("Payments")
    p.panel("With what do they pay?", region_payments.payment_mix, draw=SHARES)
    p.panel("How often is it approved?", region_payments.payment_mix, draw=APPROVALS)
    p.tab("Phones and cities")
    p.panel("Where are phones used?", regions.provinces, draw=BY_PHONE(title="By phone"))
    p.panel(
        "Is the share of phones normal?",
        regions.provinces,
        draw=charts.table(PHONES, select="region", opens=True, height=440),
        help="Over 80 % of the visits by phone is normal on this platform.",
    )
    listed = charts.table(CITIES, height=600)
    p.panel("Which cities lead?", region_cities.cities, draw=listed, hint=NOT_BY_CITY, wide=True)
