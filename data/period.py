"""What every question is asked about: a period, its comparison, and the viewer's filters.

A `Selection` is what the URL says; a `Filters` is the same selection at a moment. Days are local
days of the business time zone, windows are half-open, instants are UTC.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SPANS: Final[dict[str, timedelta | None]] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "today": None,
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
"""Relative spans. The ones in days start at local midnight and include today."""

COMPARISONS: Final = ("none", "previous", "yesterday", "last_week")

STEPS_S: Final = (
    *(5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10800, 21600, 43200, 86400, 604800),
)
_DATES: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
_LONGEST_DAYS: Final = 400
_REGION: Final = re.compile(r"AR-[A-Z]")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LARGEST_TENANT: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open window [since, until) of aware UTC instants."""

    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.until - self.since).total_seconds()

    def shifted(self, by: timedelta) -> "Period":
        """Give the window moved by an exact duration."""
        return Period(self.since + by, self.until + by)

    def step_s(self, points: int = 300) -> int:
        """Choose a bucket in seconds so that the window has at most `points` of them."""
        return next((step for step in STEPS_S if self.seconds / step <= points), STEPS_S[-1])


@dataclass(frozen=True, slots=True)
class Selection:
    """What the viewer chose, as the URL carries it; hashable, no instant in it.

    `span` is a key of SPANS or "2026-11-01..2026-11-08" (local days, both included). `region` is an
    ISO 3166-2 code, `device` and `referral` are codes, `tenant` is an organization's id. `options`
    are what one page lets its viewer choose beyond that, by name: a window, a search, a record.
    """

    span: str = "1h"
    compare: str = "last_week"
    region: str | None = None
    device: str | None = None
    referral: str | None = None
    tenant: int | None = None
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(
        cls, params: dict[str, str | None], *, default: "Selection | None" = None
    ) -> "Selection":
        """Read a selection from text, dropping every value that makes no sense."""
        base = default or cls()
        text = {name: value for name, value in params.items() if value and len(value) <= 64}
        span, compare = text.get("span", ""), text.get("compare", "")
        tenant = text.get("tenant", "")
        return cls(
            span=span if _is_span(span) else base.span,
            compare=compare if compare in COMPARISONS else base.compare,
            region=_matching(_REGION, text.get("region")),
            device=_matching(_CODE, text.get("device")),
            referral=_matching(_CODE, text.get("referral")),
            tenant=_tenant(tenant),
        )

    def at(self, now: datetime, zone: ZoneInfo, currency: str = "ARS") -> "Filters":
        """Resolve the selection at a moment, given in any aware time, for a business currency."""
        asked_at = now.astimezone(UTC)
        period = _resolve(self.span, asked_at, zone)
        back = _days_of(period, zone) if _is_in_days(self.span) else None
        comparison = _comparison(period, self.compare, zone, days=back)
        return Filters(period, self, zone, comparison, currency, asked_at)


