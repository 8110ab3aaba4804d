"""Ten classical questions, of the rollups and of raw rows: same period, same answer.

`kept` asks Postgres' rollups, `raw` asks DuckDB about raw events and payments. Days are whole and
local; `raw` reads local times. Braces stand for the moments of `Times`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Times:
    """What a question of some days is asked about: [first, until), and the newest payment day."""

    first: date
    until: date
    newest: date
    zone: str

    @property
    def words(self) -> dict[str, str]:
        """For the braces in both statements."""
        monday = self.until - timedelta(days=self.until.weekday())
        day = timedelta(days=1)
        return {
            "first": _midnight(self.first),
            "until": _midnight(self.until),
            "day_before": _midnight(self.first - day),
            "day_after": _midnight(self.until + day),
            "monday": f"date '{monday}'",
            "top_first": _midnight(self.newest - timedelta(days=29)),
            "top_until": _midnight(self.newest + day),
            "zone": f"'{self.zone}'",
        }


@dataclass(frozen=True, slots=True)
class Classic:
    """One question in both forms; `growth` is how its time may grow with the data, an exponent."""

    name: str
    days: int
    kept: str
    raw: str
    growth: float = 0.2

    def times(self, *, until: date, newest: date, zone: str) -> Times:
        """Its period when the days up to `until` are over."""
        return Times(until - timedelta(days=self.days), until, newest, zone)


def _midnight(day: date) -> str:
    return f"timestamp '{day} 00:00:00'"


# A session belongs to the day of its first event. A step counts within 24 h of the first one.
_SESSIONS: Final = """
    with near as (
        select * from events where local_at >= {day_before} and local_at < {day_after}
    ),
    session as (
        select visitor_id, session_id, min(local_at) as first_at,
            arg_min(device, local_at) as device, arg_min(province, local_at) as province,
            min(local_at) filter (where step = 1) as t1
        from near
        group by visitor_id, session_id
        having min(local_at) >= {first} and min(local_at) < {until}
    )"""
_STEP: Final = """
    step%(step)s as (
        select visitor_id, session_id, any_value(t1) as t1, min(local_at) as t%(step)s
        from near join %(before)s using (visitor_id, session_id)
        where step = %(step)s and local_at >= t%(last)s and local_at <= t1 + interval 24 hour
        group by visitor_id, session_id
    )"""
_CHAIN: Final = ",".join(
    [_SESSIONS]
    + [
        _STEP
        % {"step": step, "last": step - 1, "before": "session" if step == 2 else f"step{step - 1}"}
        for step in range(2, 6)
    ]
)


def _funnel_kept(by: str) -> str:
    return f"""
        select {by}, sum(sessions)::bigint, sum(s1)::bigint, sum(s2_24h)::bigint,
            sum(s3_24h)::bigint, sum(s4_24h)::bigint, sum(s5_24h)::bigint
        from funnel_day
        where day >= {{first}} and day < {{until}}
        group by {by}
    """  # noqa: S608 - our own names


def _funnel_raw(by: str) -> str:
    return f"""{_CHAIN}
        select {by}, count(*), count(session.t1), count(t2), count(t3), count(t4), count(t5)
        from session
        left join step2 using (visitor_id, session_id)
        left join step3 using (visitor_id, session_id)
        left join step4 using (visitor_id, session_id)
        left join step5 using (visitor_id, session_id)
        group by {by}
    """  # noqa: S608 - our own names


CLASSICS: Final = (
    Classic("funnel 30 d by device", 30, _funnel_kept("device"), _funnel_raw("device")),
    Classic("funnel 90 d by province", 90, _funnel_kept("province"), _funnel_raw("province")),
    Classic(
        "weekly cohorts",
        90,
        "select cohort, week, visitors from cohort_week where week < {monday}",
        """
        with visited as (
            select distinct visitor_id, date_trunc('week', local_at)::date as week from events
        ),
        began as (select visitor_id, min(week) as cohort from visited group by visitor_id)
        select cohort, week, count(*)
        from visited join began using (visitor_id)
        where week < {monday}
        group by cohort, week
        """,
    ),
    Classic(
        "revenue by hour 7 d",
        7,
        """
        select hour at time zone {zone}, sum(sales)::bigint, sum(gross)::bigint
        from money_hour
        where hour >= {first} at time zone {zone} and hour < {until} at time zone {zone}
            and currency = 'ARS'
        group by hour
        having sum(sales) > 0
        """,
        """
        select date_trunc('hour', approved_at), count(*), sum(amount)
        from payments
        where approved_at >= {first} and approved_at < {until} and currency = 'ARS'
        group by all
        """,
    ),
    Classic(
        "revenue by day 90 d",
        90,
        """
        select day, sum(sales)::bigint, sum(gross)::bigint
        from money_day
        where day >= {first} and day < {until} and currency = 'ARS'
        group by day
        having sum(sales) > 0
        """,
        """
        select approved_at::date, count(*), sum(amount)
        from payments
        where approved_at >= {first} and approved_at < {until} and currency = 'ARS'
        group by all
        """,
    ),
    Classic(
        "method by instalments 30 d",
        30,
        """
        select method, instalments, sum(n)::bigint,
            coalesce(sum(n) filter (where status in ('approved', 'refunded', 'charged_back')), 0)
                ::bigint, sum(amount)::bigint
        from pay_day
        where day >= {first} and day < {until} and currency = 'ARS'
        group by method, instalments
        """,
        """
        select method, instalments, count(*),
            count(*) filter (where status in ('approved', 'refunded', 'charged_back')), sum(amount)
        from payments
        where created_at >= {first} and created_at < {until} and currency = 'ARS'
        group by all
        """,
    ),
    Classic(
        "province by hour 30 d",
        30,
        """
        select province, extract(hour from hour at time zone {zone})::int, sum(n)::bigint
        from roll_hour_prov
        where hour >= {first} at time zone {zone} and hour < {until} at time zone {zone}
        group by 1, 2
        """,
        """
        select province, hour(local_at), count(*)
        from events
        where local_at >= {first} and local_at < {until}
        group by all
        """,
    ),
    Classic(
        "active by day, week, month 90 d",
        90,
        "select day, dau, wau, mau from active_day where day >= {first} and day < {until}",
        # Who came on a day counts from then on, until the window is over or he comes again.
        """
        with visited as (
            select distinct visitor_id, local_at::date as day from events where local_at < {until}
        ),
        gaps as (
            select day, lead(day) over (partition by visitor_id order by day) as again from visited
        ),
        changes as (
            select day, span, sum(n) as n from (
                select day, span, 1 as n from gaps cross join unnest([1, 7, 30]) as w(span)
                union all
                select least(day + span, coalesce(again, date '9999-01-01')), span, -1
                from gaps cross join unnest([1, 7, 30]) as w(span)
            )
            group by day, span
        ),
        days as (select distinct day from visited where day >= {first})
        select days.day, sum(n) filter (where span = 1), sum(n) filter (where span = 7),
            sum(n) filter (where span = 30)
        from days join changes on changes.day <= days.day
        group by days.day
        """,
    ),
    Classic(
        "top 20 providers 30 d",
        30,
        """
        select provider_id, sales, gross
        from provider_top
        where window_days = 30 and currency = 'ARS'
        order by gross desc, provider_id
        limit 20
        """,
        """
        select provider_id, count(*), sum(amount) as gross
        from payments
        where approved_at >= {top_first} and approved_at < {top_until} and currency = 'ARS'
        group by provider_id
        order by gross desc, provider_id
        limit 20
        """,
    ),
    Classic(
        "time to convert 30 d",
        30,
        """
        select bucket, sum(n)::bigint
        from ttc_hist
        where day >= {first} and day < {until} and w <= 1
        group by bucket
        """,
        f"""{_CHAIN}
        select floor(ln(greatest((epoch_us(t5) - epoch_us(t1)) / 1e6, 1)) / ln(1.02))::int,
            count(*)
        from step5 join session using (visitor_id, session_id)
        group by all
        """.replace("epoch_us(t1)", "epoch_us(session.t1)"),  # noqa: S608 - our own names
        growth=0.35,
    ),
)
