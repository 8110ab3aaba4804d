"""Where the funnel broke in: the day and step that fell most, and the hours of that day.

Steps are taken within 30 minutes whatever window the viewer chose, so that a drop of this morning
is not waited for until its window closes.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import text

from data.database import Database
from data.funnel_counts import Counts, each_day
from data.funnel_source import STEPS
from data.narrow import FILTERS
from data.period import Filters, Period, local_midnight
from data.significance import two_proportions

WITHIN: Final = "30m"
BASELINE_DAYS: Final = 14
"""A day is held against at least so many days ending with the period."""
ALPHA: Final = 0.01
"""Over all days and steps looked at: one view of a hundred finds a drop by chance."""
LEAST_LOST: Final = 5.0
_NORMAL: Final = 0.9
"""Hours count to the drop while their rate stays below this share of the usual one."""
_CONCENTRATED: Final = 0.6
_BEYOND: Final = 0.2
"""A drop is in one group when it holds this share of it, and so much more than of the sessions."""

Dimension = str
K = TypeVar("K", bound=Hashable)

# By the hour in which the step before was reached. The day lies together in its BRIN index.
_HOURS: Final = """
    -- data.funnel_drops.hours_of_step{k}
    select
        floor(extract(epoch from t{before} - cast(:midnight as timestamptz)) / 3600)::int as hour,
        device::int as device, province::int as province, referral::int as referral,
        count(*) as cases,
        count(*) filter (where t{k} - t1 <= interval '30 minutes') as hits
    from session_funnel
    where day = :day and t{before} - t1 <= interval '30 minutes'
        and t1 <= (
            select least(cast(:present as timestamptz), refreshed_at) - interval '30 minutes'
            from rollup_state where id = 1
        )
        and {filters}
    group by hour, device, province, referral
