"""Where counts of the funnel come from: whole days from cells, the rest from sessions.

Cells hold whole local days. Two kinds of days are read from session_funnel instead: those that a
window cuts, and those on which some entrants still have time to convert and others do not. So
counts are exact to the instant at the price of the cells and of three days of sessions at most.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
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
# Of a cell's sessions all are taken as closed up to `last_raw`; those that are not are taken back.
_CELLS: Final = """
        select day, {dimensions}, sessions, s1, {counts}, {closed}
        from {table}
        where day >= :first_day and day < :end_day and day {side}
            and {cells}"""
_OPEN: Final = """
        select day, {dimensions}, 0, 0, 0, 0, 0, 0, -count(*), {taken_back}
        from session_funnel
        where day >= (select first_raw from moment) and day <= (select last_raw from moment)
            and day >= :first_day and day < :end_day and t1 > (select closed from moment)
            and {sessions}
        group by {keys}"""
_SESSIONS: Final = """
        select day, {dimensions}, count(*), count(t1), {reached},
            count(*) filter (where t1 <= (select closed from moment)), {settled}
        from session_funnel
        where {days} and first_at >= :since and first_at < :ends
            and {sessions}
        group by {keys}"""
_CUT: Final = "day = any(cast(:cut_days as date[]))"
_ALL: Final = "day >= :from_day and day <= :to_day"


@dataclass(frozen=True, slots=True)
class _Source:
    """Which cells answer, which dimensions they know, and what narrows them and the sessions."""

    table: str
    dimensions: str
    keys: str
    cells: str
    sessions: str


_DIMENSIONS: Final = ("device, province, referral, 0", "day, device, province, referral")
_TENANT: Final = ("0, 0, 0, tenant", "day, tenant")
_SOURCES: Final[Mapping[Grain, _Source]] = {
    "dimensions": _Source("funnel_day", *_DIMENSIONS, DIMENSIONS, DIMENSIONS),
    "tenant": _Source("funnel_tenant_day", *_TENANT, _OF_TENANT, _OF_TENANT),
    "tenants": _Source("funnel_tenant_day", *_TENANT, "true", "true"),
    "sessions": _Source("", *_DIMENSIONS, "", f"{_OF_TENANT} and {DIMENSIONS}"),
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
        for grain in _SOURCES
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
    source, length = _SOURCES[grain], WINDOWS[window]
    within = [f"t{k} - t1 <= interval '{length}'" for k in range(2, 6)]
    entered = "t1 <= (select closed from moment)"
    counts = ", ".join(f"s{k}_{window}" for k in range(2, 6))
    words = asdict(source) | {
        "counts": counts,
        "reached": _counted(within),
        "settled": _counted(f"{each} and {entered}" for each in within),
        "taken_back": _counted(within, sign="-"),
    }
    if source.table:
        parts = [
            _CELLS.format(**words, side="<= (select last_raw from moment)", closed=f"s1, {counts}"),
            _CELLS.format(**words, side="> (select last_raw from moment)", closed="0, 0, 0, 0, 0"),
            _OPEN.format(**words),
            _SESSIONS.format(**words, days=_CUT),
        ]
    else:
        parts = [_SESSIONS.format(**words, days=_ALL)]
    names = "day, device, province, referral, tenant, sessions, s1, s2, s3, s4, s5, "
    moment = _MOMENT.format(length=length, latest=LATEST_FIRST_STEP).strip()
    joined = "\n        union all".join(parts)
    return f"{moment},\n    visits ({names}c1, c2, c3, c4, c5) as ({joined}\n    )"


def _counted(conditions: Iterable[str], sign: str = "") -> str:
    return ", ".join(f"{sign}count(*) filter (where {each})" for each in conditions)


def _named(sql: str, which: str) -> str:
    """Say on the statement's first line which of its forms it is."""
    head, _, rest = sql.strip().partition("\n")
    return f"{head} ({which})\n{rest}"


def _day(at: datetime, filters: Filters) -> date:
    return at.astimezone(filters.zone).date()


def _last_day(filters: Filters) -> date:
    latest = max(filters.period.since, filters.now - timedelta(microseconds=1))
    return _day(latest, filters)
