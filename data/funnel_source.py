"""Where counts of the funnel come from: whole days from cells, the rest from sessions.

Cells hold whole local days. Two kinds of days are read from session_funnel instead: those that a
window cuts, and those on which some entrants still have time to convert and others do not. So
counts are exact to the instant at the price of the cells and of three days of sessions at most.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import TextClause, text

from data.narrow import DIMENSIONS
from data.period import Filters, local_midnight

Grain = Literal["dimensions", "tenant", "sessions", "tenants"]
Statements = Mapping[tuple[Grain, str], TextClause]

STEPS: Final = ("visit", "search", "provider_selected", "checkout", "booking_paid")
"""The five steps as events name them, in order."""
WINDOWS: Final[Mapping[str, str]] = {"30m": "30 minutes", "24h": "24 hours", "7d": "168 hours"}
"""Conversion windows that a viewer can choose, and their length."""
WINDOW: Final = "24h"
LATEST_FIRST_STEP: Final = "6 hours"
"""How long after its first event a session may come to step 1 and still be seen as converting."""
_MARK: Final = "/* visits */"
_OF_TENANT: Final = "tenant = :tenant and tenant <> 0"

# What is known ends with the last refresh; whoever entered up to `closed` has had the whole window.
# Between the two days lie all sessions of which some are closed and some are not.
_MOMENT: Final = """
    moment as (
        select at - interval '{length}' as closed,
            ((at - interval '{length}' - interval '{latest}') at time zone :tz)::date as first_raw,
            ((at - interval '{length}') at time zone :tz)::date as last_raw
        from (
            select least(cast(:present as timestamptz), refreshed_at) as at
            from rollup_state where id = 1
        ) as known
    )"""
_CELLS: Final = """
        select day, {dimensions}, sessions, s1, {counts},
            (day < (select first_raw from moment))::int * s1 as c1, {closed}
        from {table}
        where day >= :first_day and day < :end_day
            and (day < (select first_raw from moment) or day > (select last_raw from moment))
            and {narrow}"""
_SESSIONS: Final = """
        select day, device, province, referral, tenant, 1, (t1 is not null)::int, {reached},
            coalesce(t1 <= (select closed from moment), false)::int, {settled}
        from session_funnel
        where {days} and first_at >= :since and first_at < :ends
            and {narrow}"""
_CUT: Final = (
    """day >= (select first_raw from moment) and day <= (select last_raw from moment)
            and day >= :from_day and day <= :to_day""",
    """day = any(cast(:cut_days as date[]))
            and (day < (select first_raw from moment) or day > (select last_raw from moment))""",
)
_ALL: Final = ("day >= :from_day and day <= :to_day",)
# Which cells answer, which of their columns are dimensions, and what narrows cells and sessions.
_GRAINS: Final[Mapping[Grain, tuple[str, str, str, str]]] = {
    "dimensions": ("funnel_day", "device, province, referral, 0 as tenant", DIMENSIONS, DIMENSIONS),
    "tenant": (
        "funnel_tenant_day",
        "0 as device, 0 as province, 0 as referral, tenant",
        _OF_TENANT,
        _OF_TENANT,
    ),
    "tenants": (
        "funnel_tenant_day",
        "0 as device, 0 as province, 0 as referral, tenant",
        "true",
        "true",
    ),
    "sessions": ("", "", "", f"{_OF_TENANT} and {DIMENSIONS}"),
}


def over_visits(sql: str) -> Statements:
    """Put a CTE `visits` in place of the one `/* visits */`, for each grain and window.

    Columns: day (local date of the session), device, province, referral, tenant (codes; those that
    the grain does not know are 0), sessions, s1 to s5 (reached step k within the window), c1 to c5
    (the same among entrants whose window is closed). Several rows per day: sum them.
    """
    if sql.count(_MARK) != 1:
        raise ValueError(f"Write {_MARK} once, where the CTE belongs.")
    return {
        (grain, window): text(_named(sql, f"{grain}, {window}").replace(_MARK, _cte(grain, window)))
        for grain in _GRAINS
        for window in WINDOWS
    }


def window_of(filters: Filters) -> str:
    """Give the conversion window that the viewer chose: "30m", "24h" or "7d"."""
    chosen = filters.choice("window", WINDOW)
    return chosen if chosen in WINDOWS else WINDOW


def grain_of(filters: Filters, *, by_dimension: bool = False) -> Grain:
    """Choose where a question's counts come from. Cells know a tenant or dimensions, not both."""
    chosen = filters.selection
    if chosen.tenant is None:
        return "dimensions"
    return "sessions" if by_dimension or is_narrowed(filters) else "tenant"


