"""The Launch monitor in one sentence: what is wrong, since when, and how many alerts are open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import pandas as pd
from pandas import DataFrame
from sqlalchemy import text

from data.cache import question
from data.errors import SourceDown
from data.period import Filters, Period
from data.signal_definitions import Level, Signal
from data.signal_queries import Moment
from data.signals import Signals
from data.together import together

LOOK_BACK: Final = timedelta(hours=6)
RECENT: Final = timedelta(hours=1)
STEP_S: Final = 60
MOST_PROBLEMS: Final = 6

OPEN_ALERTS: Final = text("""
    -- data.verdict.open_alerts
    select count(*) from production_alerts
    where started_at <= :until and status in ('open', 'acknowledged')
""")


@dataclass(frozen=True, slots=True)
class Problem:
    """A signal beyond its threshold.

    `series` is "" or the route, provider, … concerned. `since` is the start of the unbroken breach;
    `is_longer` when it began before the six hours looked back. `is_pending` while it has not
    lasted as long as its rule demands.
    """

    signal: str
    title: str
    series: str
    level: Level
    value: float
    threshold: float
    comparator: str
    unit: str
    since: datetime
    is_longer: bool
    is_pending: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the platform stands: parts of one sentence, the worst problem first.

    `more` counts the breaches beyond those listed. `unknown` names the signals with thresholds that
    returned nothing. `open_alerts` None: the alerts could not be read.
    """

    level: Literal["ok", "warning", "critical", "unknown"]
    problems: tuple[Problem, ...]
    more: int
    checked: int
    unknown: tuple[str, ...]
    open_alerts: int | None
    at: datetime


@question(ttl_s=5)
def verdict(signals: Signals, filters: Filters) -> Verdict:
    """What is wrong at the period's end, since when, by the thresholds of all signals.

    A breach counts when at least the signal's minimum of cases stands behind it, once per series.
    The level is the worst of the breaches that lasted as long as their rule demands; a younger one
    makes it "warning" at most. "unknown" when no signal answers; a signal without data is named,
    never taken as healthy. Alerts are those open or acknowledged now and started by the period's
    end. Source: signals, production_alerts.
    """
    at = filters.now
    judged = [name for name in signals.names() if _has_thresholds(signals.definition(name))]
    found, open_alerts = together(
        lambda: signals.readings(judged, at), lambda: _open_alerts(signals, at)
    )
    known = {one.signal for one in found}
    breaches = _breaches(signals, found)
    problems = _dated(signals, breaches[:MOST_PROBLEMS], at)
    return Verdict(
        level=_level(problems) if known else "unknown",
        problems=problems,
        more=len(breaches) - len(problems),
        checked=len(known),
        unknown=tuple(name for name in judged if name not in known),
        open_alerts=open_alerts,
        at=at,
    )


Breach = tuple[Signal, str, Level, float]


def _has_thresholds(signal: Signal) -> bool:
    limits = signal.all_thresholds().values()
    return any(one.warning is not None or one.critical is not None for one in limits)


def _breaches(signals: Signals, found: Iterable[Moment]) -> list[Breach]:
    """Give the lines beyond a threshold, critical first, else in the file's order."""
    breaches: list[Breach] = []
    for one in found:
        signal = signals.definition(one.signal)
        level = signal.judged(one.value, one.series, events=one.events)
        if level:
            breaches.append((signal, one.series, level, one.value))
    order = {name: place for place, name in enumerate(signals.names())}
    return sorted(breaches, key=lambda one: (one[2] != "critical", order[one[0].name], one[1]))


def _dated(signals: Signals, breaches: list[Breach], at: datetime) -> tuple[Problem, ...]:
    """Look up when each breach began; far back only for those that the last hour does not date."""
    recent = _hour_before(at)
    history = _history(signals, breaches, Period(recent, at))
    older = [one for one in breaches if _last_fine(one, history) is None]
    for name, frame in _history(signals, older, Period(at - LOOK_BACK, recent)).items():
        history[name] = pd.concat([frame, history[name]], ignore_index=True)
    return tuple(_problem(breach, history, at) for breach in breaches)


def _hour_before(at: datetime) -> datetime:
    """Give the end of a whole step, so that what lies before and after it fits together."""
    recent = (at - RECENT).timestamp()
    return datetime.fromtimestamp(recent // STEP_S * STEP_S, UTC)


def _history(signals: Signals, breaches: list[Breach], period: Period) -> dict[str, DataFrame]:
    """Ask once for each signal, however many of its lines breach."""
    names = dict.fromkeys(signal.name for signal, *_ in breaches)
    return signals.ranges(names, period, step_s=STEP_S)


def _last_fine(breach: Breach, history: Mapping[str, DataFrame]) -> pd.Timestamp | None:
    """Give the last moment at which the line was within its thresholds, None without any."""
    signal, series, *_ = breach
    line = history[signal.name]
    line = line[line["series"] == series]
    values = line["value"].tolist()
    fine = [place for place, one in enumerate(values) if signal.level(one, series) is None]
    return line["at"].iloc[fine[-1]] if fine else None


def _problem(breach: Breach, history: Mapping[str, DataFrame], at: datetime) -> Problem:
    signal, series, level, value = breach
    limits = signal.thresholds(series)
    threshold = limits.critical if level == "critical" else limits.warning
    line = history[signal.name]
    moments = line.loc[line["series"] == series, "at"]
    last_fine = _last_fine(breach, history)
    after = moments if last_fine is None else moments[moments > last_fine]
    since = after.iloc[0].to_pydatetime() if len(after) else at
    return Problem(
        signal=signal.name,
        title=signal.title,
        series=series,
        level=level,
        value=value,
        threshold=threshold or 0.0,
        comparator=signal.comparator or "",
        unit=signal.unit,
        since=since,
        is_longer=last_fine is None and since <= at - LOOK_BACK + timedelta(seconds=2 * STEP_S),
        is_pending=(at - since).total_seconds() < signal.for_s,
    )


def _level(problems: tuple[Problem, ...]) -> Literal["ok", "warning", "critical"]:
    if any(one.level == "critical" and not one.is_pending for one in problems):
        return "critical"
    return "warning" if problems else "ok"


def _open_alerts(signals: Signals, at: datetime) -> int | None:
    """Count open alerts; the sentence about the signals stands without Postgres too."""
    try:
        found = signals.db.scalar(OPEN_ALERTS, until=at)
    except SourceDown:
        return None
    return found if isinstance(found, int) else None
