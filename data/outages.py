"""Payment outages: hours in which a gateway approved fewer payments than it does."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import text

from data.database import Database

BASELINE: Final = timedelta(days=7)
"""What a gateway does is what it did in so long before."""
LEAST_ATTEMPTS: Final = 10
"""Hours with fewer decided payments say nothing."""
_HOUR: Final = timedelta(hours=1)
_LEAST_SPREAD: Final = 0.01
_SPREADS: Final = 3

# Approved once is approved, whatever became of it later; who has not been decided is in neither.
APPROVALS: Final = text("""
    -- data.outages.approvals
    select gateway, hour, sum(n)::bigint as decided,
        coalesce(sum(n) filter (
            where status in ('approved', 'refunded', 'charged_back')
        ), 0)::bigint as approved
    from pay_hour
    where hour >= :baseline and hour < :outages_until and status <> 'pending'
    group by gateway, hour
    order by gateway, hour
""")


@dataclass(frozen=True, slots=True)
class Approval:
    """Decided and approved payments of one gateway in one hour of creation."""

    gateway: str
    hour: datetime
    decided: int
    approved: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch of hours in which a gateway approved fewer than it does."""

    gateway: str
    since: datetime
    until: datetime
    decided: int
    approved: int
    usual: float

    @property
    def missing(self) -> float:
        """Payments that it would have approved at its usual rate."""
        return self.usual * self.decided - self.approved


def outages(db: Database, since: datetime, until: datetime) -> list[Outage]:
    """Find the stretches of hours in [since, until) in which a gateway's approval rate broke in.

    Approval rate = approved (whatever became of them later) / decided payments, by the hour of
    creation, all currencies: they are counted, not added. An hour is out when at least ten were
    decided and the rate lies more than three standard errors (of at least one point) below that of
    the week before `since`. Adjacent hours are one outage. By gateway, then time. Source: pay_hour.
    """
    asked = {"baseline": since - BASELINE, "outages_until": until}
    return _found(db.rows(APPROVALS, Approval, **asked), since)


def _found(approvals: Sequence[Approval], since: datetime) -> list[Outage]:
    found: list[Outage] = []
    for gateway, rows in groupby(approvals, key=lambda each: each.gateway):
        hours = list(rows)
        usual = [each for each in hours if each.hour + _HOUR <= since]
        decided, approved = _sums(usual)
        bad = [
            each
            for each in hours
            if each.hour + _HOUR > since and _is_bad(each, decided=decided, approved=approved)
        ]
        found += [_joined(gateway, run, approved / decided) for run in _runs(bad)]
    return found


def _is_bad(hour: Approval, *, decided: int, approved: int) -> bool:
    if hour.decided < LEAST_ATTEMPTS or not decided:
        return False
    usual = approved / decided
    spread = math.sqrt(usual * (1 - usual) / hour.decided)
    return hour.approved / hour.decided < usual - _SPREADS * max(spread, _LEAST_SPREAD)


def _runs(hours: Iterable[Approval]) -> Iterable[list[Approval]]:
    run: list[Approval] = []
    for each in hours:
        if run and each.hour - run[-1].hour > _HOUR:
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _joined(gateway: str, run: Sequence[Approval], usual: float) -> Outage:
    decided, approved = _sums(run)
    return Outage(gateway, run[0].hour, run[-1].hour + _HOUR, decided, approved, usual)


def _sums(hours: Sequence[Approval]) -> tuple[int, int]:
    return sum(each.decided for each in hours), sum(each.approved for each in hours)