def is_narrowed(filters: Filters) -> bool:
    """Whether region, device or referral narrow what is counted."""
    chosen = filters.selection
    return any((chosen.region, chosen.device, chosen.referral))


def values(filters: Filters) -> dict[str, object]:
    """Give the values of a statement of `over_visits`: filters, whole days, days that are cut."""
    since, now, zone = filters.period.since, filters.now, filters.zone
    first, last = _day(since, filters), _last_day(filters)
    # Nothing is later than the present, so today's cells hold today as far as it has come.
    end = last + timedelta(days=1) if now >= filters.present else _day(now, filters)
    whole = first if local_midnight(first, zone) == since else first + timedelta(days=1)
    cut = {day for day in (first, last) if not whole <= day < end}
    return filters.sql() | {
        "present": filters.present,
        "from_day": first,
        "to_day": last,
        "first_day": whole,
        "end_day": end,
        "cut_days": sorted(cut),
        "ends": max(now, local_midnight(end, zone)),
    }


def days_of(filters: Filters) -> list[date]:
    """Give the local days that the window touches, up to now."""
    first, last = _day(filters.period.since, filters), _last_day(filters)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def statement_of(
    statements: Statements, filters: Filters, *, by_dimension: bool = False
) -> TextClause:
    """Choose the statement that answers under some filters."""
    return statements[grain_of(filters, by_dimension=by_dimension), window_of(filters)]


def _cte(grain: Grain, window: str) -> str:
    table, dimensions, cells, sessions = _GRAINS[grain]
    later, length = range(2, 6), WINDOWS[window]
    reached = {k: f"coalesce(t{k} - t1 <= interval '{length}', false)" for k in later}
    entered = "t1 <= (select closed from moment)"
    parts = [
        _SESSIONS.format(
            days=days,
            narrow=sessions,
            reached=", ".join(f"{reached[k]}::int" for k in later),
            settled=", ".join(f"({reached[k]} and {entered})::int" for k in later),
        )
        for days in (_CUT if table else _ALL)
    ]
    if table:
        closed = "(day < (select first_raw from moment))::int"
        counted = _CELLS.format(
            table=table,
            dimensions=dimensions,
            narrow=cells,
            counts=", ".join(f"s{k}_{window} as s{k}" for k in later),
            closed=", ".join(f"{closed} * s{k}_{window} as c{k}" for k in later),
        )
        parts.insert(0, counted)
    names = "day, device, province, referral, tenant, sessions, s1, s2, s3, s4, s5, "
    moment = _MOMENT.format(length=length, latest=LATEST_FIRST_STEP).strip()
    joined = "\n        union all".join(parts)
    return f"{moment},\n    visits ({names}c1, c2, c3, c4, c5) as ({joined}\n    )"


def _named(sql: str, which: str) -> str:
    """Say on the statement's first line which of its forms it is."""
    head, _, rest = sql.strip().partition("\n")
    return f"{head} ({which})\n{rest}"


def _day(at: datetime, filters: Filters) -> date:
    return at.astimezone(filters.zone).date()


def _last_day(filters: Filters) -> date:
    latest = max(filters.period.since, filters.now - timedelta(microseconds=1))
    return _day(latest, filters)