@dataclass(frozen=True, slots=True)
class Filters:
    """A selection at a moment: what every question is asked about."""

    period: Period
    selection: Selection
    zone: ZoneInfo
    comparison: Period | None = None
    currency: str = "ARS"
    asked_at: datetime | None = None
    lag: timedelta = timedelta()
    """How far the window lies behind the one that it is held against; zero for that one itself."""
    really_asked_at: datetime | None = None
    """The moment of asking where `asked_at` stands for it in the comparison period."""

    @property
    def now(self) -> datetime:
        """The end of the window, or the moment of asking while the window reaches beyond it."""
        return min(self.period.until, self.asked_at or self.period.until)

    @property
    def now_before(self) -> datetime | None:
        """What `now` is in the comparison period; None when nothing is compared."""
        ahead = self.period.until - self.now
        return None if self.comparison is None else self.comparison.until - ahead

    @property
    def present(self) -> datetime:
        """The real moment of asking, in the comparison period too; its end when none is known."""
        return self.really_asked_at or self.asked_at or self.period.until

    def sql(self) -> dict[str, object]:
        """Give the parameters that statements share: instants, tz, currency, dimensions."""
        chosen = self.selection
        return {
            "since": self.period.since,
            "until": self.period.until,
            "now": self.now,
            "tz": self.zone.key,
            "currency": self.currency,
            "region": chosen.region,
            "device": chosen.device,
            "referral": chosen.referral,
            "tenant": chosen.tenant,
        }

    def key(self) -> str:
        """Identify what is asked, without the instant: a relative span shares one answer."""
        chosen = self.selection
        parts = (chosen.span, chosen.compare, chosen.region, chosen.device, chosen.referral)
        own = chosen.options or ""
        return "|".join(str(part or "") for part in (*parts, chosen.tenant, self.zone.key, own))

    def choice(self, name: str, default: str) -> str:
        """Give what the viewer chose on the page under a name; the default when nothing."""
        return dict(self.selection.options).get(name, default)

    def compared(self) -> "Filters | None":
        """Ask the same about the comparison period; None when nothing is compared."""
        if self.comparison is None:
            return None
        # The key must differ from the one of the period itself, hence the mark in the span.
        span = f"{self.selection.compare} before {self.selection.span}"
        chosen = replace(self.selection, span=span, compare="none")
        return replace(
            self,
            period=self.comparison,
            selection=chosen,
            comparison=None,
            asked_at=self.now_before,
            really_asked_at=self.present,
            lag=self.period.since - self.comparison.since,
        )


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Give the instant at which a local day starts, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _is_span(text: str) -> bool:
    return text in SPANS or _days(text) is not None


def _days(text: str) -> tuple[date, date] | None:
    """Read "first..last" as local days; None when it is not a sensible range."""
    match = _DATES.fullmatch(text)
    if match is None:
        return None
    try:
        first, last = (date.fromisoformat(day) for day in match.groups())
    except ValueError:
        return None
    sensible = date(2000, 1, 1) <= first <= last <= date(2100, 1, 1)
    return (first, last) if sensible and (last - first).days < _LONGEST_DAYS else None


def _matching(pattern: re.Pattern[str], text: str | None) -> str | None:
    return text if text and pattern.fullmatch(text) else None


def _tenant(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    return int(text) if is_number and 0 < int(text) <= _LARGEST_TENANT else None


def _resolve(span: str, now: datetime, zone: ZoneInfo) -> Period:
    days = _days(span)
    if days is not None:
        first, last = days
        return Period(local_midnight(first, zone), local_midnight(last + timedelta(days=1), zone))
    if span not in SPANS:
        raise ValueError(f"Unknown period {span!r}: use one of {', '.join(SPANS)} or two dates.")
    length = SPANS[span]
    today = now.astimezone(zone).date()
    if length is None:
        return Period(local_midnight(today, zone), now)
    if length <= timedelta(days=1):
        return Period(now - length, now)
    return Period(local_midnight(today - length + timedelta(days=1), zone), now)


def _is_in_days(span: str) -> bool:
    length = SPANS.get(span)
    return length is None or length > timedelta(days=1)


def _days_of(period: Period, zone: ZoneInfo) -> int:
    """Count the local days that a period touches; its last one may still go on."""
    last = (period.until - timedelta(microseconds=1)).astimezone(zone).date()
    return max(1, (last - period.since.astimezone(zone).date()).days + 1)


def _comparison(period: Period, compare: str, zone: ZoneInfo, *, days: int | None) -> Period | None:
    """Find the window to hold against. Periods of whole days go back by as many: days stay days."""
    if compare == "previous" and days is None:
        return period.shifted(period.since - period.until)
    back = {"previous": days, "yesterday": 1, "last_week": 7}.get(compare)
    return None if back is None else Period(*(_earlier(at, back, zone) for at in _ends(period)))


def _ends(period: Period) -> tuple[datetime, datetime]:
    return period.since, period.until


def _earlier(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Go back whole local days at the same wall-clock time, across a change of the clocks too."""
    return (at.astimezone(zone) - timedelta(days=days)).astimezone(UTC)
