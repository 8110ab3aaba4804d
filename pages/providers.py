"""Who earns, who is booked, who is liked? All providers, one of them, and how new ones begin."""

from dashboard.ui import charts, currencies
from dashboard.ui.charts import Column, column
from dashboard.ui.choices import choice, kept, search
from dashboard.ui.page import page
from data import provider_cohorts as new
from data import provider_figures as all_of
from data import provider_record as one
from data import provider_series as over
from data import providers
from data.period import Selection

WINDOWS = {"7": "Latest 7 days", "30": "Latest 30 days", "90": "Latest 90 days"}
KINDS = {"": "All kinds", "barber": "Barbers", "salon": "Salons", "clinic": "Clinics"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS = {name[:3].lower(): name for name in DAYS}
LINES = {"own": "This provider", "median": "Market median", "top": "Top decile"}
MONEY, COUNT, PCT = (charts.lines(names=LINES, unit=u) for u in (None, "count", "%"))
STARRED = charts.lines(names=LINES, unit="", zero=False)
HOURS = charts.heatmap(x="hour", y="day", value="bookings", unit="count", names=WEEKDAYS)
STARS = charts.columns(x="stars", y="reviews", x_title="Stars")
LISTED = ("q", "kind", "window", "currency", "region", "tenant", "sort")

WINDOW = choice("window", "Window", WINDOWS, default="30")
KIND = choice("kind", "Kind of provider", KINDS, default="")
SEARCH = search("q", "Name, city or number")
PROVIDER = kept("provider", "[0-9]{1,18}", back="All providers")
SORT = kept("sort", providers.SORT, default=providers.USUAL_SORT)
PAGE = kept("page", "[1-9][0-9]{0,6}", default="1", within=LISTED)

ORDER = (
    "First what is usual: half of the active providers of the region and kind, and a tenth, do"
    " better. Rates of fewer than 30 cases are grey and come after the others; unknown ones last."
)
AGAINST = "The market: active providers of the same kind in the whole country, the same window."
SPREAD = "Of the market: what median and best tenth have in the window, spread evenly over it."
NOTHING = "Nothing is known about this provider in this window."
NO_SALES = "It sold nothing in this window, or in another currency."
NO_NEW = "Nobody joined within the latest twelve months, or the scores are not computed yet."
NOBODY = "No provider matches. Search for fewer words, or choose all kinds and regions."


def money(name: str, label: str, sort: str = "") -> Column:
    """Amounts, each in the currency of its row."""
    return column(name, label, " minor", "number", currency="currency", sort=sort)


def rate(name: str, label: str, cases: str, *, unit: str = "%", sort: str = "") -> Column:
    """Rates, greyed where there are few cases."""
    return column(name, label, unit, "number", cases=cases, sort=sort)


FIGURES = [
    money("earnings", "Earnings", "earnings"),
    column("bookings", "Bookings", "count", "number", sort="bookings"),
    column("occupancy_pct", "Occupancy", "%", "number", sort="occupancy"),
    rate("rating", "Rating", "reviews", unit="", sort="rating"),
    rate("cancelled_pct", "Cancelled", "appointments", sort="cancelled"),
    rate("response_s", "Response", "responses", unit="s", sort="response"),
]
LEADERS = [
    column("rank", "", kind="rank"),
    column("name", "Provider", kind="link", sort="name"),
    column("kind", "Kind", kind="word", sort="kind"),
    column("province", "Province", sort="province"),
    *FIGURES,
]
BESIDE = [column("name", "Who"), *FIGURES, rate("no_show_pct", "No-shows", "due")]
STARTS = [
    column("month", "Joined in"),
    column("joined", "Providers", "count", "number"),
    rate("booked_pct", "Booked within 30 days", "had_30"),
    column("sold", "Have sold", "count", "number"),
    column("days_to_sale", "Days to first sale", "", "number"),
    *[money(f"earnings_{days}", f"Earned in {days} days") for days in (30, 60, 90)],
]

with page(
    "Providers",
    filters=("region", "tenant"),
    default=Selection(span="30d", compare="none"),
    choices=(PROVIDER, WINDOW, KIND, *currencies.choices(), SEARCH, SORT, PAGE),
) as p:
    p.until(all_of.scored)
    if p.given("provider"):
        p.filters, p.choices = (), (PROVIDER, WINDOW, *currencies.choices())
        p.verdict(one.card)
        p.kpi("Earnings", one.earnings)
        p.kpi("Bookings", one.bookings)
        p.kpi("Occupancy", one.occupancy)
        p.kpi("Rating", one.rating)
        p.kpi("Cancelled", one.cancellations)
        p.kpi("Response", one.response)
        beside = charts.table(BESIDE)
        p.panel("How does it do?", one.against, draw=beside, wide=True, help=AGAINST, hint=NOTHING)
        p.panel("What does it earn?", over.earnings, draw=MONEY, money=True, hint=NO_SALES)
        p.panel("How often is it booked?", over.bookings, draw=COUNT, help=SPREAD, hint=NOTHING)
        p.panel("How full is it?", over.occupancy, draw=PCT, hint=NOTHING)
        p.panel("How much is cancelled?", over.cancellations, draw=PCT, hint=NOTHING)
        p.panel("How is it rated?", over.rating, draw=STARRED, hint=NOTHING)
        p.panel("With how many stars?", over.stars, draw=STARS, hint=NOTHING)
        p.panel("When are its hours?", over.hours, draw=HOURS, wide=True, hint=NOTHING)
    else:
        p.kpi("Active providers", all_of.active)
        p.kpi("Earnings, median", all_of.earnings)
        p.kpi("Occupancy, median", all_of.occupancy)
        p.kpi("Cancelled", all_of.cancellations)
        p.kpi("Rating", all_of.rating)
        p.kpi("New providers", all_of.joined)

        p.tab("Leaderboard")
        board = charts.table(LEADERS, select="provider", opens=True, is_paged=True, height=720)
        p.panel("Who leads?", providers.leaderboard, draw=board, wide=True, help=ORDER, hint=NOBODY)
        p.tab("New providers")
        starts, kinds = charts.table(STARTS), charts.stacked_bars(unit="count", names=KINDS)
        share = charts.lines(color=None, unit="%")
        p.panel("How do new providers begin?", new.cohorts, draw=starts, wide=True, hint=NO_NEW)
        p.panel("How many join?", new.joined, draw=kinds, hint=NO_NEW)
        p.panel("How many are soon booked?", new.booked, draw=share, hint=NO_NEW)