"""
HOURS: Final = {k: text(_HOURS.format(k=k, before=k - 1, filters=FILTERS)) for k in range(2, 6)}


@dataclass(frozen=True, slots=True)
class Cell:
    """Entrants of one step in one hour of a day and group, and how many of them went on."""

    hour: int
    device: int
    province: int
    referral: int
    cases: int
    hits: int


@dataclass(frozen=True, slots=True)
class Drop:
    """The worst fall of a step's rate in a period.

    `step` is the number of the step that too few reached, 2 to 5. `usual` is its rate on the other
    days. `lost` sessions are those that would have gone on at the usual rate; `shares` says which
    part of them falls on each group, by ("device" | "province" | "referral", code).
    """

    step: int
    since: datetime
    until: datetime
    rate: float
    usual: float
    cases: int
    lost: float
    p_value: float
    shares: Mapping[tuple[Dimension, int], float]
    group: tuple[Dimension, int] | None

    @property
    def name(self) -> str:
        """The step that too few reached, as events name it."""
        return STEPS[self.step - 1]


@dataclass(frozen=True, slots=True)
class _Fall:
    day: date
    step: int
    usual: float
    lost: float
    p_value: float


def worst_drop(db: Database, filters: Filters) -> Drop | None:
    """Find the day and step with most sessions lost beyond chance, and the hours it lasted.

    A day's rate against that of all other days of the period (of two weeks at least): it must be
    lower with p < 0.01 over all days and steps looked at together, and cost five sessions. None
    when no day stands out.
    """
    days = _days(db, filters)
    first = filters.period.since.astimezone(filters.zone).date()
    falls = list(_falls(days, first))
    if not falls:
        return None
    fall = max(falls, key=lambda each: each.lost)
    midnight = local_midnight(fall.day, filters.zone)
    asked = filters.sql() | {"day": fall.day, "midnight": midnight, "present": filters.present}
    cells = db.rows(HOURS[fall.step], Cell, **asked)
    return _dropped(fall, cells, midnight, filters.present)


def _days(db: Database, filters: Filters) -> list[Counts]:
    """Count each day within 30 minutes, over the period and two weeks at least."""
    last = max(filters.period.since, filters.now - timedelta(microseconds=1))
    back = last.astimezone(filters.zone).date() - timedelta(days=BASELINE_DAYS - 1)
    since = min(filters.period.since, local_midnight(back, filters.zone))
    options = tuple(one for one in filters.selection.options if one[0] != "window")
    chosen = replace(filters.selection, options=(*options, ("window", WITHIN)))
    return each_day(
        db, replace(filters, selection=chosen, period=Period(since, filters.period.until))
    )


def _falls(days: Sequence[Counts], first: date) -> Iterable[_Fall]:
    """Give the days from `first` on whose rate of a step is lower than chance explains."""
    looked_at = 4 * sum(each.day is not None and each.day >= first for each in days)
    for step in range(2, 6):
        cases = sum(each.closed[step - 2] for each in days)
        hits = sum(each.closed[step - 1] for each in days)
        for each in days:
            if each.day is None or each.day < first:
                continue
            own_cases, own_hits = each.closed[step - 2], each.closed[step - 1]
            rest_cases, rest_hits = cases - own_cases, hits - own_hits
            found = two_proportions(own_hits, own_cases, rest_hits, rest_cases)
            if found.verdict != "lower" or found.p_value * looked_at >= ALPHA:
                continue
            usual = rest_hits / rest_cases
            lost = usual * own_cases - own_hits
            if lost >= LEAST_LOST:
                yield _Fall(each.day, step, usual, lost, found.p_value)


def _dropped(fall: _Fall, cells: Sequence[Cell], midnight: datetime, present: datetime) -> Drop:
    """Narrow a fallen day to the hours in which it fell, and say on whom it fell."""
    by_hour = _summed(cells, lambda cell: cell.hour)
    begin, end = _worst_run(by_hour, fall.usual)
    inside = [cell for cell in cells if begin <= cell.hour < end]
    cases, hits = sum(cell.cases for cell in inside), sum(cell.hits for cell in inside)
    lost = fall.usual * cases - hits
    shares = _shares(inside, fall.usual, lost)
    return Drop(
        step=fall.step,
        since=midnight + timedelta(hours=begin),
        until=min(midnight + timedelta(hours=end), present),
        rate=hits / cases if cases else math.nan,
        usual=fall.usual,
        cases=cases,
        lost=lost,
        p_value=fall.p_value,
        shares=shares,
        group=_concentrated(inside, shares, cases),
    )


def _worst_run(by_hour: Mapping[int, tuple[int, int]], usual: float) -> tuple[int, int]:
    """Find the stretch of hours that falls furthest below nine tenths of the usual rate.

    The largest sum of consecutive hours; the whole day when no hour falls below.
    """
    if not by_hour:
        return 0, 24
    first, last = min(by_hour), max(by_hour) + 1
    best, found, running, begin = 0.0, (first, last), 0.0, first
    for hour in range(first, last):
        cases, hits = by_hour.get(hour, (0, 0))
        running += _NORMAL * usual * cases - hits
        if running <= 0:
            running, begin = 0.0, hour + 1
        elif running > best:
            best, found = running, (begin, hour + 1)
    return found


def _shares(cells: Sequence[Cell], usual: float, lost: float) -> dict[tuple[Dimension, int], float]:
    """Give each group's part of what was lost, between 0 and 1."""
    if lost <= 0:
        return {}
    groups = _by_group(cells)
    return {
        group: min(1.0, max(0.0, (usual * cases - hits) / lost))
        for group, (cases, hits) in groups.items()
    }


def _concentrated(
    cells: Sequence[Cell], shares: Mapping[tuple[Dimension, int], float], cases: int
) -> tuple[Dimension, int] | None:
    """Name the group in which the drop lies, when it lies in one far beyond its size."""
    excess = {
        group: shares.get(group, 0.0) - of_group / cases
        for group, (of_group, _) in _by_group(cells).items()
        if shares.get(group, 0.0) >= _CONCENTRATED
    }
    best = max(excess, key=lambda group: excess[group], default=None)
    return best if best is not None and excess[best] >= _BEYOND else None


def _by_group(cells: Sequence[Cell]) -> dict[tuple[Dimension, int], tuple[int, int]]:
    return {
        **_summed(cells, lambda cell: ("device", cell.device)),
        **_summed(cells, lambda cell: ("province", cell.province)),
        **_summed(cells, lambda cell: ("referral", cell.referral)),
    }


def _summed(cells: Sequence[Cell], key: Callable[[Cell], K]) -> dict[K, tuple[int, int]]:
    found: dict[K, tuple[int, int]] = {}
    for cell in cells:
        cases, hits = found.get(key(cell), (0, 0))
        found[key(cell)] = (cases + cell.cases, hits + cell.hits)
    return found
