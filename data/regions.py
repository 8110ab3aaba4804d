"""Every jurisdiction of the country: what is visited, booked and paid there, ranked and compared.

The figures are those of `data.region_figures`, by jurisdiction.
"""

from typing import Final

import numpy as np
from pandas import DataFrame, Series
from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters
from data.region_days import ASKED, SALES, VISITS, asked, currency_of

MEASURES: Final = ("sessions", "paid", "revenue", "conversion")
FEWEST: Final = 30
"""Rates of fewer cases are not compared."""
NORMAL_MOBILE_PCT: Final = 80.0
"""Above it, a share of phones is as it should be."""
MARKETS: Final = {
    "AR-B": "Primary",
    "AR-C": "Primary",
    "AR-X": "Secondary",
    "AR-S": "Secondary",
    "AR-M": "Secondary",
}
"""Buenos Aires, province and city, is the primary market."""

# Every jurisdiction has a row for each day, so that small lines are whole; what the platform could
# not place has a row of its own when there is any.
PROVINCES: Final = text(f"""
    -- data.regions.provinces
    with {ASKED},
    {VISITS},
    {SALES},
    placed as (
        select coalesce(iso, '') as region, day, sum(sessions) as sessions, sum(paid) as paid,
            sum(mobile) as mobile, sum(everyone) as everyone, sum(revenue_minor) as revenue_minor
        from (
            select day, province, sessions, paid, mobile, everyone, 0 as revenue_minor from visits
            union all
            select day, province, 0, 0, 0, 0, revenue_minor from sales
        ) as merged
        left join provinces on provinces.id = province
        group by region, day
    ),
    known as (
        select iso as region, name from provinces where iso <> ''
        union all
        select '', '' where exists (select from placed where region = '')
    ),
    daily as (
        select known.region, name, step, coalesce(sessions, 0) as sessions,
            coalesce(paid, 0) as paid, coalesce(mobile, 0) as mobile,
            coalesce(everyone, 0) as everyone, coalesce(revenue_minor, 0) as revenue_minor
        from known
        cross join generate_series(0, :count - 1) as step
        left join placed on placed.region = known.region
            and placed.day = cast(:begin as date) + step
    )
    select region, name as province, sum(sessions)::bigint as sessions, sum(paid)::bigint as paid,
        sum(revenue_minor)::bigint as revenue_minor, sum(mobile)::bigint as mobile,
        sum(everyone)::bigint as everyone,
        array_agg(case cast(:measure as text)
            when 'paid' then paid
            when 'revenue' then revenue_minor / 100.0
            when 'conversion' then 100.0 * paid / nullif(sessions, 0)
            else sessions end::float8 order by step) as trend
    from daily
    group by region, name
    order by region
""")  # noqa: S608 - our own names


@question(ttl_s=30)
def provinces(db: Database, filters: Filters) -> DataFrame:
    """Every jurisdiction of the country, the largest in the chosen measure first.

    Grain: jurisdiction, all 24 whatever region is chosen, so that rank and share stay true; a last
    row of region "" is what could not be placed, when there is any. Empty when nobody visited and
    nothing was paid. Columns: region str (ISO code), province str, market str ("" elsewhere),
    sessions, paid, mobile, everyone int, revenue_minor int (of currency), conversion_pct,
    mobile_pct float (NaN without sessions), mobile_state str (normal, low, few_cases), value float
    (the measure chosen), cases, part float (its denominator and numerator, NaN for counts),
    change_pct float (of the measure against the comparison; NaN without one, from nothing, or of
    rates with fewer than 30 cases), trend list (the measure by local day, revenue in whole units).
    By device and referral. Source: funnel_day, money_day.
    """
    measure = filters.choice("measure", MEASURES[0])
    found = _measured(db.frame(PROVINCES, **asked(filters), measure=measure), measure)
    if not found[["everyone", "revenue_minor"]].to_numpy().any():
        found = found.head(0)
    found["change_pct"] = np.nan
    compared = filters.compared()
    if compared is not None:
        rows = db.frame(PROVINCES, **asked(compared), measure=measure)
        found["change_pct"] = _change(found, _measured(rows, measure))
    found["mobile_state"] = _mobile_state(found)
    found["currency"] = currency_of(filters)
    found["market"] = [MARKETS.get(region, "") for region in found["region"]]
    found["province"] = [name or "Not placed" for name in found["province"]]
    order = found.assign(lost=found["region"] == "", down=-found["value"])
    return found.loc[order.sort_values(["lost", "down", "region"]).index].reset_index(drop=True)


def _measured(found: DataFrame, measure: str) -> DataFrame:
    """Add the rates, and the chosen measure with its cases."""
    found["conversion_pct"] = 100 * found["paid"] / found["sessions"].replace(0, np.nan)
    found["mobile_pct"] = 100 * found["mobile"] / found["everyone"].replace(0, np.nan)
    column = {"paid": "paid", "revenue": "revenue_minor", "conversion": "conversion_pct"}
    found["value"] = found[column.get(measure, "sessions")].astype("float64")
    is_rate = measure == "conversion"
    found["cases"] = found["sessions"].astype("float64") if is_rate else np.nan
    found["part"] = found["paid"].astype("float64") if is_rate else np.nan
    return found


def _mobile_state(found: DataFrame) -> list[str]:
    """Say of each share of phones whether it is as high as it normally is."""
    shares = zip(found["mobile_pct"], found["everyone"], strict=True)
    return [
        "few_cases" if everyone < FEWEST else "normal" if share > NORMAL_MOBILE_PCT else "low"
        for share, everyone in shares
    ]


def _change(now: DataFrame, before: DataFrame) -> "Series[float]":
    """Give by how much the measure differs, in per cent of what it was."""
    was = before.set_index("region").reindex(now["region"]).reset_index()
    few = (now["cases"] < FEWEST) | (was["cases"] < FEWEST)
    earlier = was["value"].where(~few & (was["value"] != 0))
    return 100 * (now["value"] - earlier) / earlier
