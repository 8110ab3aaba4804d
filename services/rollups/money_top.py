"""What providers sold in the latest 7, 30 and 90 days, ready to be ranked.

The windows end at `rollup_state.as_of`, the newest local day with a payment. Within a day a tick
adds what changed; when a new day begins, the windows are summed again from provider_day.
"""

from typing import Final

from sqlalchemy import text

from services.rollups.cells import add
from services.rollups.money_payments import MEASURES
from services.rollups.part import Rollup

KEYS: Final = "window_days, currency, provider_id"
_NAMES: Final = ", ".join(MEASURES)
_SUMS: Final = ", ".join(f"sum({name})" for name in MEASURES)

STAGING: Final = (
    """
    create temp table if not exists money_mark (as_of date, is_new boolean not null)
    on commit delete rows
    """,
)

# A payment that claims a day which has not come yet may not move the windows.
MARK: Final = text("""
    -- services.rollups.money_top.mark
    insert into money_mark (as_of, is_new)
    select greatest(as_of, newest), newest is not null and newest > coalesce(as_of, '-infinity')
    from rollup_state
    cross join (
        select max(moment) as newest
        from payments_new
        cross join lateral (values (day), (sold_day), (back_day)) as moments (moment)
        where moment <= (cast(:latest as timestamptz) at time zone :tz)::date
    ) as seen
""")

ADD: Final = add(
    "money_top.add",
    "provider_top",
    keys=KEYS,
    measures=_NAMES,
    query=f"""
    select {KEYS}, {_SUMS}
    from money_moves
    join money_mark on not is_new
    join (values (7), (30), (90)) as windows (window_days)
        on day > as_of - window_days and day <= as_of
    group by {KEYS}""",  # noqa: S608 - our own names
)

DROP: Final = text("""
    -- services.rollups.money_top.drop
    delete from provider_top
    where (select is_new from money_mark)
        or (sales = 0 and refunds = 0 and provider_id in (
            select provider_id from money_moves where sales < 0 or refunds < 0))
""")

REFILL: Final = text(f"""
    -- services.rollups.money_top.refill
    insert into provider_top ({KEYS}, {_NAMES})
    select {KEYS}, {_SUMS}
    from money_mark
    cross join (values (7), (30), (90)) as windows (window_days)
    join provider_day on day > as_of - window_days and day <= as_of
    where is_new
    group by {KEYS}
""")  # noqa: S608 - our own names

REMEMBER: Final = text("""
    -- services.rollups.money_top.remember
    update rollup_state set as_of = money_mark.as_of
    from money_mark
    where is_new
""")

# A rebuild may be the first that sees payments.
PREPARE: Final = text("""
    -- services.rollups.money_top.prepare
    update rollup_state set as_of = greatest(as_of, (
        select max((moment at time zone :tz)::date)
        from payments
        cross join lateral (
            values (created_at), (approved_at), (case when refunded_minor > 0 then refunded_at end)
        ) as moments (moment)
        where tx < cast(:hi as xid8)
            and (moment at time zone :tz)::date
                <= (cast(:latest as timestamptz) at time zone :tz)::date
    ))
""")

TOP: Final = Rollup(
    "provider_top",
    text(f"""
    -- services.rollups.money_top.recompute
    insert into provider_top_next ({KEYS}, {_NAMES})
    select {KEYS}, {_SUMS}
    from unnest(array[7, 30, 90]) as window_days, rollup_state, provider_day_next
    where as_of - day between 0 and window_days - 1
    group by {KEYS}
"""),  # noqa: S608 - our own names
)
