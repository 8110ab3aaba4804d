"""What is usual among providers: the same sums for the worker that keeps them and for one tenant.

The market are the providers with a booking in the window. Medians and top deciles are taken over
those of them of whom a measure is known; the sums make rates of all of them together.
"""

from typing import Final

MEASURES: Final = (
    "earnings",
    "bookings",
    "occupancy_pct",
    "rating",
    "cancelled_pct",
    "no_show_pct",
    "response_s",
)
BETTER_BELOW: Final = ("cancelled_pct", "no_show_pct", "response_s")
"""Measures of which less is better: their best tenth is the lowest."""

# Reads a CTE `scored`: rows of provider_scores with `region` and `kind`. `currency` is that of
# money and empty for all else, as in provider_market.
VALUES: Final = """
    measured as (
        select region, kind, measure, of_money as currency, value, part, cases
        from scored
        cross join lateral (values
            ('earnings', currency, earnings::float8, earnings::float8, sales::float8),
            ('bookings', '', bookings, bookings, null),
            ('occupancy_pct', '', occupancy_pct, booked_minutes, offered_minutes),
            ('rating', '', rating, rating * reviews, reviews),
            ('cancelled_pct', '', cancelled_pct, cancelled, appointments),
            ('no_show_pct', '', no_show_pct, no_show, completed + no_show),
            ('response_s', '', response_s, null, responses)
        ) as each_of_them (measure, of_money, value, part, cases)
        where value is not null and of_money is not null and bookings > 0
    )
""".strip()

SUMS: Final = """
    count(*) as providers,
    percentile_cont(array[0.5,
        case when measure in ('cancelled_pct', 'no_show_pct', 'response_s') then 0.1 else 0.9 end
    ]) within group (order by value) as median_and_top,
    sum(part) as part, sum(cases) as cases
""".strip()

# Two rows, one value for each measure: what is put beside the providers themselves.
BENCHMARKS: Final = """
    benchmarks as (
        select place, max(value) filter (where measure = 'earnings')::bigint as earnings,
            max(value) filter (where measure = 'bookings') as bookings,
            max(value) filter (where measure = 'occupancy_pct') as occupancy_pct,
            max(value) filter (where measure = 'rating') as rating,
            max(value) filter (where measure = 'cancelled_pct') as cancelled_pct,
            max(value) filter (where measure = 'no_show_pct') as no_show_pct,
            max(value) filter (where measure = 'response_s') as response_s
        from provider_market
        cross join lateral (values (1, median), (2, top_decile)) as bench (place, value)
        where window_days = :days and region = {region} and kind = {kind}
            and currency in ('', {currency})
        group by place
    )
""".strip()


def benchmarks(*, region: str, kind: str, currency: str) -> str:
    """Give the CTE `benchmarks` (place 1: median, 2: top decile); each argument is SQL."""
    return BENCHMARKS.format(region=region, kind=kind, currency=currency)
