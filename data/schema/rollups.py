"""Rollups by session, visitor and event, maintained by the worker from analytics_events.

Measures are never null, and a cell whose count falls to zero is deleted: a rollup equals its
recompute. Days are local days of the business time zone, hours and minutes are UTC instants.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy import (
    column as name_of,
)
from sqlalchemy.dialects.postgresql import UUID

from data.schema.base import UPDATED_OFTEN, Instant, column, metadata

WINDOWS = ("30m", "24h", "7d", "any")


def count_of(what: str, name: str = "n") -> Column[Any]:
    """A counter of a cell."""
    return column(name, BigInteger, what, default="0")


def code(name: str, comment: str) -> Column[Any]:
    """A dimension code as part of a cell's key."""
    return column(name, SmallInteger, comment, key=True)


def _windowed_steps() -> list[Column[Any]]:
    return [
        count_of(f"Sessions at step {step} within {window} of step 1", f"s{step}_{window}")
        for step in range(2, 6)
        for window in WINDOWS
    ]


roll_minute = Table(
    "roll_minute",
    metadata,
    column("minute", Instant(), "Begin of the minute", key=True),
    code("name", "Event name code"),
    count_of("Events"),
    postgresql_with=UPDATED_OFTEN,
    comment="Events by minute and name",
)

roll_hour = Table(
    "roll_hour",
    metadata,
    column("hour", Instant(), "Begin of the hour", key=True),
    code("province", "Jurisdiction"),
    code("name", "Event name code"),
    count_of("Events"),
    postgresql_with=UPDATED_OFTEN,
    comment="Events by hour, jurisdiction and name",
)

roll_hour_prov = Table(
    "roll_hour_prov",
    metadata,
    column("hour", Instant(), "Begin of the hour", key=True),
    code("province", "Jurisdiction"),
    count_of("Events"),
    postgresql_with=UPDATED_OFTEN,
    comment="Events by hour and jurisdiction",
)

roll_day = Table(
    "roll_day",
    metadata,
    column("day", Date, "Local day", key=True),
    code("name", "Event name code"),
    code("device", "Device class"),
    code("province", "Jurisdiction"),
    code("referral", "Origin"),
    count_of("Events"),
    postgresql_with=UPDATED_OFTEN,
    comment="Events by local day, name and every dimension",
)

session_funnel = Table(
    "session_funnel",
    metadata,
    column("visitor_id", BigInteger, "Visitor", key=True),
    column("session_id", BigInteger, "Session within the visitor", key=True),
    column("first_at", Instant(), "Earliest event"),
    column("first_event_id", UUID(as_uuid=True), "Earliest event, by (occurred_at, event_id)"),
    column("last_at", Instant(), "Latest event"),
    *(
        column(f"t{step}", Instant(), f"When step {step} was reached", null=True)
        for step in range(1, 6)
    ),
    column("day", Date, "Local day of the earliest event"),
    column("device", SmallInteger, "Device class of the earliest event"),
    column("province", SmallInteger, "Jurisdiction of the earliest event"),
    column("referral", SmallInteger, "Origin of the earliest event"),
    column("tenant", Integer, "Organization of the earliest event, 0 for none", default="0"),
    column(
        "ttc_bucket",
        Integer,
        "floor(ln(max(seconds, 1)) / ln 1.02) of t5 - t1; null before",
        null=True,
    ),
    column("events", Integer, "Events of the session", default="0"),
    column(
        "city",
        Text,
        "City that sessions names when the row is made; empty for unknown",
        default="''",
    ),
    *(
        column(
            f"bucket{step}",
            SmallInteger,
            f"The same bucket of t{step + 1} - t{step}; null before",
            null=True,
        )
        for step in range(1, 5)
    ),
    Index("session_funnel_day_brin", "day", postgresql_using="brin"),
    Index(
        "session_funnel_paid_idx",
        "day",
        "device",
        postgresql_include=["t1", "t5"],
        postgresql_where=name_of("t5").is_not(None),
    ),
    Index("session_funnel_tenant_idx", "tenant", "day", postgresql_where=text("tenant <> 0")),
    postgresql_with=UPDATED_OFTEN,
    comment="One row per session: when each step of the anchored greedy funnel was reached",
)

funnel_day = Table(
    "funnel_day",
    metadata,
    column("day", Date, "Local day of the session", key=True),
    code("device", "Device class"),
    code("province", "Jurisdiction"),
    code("referral", "Origin"),
    count_of("Sessions", "sessions"),
    count_of("Sessions with step 1", "s1"),
    *_windowed_steps(),
    postgresql_with=UPDATED_OFTEN,
    comment="Funnel counts by local day and dimensions, cumulative by step and window",
)

