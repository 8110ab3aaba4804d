"""Key figures of all providers together, and how old their scores are.

The window are the latest 7, 30 or 90 local days, today included, up to the moment of the scores.
Medians are over the providers with a booking in the window. Sums are in one currency.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from data.answers import KeyFigure
from data.cache import question
from data.database import Database
from data.period import Filters, local_midnight
from data.provider_market import SUMS, VALUES

WINDOWS: Final = {"7": 7, "30": 30, "90": 90}
KINDS: Final = ("barber", "salon", "clinic")

SCORED: Final = text("""
    -- data.provider_figures.scored
    select scored_at
    from provider_scores_state
    where id = 1
""")

USUAL: Final = text("""
    -- data.provider_figures.usual
    select providers, median, part, cases
    from provider_market
    where window_days = :days and region = coalesce(cast(:region as text), '') and kind = :kind
        and measure = :measure and currency in ('', :currency)
""")

# The providers of one tenant are few: what is usual among them is not kept, but computed.
USUAL_OF_TENANT: Final = text(f"""
    -- data.provider_figures.usual_of_tenant
    with scored as (
        select provider_scores.*, provinces.iso as region, providers.kind
        from providers
        join provider_scores on provider_scores.provider_id = providers.id
        left join provinces on provinces.id = providers.province
        where organization_id = :tenant and window_days = :days
            and (cast(:region as text) is null or provinces.iso = :region)
            and (:kind = '' or kind = :kind)
    ),
    {VALUES},
    sums as (
        select {SUMS}
        from measured
        where measure = :measure and currency in ('', :currency)
        group by measure
    )
    select providers, median_and_top[1] as median, part, cases
    from sums
""")  # noqa: S608 - our own words

JOINED: Final = text("""
    -- data.provider_figures.joined
    with started as (
        select joined_day
        from provider_starts
        join providers on providers.id = provider_id
        where joined_day >= :first_day and joined_day <= :today
            and (cast(:region as text) is null
                or province = (select id from provinces where iso = :region))
            and (cast(:tenant as integer) is null or organization_id = :tenant)
            and (:kind = '' or kind = :kind)
    )
    select count(joined_day) as n
    from generate_series(0, :days - 1) as step
    left join started on joined_day = cast(:first_day as date) + step
    group by step
    order by step
""")


@dataclass(frozen=True, slots=True)
class Scored:
    """When the scores of providers were computed; None before the first time."""

    scored_at: datetime | None


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in one measure, and the sums that make a rate of all providers together."""

    providers: int = 0
    median: float | None = None
    part: float | None = None
    cases: float | None = None


@question(ttl_s=5)
def scored(db: Database, filters: Filters) -> Scored:  # noqa: ARG001 - all filters alike
    """When the scores were computed: the "counted until" of the page.

    The same for all filters. Source: provider_scores_state.
    """
    return db.one(SCORED, Scored) or Scored(None)


@question(ttl_s=30)
def active(db: Database, filters: Filters) -> KeyFigure:
    """Providers with at least one booking made in the window, paid or not.

    A count; zero when nobody was booked. Source: provider_market, for a tenant provider_scores.
    """
    return KeyFigure(_usual(db, filters, "bookings").providers, unit="count")


@question(ttl_s=30)
def earnings(db: Database, filters: Filters) -> KeyFigure:
    """Median earnings of the active providers that earn in the chosen currency.

    Earnings are sales less the platform's commission, less what was paid back of both, in the
    currency that a provider sells most in. Minor units; unknown without such a provider. Source:
    provider_market, for a tenant provider_scores.
    """
    unit = f"{chosen_currency(filters)} minor"
    return KeyFigure(_usual(db, filters, "earnings").median, unit=unit)


@question(ttl_s=30)
def occupancy(db: Database, filters: Filters) -> KeyFigure:
    """Median occupancy of the active providers: booked minutes of those on offer, in per cent.

    Unknown when nobody offers. Source: provider_market, for a tenant provider_scores.
    """
    return KeyFigure(_usual(db, filters, "occupancy_pct").median, unit="%")


@question(ttl_s=30)
def cancellations(db: Database, filters: Filters) -> KeyFigure:
    """Share of all confirmed appointments of the window that were cancelled, up to now.

    Unit %, numerator cancelled, denominator appointments of the active providers; unknown without.
    Source: provider_market, for a tenant provider_scores.
    """
    found = _usual(db, filters, "cancelled_pct")
    if not found.cases:
        return KeyFigure(None, unit="%", numerator=0, denominator=0)
    cancelled = found.part or 0.0
    return KeyFigure(
        100 * cancelled / found.cases, unit="%", numerator=cancelled, denominator=found.cases
    )


@question(ttl_s=30)
def rating(db: Database, filters: Filters) -> KeyFigure:
    """Average of all reviews of the active providers that were written in the window, 1 to 5.

    Unknown without a review. Source: provider_market, for a tenant provider_scores.
    """
    found = _usual(db, filters, "rating")
    return KeyFigure((found.part or 0.0) / found.cases if found.cases else None)


@question(ttl_s=30)
def joined(db: Database, filters: Filters) -> KeyFigure:
    """Providers that joined in the window, whether they were booked or not.

    A count by the local day of joining; small line: by day. Source: provider_starts.
    """
    days = [float(each) for each in db.frame(JOINED, **asked(filters))["n"]]
    return KeyFigure(sum(days), spark=tuple(days), unit="count")


def window_days(filters: Filters) -> int:
    """Say how many days the viewer chose; what is none of the windows is the usual one."""
    return WINDOWS.get(filters.choice("window", "30"), 30)


def chosen_kind(filters: Filters) -> str:
    """Say which kind of provider the viewer chose; empty for all."""
    kind = filters.choice("kind", "")
    return kind if kind in KINDS else ""


def chosen_currency(filters: Filters) -> str:
    """Say which currency the page speaks of: the viewer's choice, else the business currency."""
    return filters.choice("currency", filters.currency)


def asked(filters: Filters) -> dict[str, object]:
    """Give the values that statements about the window share: its days, kind and currency."""
    today, days = filters.now.astimezone(filters.zone).date(), window_days(filters)
    first = today - timedelta(days=days - 1)
    return filters.sql() | {
        "days": days,
        "today": today,
        "first_day": first,
        "since": local_midnight(first, filters.zone),
        "until": local_midnight(today + timedelta(days=1), filters.zone),
        "kind": chosen_kind(filters),
        "currency": chosen_currency(filters),
    }


def _usual(db: Database, filters: Filters, measure: str) -> Usual:
    is_of_tenant = filters.selection.tenant is not None
    statement = USUAL_OF_TENANT if is_of_tenant else USUAL
    return db.one(statement, Usual, **asked(filters), measure=measure) or Usual()
