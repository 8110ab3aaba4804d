"""Reads of Revenue: sales and refunds over time, in one currency.

A sale counts when it was approved and stays what it was; what was paid back counts when it went
back. So gross less refunds is net on every day by itself. Currencies are never added: everything
here speaks of the currency that the viewer chose, or else of the business currency. What no payment
touched is a true zero. Source: money_day, money_hour and, for windows that begin or end within a
cell and for one tenant, payment_applied.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pandas import DataFrame

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.period import Filters
from data.rollup_source import by_day, by_hour, day_values, hour_values

GRAINS: Final = ("hour", "day", "week", "month")
LONGEST_BY_HOUR: Final = 8
"""Days; beyond it hours would be too narrow to see, and days are shown instead."""
_AUTOMATIC: Final = ((2, "hour"), (62, "day"), (200, "week"))

# The buckets lie under those of the period that they are held against: what is `lag` earlier is cut
# where its counterpart is. The row without a bucket is the total.
_BUCKETS: Final = """
    -- data.revenue.{name}
    with /* money */,
    sums as (
        select date_trunc(:grain, {moment} + make_interval(secs => :lag_s)) as bucket,
            sum(sales) as sales, sum(gross) as gross, sum(commission) as commission,
            sum(refunds) as refunds, sum(refunded) as refunded,
            sum(commission_back) as commission_back, sum(charged_back) as charged_back
        from money
        group by grouping sets ((), (bucket))
    ),
    buckets as (
        select null::timestamp as bucket
        union all
        select generate_series(
            date_trunc(:grain, cast(:first_at as timestamp)), :last_at, cast(:step as interval)
        )
    )
    select (buckets.bucket - make_interval(secs => :lag_s)) at time zone :clock as at,
        coalesce(sales, 0)::bigint as sales, coalesce(gross, 0)::bigint as gross,
        coalesce(refunds, 0)::bigint as refunds, coalesce(refunded, 0)::bigint as refunded,
        coalesce(charged_back, 0)::bigint as charged_back,
        coalesce(gross - refunded, 0)::bigint as net,
        coalesce(commission, 0)::bigint as commission,
        coalesce(commission_back, 0)::bigint as commission_back,
        (100.0 * commission / nullif(gross, 0))::float8 as take_rate_pct,
        (gross / nullif(sales, 0))::float8 as ticket
    from buckets left join sums on sums.bucket is not distinct from buckets.bucket
    order by at nulls first
"""
DAYS: Final = by_day(_BUCKETS.format(name="days", moment="day::timestamp"))
HOURS: Final = by_hour(_BUCKETS.format(name="hours", moment="(hour at time zone 'UTC')"))

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sums:
    """Money of one bucket, or of the whole window (at None), in minor units."""

    at: datetime | None
    sales: int
    gross: int
    refunds: int
    refunded: int
    charged_back: int
    net: int
    commission: int
    commission_back: int
    take_rate_pct: float | None
    ticket: float | None


@question(ttl_s=30)
def gross(db: Database, filters: Filters) -> KeyFigure:
    """Value of the payments approved in the period, whatever became of them later.

    Minor units of one currency by the moment of approval: the same figure as Revenue on the
    Overview. Zero without a sale. Source: see the module.
    """
    return _figure(db, filters, "gross")


@question(ttl_s=30)
def refunds(db: Database, filters: Filters) -> KeyFigure:
    """Value paid back in the period, charge-backs included, whenever it was sold.

    Minor units of one currency by the moment of the refund, in full or in part. Zero without a
    refund. Source: see the module.
    """
    return _figure(db, filters, "refunded")


@question(ttl_s=30)
def net(db: Database, filters: Filters) -> KeyFigure:
    """Gross less what was paid back in the period; below zero when more went back than came in.

    Minor units of one currency. Source: see the module.
    """
    return _figure(db, filters, "net")


@question(ttl_s=30)
def commission(db: Database, filters: Filters) -> KeyFigure:
    """Part of the period's gross that the platform keeps, before refunds take their part of it.

    Minor units of one currency. What refunds take back is commission_back of over_time. Source: see
    the module.
    """
    return _figure(db, filters, "commission")


@question(ttl_s=30)
def take_rate(db: Database, filters: Filters) -> KeyFigure:
    """Commission as a share of gross, both of the period's sales.

    Unit %. Unknown without sales. Source: see the module.
    """
    return _figure(db, filters, "take_rate_pct", unit="%")


@question(ttl_s=30)
def ticket(db: Database, filters: Filters) -> KeyFigure:
    """Average value of a sale: gross by number of payments approved in the period.

    Minor units of one currency. Unknown without sales. Source: see the module.
    """
    return _figure(db, filters, "ticket")


@question(ttl_s=30)
def over_time(db: Database, filters: Filters) -> DataFrame:
    """Sales, refunds and what they leave, by hour, day, week or month of local time.

    Grain: at, the instant at which a bucket begins (weeks on Monday); buckets without money are
    there with zeros. The first bucket counts from the period's start, the last one up to now.
    Columns: at datetime UTC, sales int, gross int, refunds int, refunded int (charged_back int of
    it), net int, commission int, commission_back int, take_rate_pct float, ticket float (both NaN
    without sales). Minor units of one currency. Source: see the module.
    """
    return _frame(db, filters)


@question(ttl_s=30)
def commission_over_time(db: Database, filters: Filters) -> DataFrame:
    """Commission on the sales of each hour, day, week or month.

    Grain: at, buckets as in over_time. Columns: at datetime UTC, value int in minor units of one
    currency. Source: see the module.
    """
    return _one(db, filters, "commission")


@question(ttl_s=30)
def take_rate_over_time(db: Database, filters: Filters) -> DataFrame:
    """Commission as a share of gross in each hour, day, week or month.

    Grain: at, buckets as in over_time. Columns: at datetime UTC, value float in %, NaN without
    sales. Source: see the module.
    """
    return _one(db, filters, "take_rate_pct")


@question(ttl_s=30)
def ticket_over_time(db: Database, filters: Filters) -> DataFrame:
    """Average value of a sale in each hour, day, week or month.

    Grain: at, buckets as in over_time. Columns: at datetime UTC, value float in minor units of one
    currency, NaN without sales. Source: see the module.
    """
    return _one(db, filters, "ticket")


@question(ttl_s=30)
def net_and_back(db: Database, filters: Filters) -> DataFrame:
    """Gross of each hour, day, week or month: what is left of it, and what was paid back then.

    Grain: (at, series), buckets as in over_time. Columns: at datetime UTC, series "net", "refunded"
    or "charged_back", value int in minor units of one currency. The three add up to gross. Source:
    see the module.
    """
    return _parts(_frame(db, filters), ("net", "refunded", "charged_back"))


@question(ttl_s=30)
def paid_back(db: Database, filters: Filters) -> DataFrame:
    """What was paid back in each hour, day, week or month: by us, and by charge-back.

    Grain: (at, series), buckets as in over_time. Columns: at datetime UTC, series "refunded" or
    "charged_back", value int in minor units of one currency. No row without a refund. Source: see
    the module.
    """
    found = _frame(db, filters)
    return _parts(found if found["refunds"].any() else found.head(0), ("refunded", "charged_back"))


def chosen_currency(filters: Filters) -> str:
    """Say which currency the page speaks of: the viewer's choice, else the business currency."""
    return filters.choice("currency", filters.currency)