funnel_tenant_day = Table(
    "funnel_tenant_day",
    metadata,
    column("day", Date, "Local day of the session", key=True),
    column("tenant", Integer, "Organization, 0 for none", key=True),
    count_of("Sessions", "sessions"),
    count_of("Sessions with step 1", "s1"),
    *_windowed_steps(),
    postgresql_with=UPDATED_OFTEN,
    comment="Funnel counts by local day and tenant, cumulative by step and window",
)

city_day = Table(
    "city_day",
    metadata,
    column("day", Date, "Local day of the session", key=True),
    code("province", "Jurisdiction"),
    column("city", Text, "City, empty for unknown", key=True),
    code("device", "Device class"),
    count_of("Sessions", "sessions"),
    count_of("Sessions with step 1", "s1"),
    count_of("Sessions at step 5, however long after step 1", "s5_any"),
    postgresql_with=UPDATED_OFTEN,
    comment="Sessions and conversions by local day and city",
)

session_shape = Table(
    "session_shape",
    metadata,
    column("day", Date, "Local day of the session", key=True),
    code("device", "Device class"),
    code(
        "length_class",
        "0 a single event, 1 under 1 min, 2 under 3, 3 under 10, 4 under 30, 5 at least 30 min",
    ),
    code("depth_class", "1 to 4 events are 1 to 4, 5-6 are 5, 7-10 are 6, more are 7"),
    count_of("Sessions"),
    count_of("Sum of whole seconds from first to last event", "seconds"),
    count_of("Events", "events"),
    postgresql_with=UPDATED_OFTEN,
    comment="How long and how deep sessions are",
)

step_hist = Table(
    "step_hist",
    metadata,
    column("day", Date, "Local day of the session", key=True),
    code("device", "Device class"),
    code("step", "1 to 4: the time from this step to the next"),
    column("bucket", SmallInteger, "floor(ln(max(seconds, 1)) / ln 1.02)", key=True),
    count_of("Sessions"),
    postgresql_with=UPDATED_OFTEN,
    comment="Histogram of the time from each step to the next",
)

ttc_hist = Table(
    "ttc_hist",
    metadata,
    column("day", Date, "Local day of the session", key=True),
    code("device", "Device class"),
    code("w", "Smallest window it fits: 0 is 30 min, 1 is 24 h, 2 is 7 d, 3 is any"),
    column("bucket", Integer, "floor(ln(max(seconds, 1)) / ln 1.02)", key=True),
    count_of("Sessions"),
    postgresql_with=UPDATED_OFTEN,
    comment="Histogram of the time from step 1 to step 5",
)

visitor_day = Table(
    "visitor_day",
    metadata,
    column("visitor_id", BigInteger, "Visitor", key=True),
    column("day", Date, "Local day with an event", key=True),
    comment="Days on which each visitor was active",
)

active_gap = Table(
    "active_gap",
    metadata,
    column("day", Date, "Local day", key=True),
    column("gap", SmallInteger, "Days since the last active day; 32767 is first ever", key=True),
    count_of("Visitors"),
    postgresql_with=UPDATED_OFTEN,
    comment="Visitor-days by gap: distinct visitors of [A, B] are the sum with gap > day - A",
)

active_day = Table(
    "active_day",
    metadata,
    column("day", Date, "Local day", key=True),
    count_of("Distinct visitors of the day", "dau"),
    count_of("Distinct visitors of the 7 days ending then", "wau"),
    count_of("Distinct visitors of the 30 days ending then", "mau"),
    postgresql_with=UPDATED_OFTEN,
    comment="Distinct active visitors by day, week and month",
)

cohort_week = Table(
    "cohort_week",
    metadata,
    column("cohort", Date, "Monday of the week of the first active day", key=True),
    column("week", Date, "Monday of the week", key=True),
    count_of("Distinct visitors of the cohort active then", "visitors"),
    postgresql_with=UPDATED_OFTEN,
    comment="Retention by week",
)

cohort_month = Table(
    "cohort_month",
    metadata,
    column("cohort", Date, "First of the month of the first active day", key=True),
    column("month", Date, "First of the month", key=True),
    count_of("Distinct visitors of the cohort active then", "visitors"),
    postgresql_with=UPDATED_OFTEN,
    comment="Retention by month",
)
