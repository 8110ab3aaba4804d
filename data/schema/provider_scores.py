"""How each provider does over the latest days: computed whole every few minutes by the worker."""

from sqlalchemy import CHAR, BigInteger, Date, Float, Index, SmallInteger, Table, Text

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

provider_market = Table(
    "provider_market",
    metadata,
    column("window_days", SmallInteger, "7, 30 or 90 local days, today included", key=True),
    column("region", Text, "Code of the jurisdiction; empty for the whole country", key=True),
    column("kind", Text, "barber, salon or clinic; empty for all", key=True),
    column("measure", Text, "A column of provider_scores", key=True),
    column("currency", CHAR(3), "Of money; empty for all else", key=True),
    count_of("Providers with a booking in the window of whom the measure is known", "providers"),
    column("median", Float, "Half of them are below it"),
    column("top_decile", Float, "The best tenth reaches it: the lowest where less is better"),
    column("part", Float, "Sum of numerators; null: the measure has none", null=True),
    column("cases", Float, "Sum of denominators; null: the measure has none", null=True),
    postgresql_with=UPDATED_OFTEN,
    comment="What is usual among providers, by window, jurisdiction and kind",
)

provider_starts = Table(
    "provider_starts",
    metadata,
    column("provider_id", BigInteger, "Provider", key=True),
    column("joined_day", Date, "Local day on which it joined"),
    column("first_booked_day", Date, "Local day of its first booking; null: none", null=True),
    column("first_sale_day", Date, "Local day of its first sale; null: none", null=True),
    column("currency", CHAR(3), "In which it earned at first; null: sells nothing", null=True),
    count_of("Earnings of its first 30 days, in that currency", "earnings_30"),
    count_of("Earnings of its first 60 days", "earnings_60"),
    count_of("Earnings of its first 90 days", "earnings_90"),
    column("sought", Text, "Name and city in small letters without accents", default="''"),
    Index(None, "joined_day"),
    postgresql_with=UPDATED_OFTEN,
    comment="How each provider began, and the words that find it",
)
