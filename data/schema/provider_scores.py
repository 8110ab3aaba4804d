"""How each provider does over the latest days: computed whole every few minutes by the worker."""

from sqlalchemy import CHAR, BigInteger, Date, Float, SmallInteger, Table

from data.schema.base import UPDATED_OFTEN, Instant, column, holds, metadata
from data.schema.rollups import count_of

provider_scores = Table(
    "provider_scores",
    metadata,
    column("window_days", SmallInteger, "7, 30 or 90 local days, today included", key=True),
    column("provider_id", BigInteger, "Provider; every one has a row for each window", key=True),
    column("currency", CHAR(3), "In which it earns most often; null: sells nothing", null=True),
    column("currencies", SmallInteger, "Currencies of its money in the window", default="0"),
    count_of("Payments approved, in that currency", "sales"),
    count_of("Sum of the sales", "gross"),
    count_of("Part of the sales that the platform keeps", "commission"),
    count_of("Sum paid back", "refunded"),
    count_of("Gross less commission, less what was paid back of both", "earnings"),
    count_of("Bookings made in the window, paid or not", "bookings"),
    count_of("Confirmed bookings that begin in the window, up to now", "appointments"),
    count_of("Appointments that took place", "completed"),
    count_of("Appointments cancelled after they were confirmed", "cancelled"),
    count_of("Appointments to which nobody came", "no_show"),
    count_of("Minutes of the window that are booked and not cancelled", "booked_minutes"),
    count_of("Minutes on offer in the window, since the provider joined", "offered_minutes"),
    column("occupancy_pct", Float, "Booked of offered minutes; null: none on offer", null=True),
    column("cancelled_pct", Float, "Cancelled of appointments; null: none", null=True),
    column("no_show_pct", Float, "No-shows of those due; null: none due", null=True),
    count_of("Reviews written in the window", "reviews"),
    column("rating", Float, "Average of these reviews; null: none", null=True),
    count_of("Bookings made in the window and confirmed", "responses"),
    column("response_s", Float, "Median seconds from booking to confirmation", null=True),
    postgresql_with=UPDATED_OFTEN,
    comment="Earnings, bookings, occupancy, rating and response of each provider, by window",
)

provider_scores_state = Table(
    "provider_scores_state",
    metadata,
    column("id", SmallInteger, "Always 1: there is one row", key=True, default="1"),
    column("today", Date, "Local day with which the windows end"),
    column("scored_at", Instant(), "When the scores were computed"),
    holds("one_row", "id = 1"),
    postgresql_with=UPDATED_OFTEN,
    comment="How old the provider scores are",
)
