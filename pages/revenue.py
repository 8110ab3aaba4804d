"""What was sold, what of it stays, how people paid, and who shares in it?"""

from functools import partial

from dashboard.ui import charts, currencies
from dashboard.ui.charts import Column, column
from dashboard.ui.choices import choice
from dashboard.ui.page import page
from data import revenue as r
from data import revenue_currencies, revenue_methods, revenue_refunds, revenue_shares, timeline
from data.period import Selection
from data.rollups import freshness

GRAINS = {
    "auto": "Automatic steps",
    "hour": "By hour, up to 8 days",
    "day": "By day",
    "week": "By week",
    "month": "By month",
}
BACK = {"refunded": "Refunded", "charged_back": "Charged back"}
CODES = ("credit_card", "debit_card", "bank_transfer", "cash", "account_money")
METHODS = {code: code.replace("_", " ").capitalize() for code in CODES}
NO_REFUND, NO_FAILURE = "Nothing was paid back in this period.", "No attempt failed."


def money(name: str, label: str, kind: str = "number") -> Column:
    """Amounts, each in the currency of its row."""
    return column(name, label, " minor", kind, currency="currency")


def count(name: str, label: str) -> Column:
    """Numbers of cases."""
    return column(name, label, "count", "number")


def rate(name: str, label: str, kind: str = "number", cases: str = "") -> Column:
    """Per cent, greyed where there are few cases."""
    return column(name, label, "%", kind, cases=cases)


def word(name: str, label: str) -> Column:
    """Names of ours."""
    return column(name, label, kind="word")


TICKET, TAKEN = money("ticket", "Ticket"), rate("take_rate_pct", "Take rate")
LEFT = [money("refunded", "Refunded"), money("net", "Net"), money("commission", "Commission")]
REST = [rate("share_pct", "Share"), count("sales", "Sales"), *LEFT, TAKEN, TICKET]
RANK, NAME = column("rank", "", kind="rank"), column("name", "Name")
PLACES = [RANK, NAME, money("gross", "Gross", "bar"), REST[0], TICKET]
SERVICES = [RANK, NAME, word("kind", "Kind"), *PLACES[2:3], *REST]
PROVIDERS = [RANK, column("name", "Name", kind="link"), money("gross", "Gross"), *REST]
CURRENCIES = [column("currency", "Currency"), money("gross", "Gross"), *REST[1:]]
APPROVED = [count("attempts", "Attempts"), rate("approval_pct", "Approved", "bar", "decided")]
PAID = [TICKET, money("amount", "Sold"), rate("share_pct", "Share")]
FAILED = [word("reason", "Commonest failure"), rate("reason_pct", "Of decided", cases="decided")]
PLANS = [word("method", "Method"), count("instalments", "Instalments"), *APPROVED, *PAID, *FAILED]
FAULTS = rate("fault_pct", "Not the payer's fault", cases="decided")
GATEWAYS = [word("gateway", "Gateway"), *APPROVED, FAULTS, money("amount", "Sold")]
WHY = [word("reason", "Reason"), rate("share_pct", "Of decided", "bar", "decided")]
REASONS = [*WHY, count("failed", "Failed"), word("fault", "Whose"), word("method", "Mostly")]
BACK_ON = [column("back_at", "Paid back on", kind="moment"), money("refunded", "Paid back")]
SOLD_ON = [column("sold_at", "Sold on", kind="moment"), money("amount", "Sale")]
PAYMENT = [column("number", "No.", kind="rank"), column("reference", "Payment")]
PAID_BY = [count("days_after", "Days after"), word("method", "Method"), word("gateway", "Gateway")]
REFUNDS = [*PAYMENT, *BACK_ON, word("kind", "Kind"), *SOLD_ON, *PAID_BY]

with page(
    "Revenue",
    filters=("span", "compare", "region", "device", "referral", "tenant"),
    spans=("today", "7d", "30d", "90d"),
    default=Selection(span="30d", compare="previous"),
    choices=(choice("grain", "Steps", GRAINS, default="auto"), *currencies.choices()),
) as p:
    p.until(freshness)
    p.kpi("Gross", r.gross, good="up")
    p.kpi("Refunds", r.refunds, good="down")
    p.kpi("Net", r.net, good="up")
    p.kpi("Commission", r.commission, good="up")
    p.kpi("Take rate", r.take_rate)
    p.kpi("Average ticket", r.ticket)

    p.tab("Over time", marks=timeline.marks)
    parts = charts.stacked_bars(names={"net": "Net", **BACK})
    p.panel("What was sold, and what stayed?", r.net_and_back, draw=parts, money=True, wide=True)
    back, kept = charts.stacked_bars(names=BACK), charts.stacked_bars(color=None)
    p.panel("What went back?", r.paid_back, draw=back, money=True, hint=NO_REFUND)
    p.panel("What does the platform earn?", r.commission_over_time, draw=kept, money=True)
    p.panel("At which take rate?", r.take_rate_over_time, draw=charts.lines(unit="%", zero=False))
    p.panel("How large is a sale?", r.ticket_over_time, money=True)
    each = charts.table(CURRENCIES)
    p.panel("What came in which currency?", revenue_currencies.currencies, draw=each, wide=True)

    p.tab("Payment methods")
    plan = partial(charts.heatmap, x="instalments", y="method", names=METHODS)
    approval = plan(value="approval_pct", unit="%", part="approved", cases="decided")
    p.panel("Which payments are approved?", revenue_methods.matrix, draw=approval)
    size = plan(value="ticket")
    p.panel("How large is a sale in each?", revenue_methods.matrix, draw=size, money=True)
    p.panel("How is it paid?", revenue_methods.matrix, draw=charts.table(PLANS), wide=True)
    failed = charts.table(REASONS)
    p.panel("Why do payments fail?", revenue_methods.reasons, draw=failed, hint=NO_FAILURE)
    p.panel("Which gateway works?", revenue_methods.gateways, draw=charts.table(GATEWAYS))

    p.tab("Who shares")
    sold = charts.table(SERVICES)
    p.panel("Which services sell?", revenue_shares.services, draw=sold, wide=True)
    best = charts.table(PROVIDERS, select="provider", leads_to="providers")
    p.panel("Which providers sell?", revenue_shares.providers, draw=best, wide=True)
    p.panel("Where are the buyers?", revenue_shares.regions, draw=charts.table(PLACES))
    p.panel("On what do they pay?", revenue_shares.devices, draw=charts.table(PLACES))
    p.panel("Through what do they come?", revenue_shares.referrals, draw=charts.table(PLACES))

    p.tab("Refunds")
    every = charts.table(REFUNDS)
    p.panel("Refunds of the period", revenue_refunds.refunds, draw=every, hint=NO_REFUND, wide=True)
    ages = charts.columns(x="age", y="refunds", x_title="After the sale")
    p.panel("How late do refunds come?", revenue_refunds.ages, draw=ages, hint=NO_REFUND)