def grain_of(filters: Filters) -> str:
    """Say how long a bucket is: the viewer's choice, else about 10 to 60 buckets a period."""
    days = filters.period.seconds / _ONE_DAY.total_seconds()
    chosen = filters.choice("grain", "auto")
    if chosen in GRAINS:
        return "day" if chosen == "hour" and days > LONGEST_BY_HOUR else chosen
    return next((grain for most, grain in _AUTOMATIC if days <= most), "month")


def _figure(db: Database, filters: Filters, name: str, *, unit: str = "") -> KeyFigure:
    total, *buckets = _sums(db, filters)
    before = filters.compared()
    return KeyFigure(
        _value(total, name),
        _value(_sums(db, before)[0], name) if before else None,
        tuple(_value(each, name) for each in buckets),
        unit or f"{chosen_currency(filters)} minor",
    )


def _value(sums: Sums, name: str) -> float | None:
    value = getattr(sums, name)
    return None if value is None else float(value)


def _sums(db: Database, filters: Filters) -> list[Sums]:
    statement, values = (HOURS, hour_values) if grain_of(filters) == "hour" else (DAYS, day_values)
    return db.rows(statement, Sums, **(values(filters) | _bucket_values(filters)))


def _frame(db: Database, filters: Filters) -> DataFrame:
    statement, values = (HOURS, hour_values) if grain_of(filters) == "hour" else (DAYS, day_values)
    return (
        db.frame(statement, **(values(filters) | _bucket_values(filters)))
        .iloc[1:]
        .reset_index(drop=True)
    )


def _one(db: Database, filters: Filters, name: str) -> DataFrame:
    return _frame(db, filters)[["at", name]].rename(columns={name: "value"})


def _parts(frame: DataFrame, names: tuple[str, ...]) -> DataFrame:
    """Give each part its own rows; what was paid back is then without the charge-backs."""
    apart = frame.assign(refunded=frame["refunded"] - frame["charged_back"])
    return apart.melt("at", list(names), var_name="series", value_name="value")


def _bucket_values(filters: Filters) -> dict[str, object]:
    """Cut hours by the clock of UTC, which knows each of them once, and days by the local one."""
    grain, lag = grain_of(filters), filters.lag
    clock = UTC if grain == "hour" else filters.zone
    lag = lag if grain == "hour" else timedelta(days=round(lag / _ONE_DAY))
    last = filters.now - timedelta(microseconds=1)
    return {
        "grain": grain,
        "step": f"1 {grain}",
        "clock": clock.key if isinstance(clock, ZoneInfo) else "UTC",
        "lag_s": lag.total_seconds(),
        "first_at": filters.period.since.astimezone(clock).replace(tzinfo=None) + lag,
        "last_at": max(last, filters.period.since).astimezone(clock).replace(tzinfo=None) + lag,
        "currency": chosen_currency(filters),
    }
