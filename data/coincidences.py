"""Reads about what coincided with the funnel's worst drop. Coincidence, never cause.

Two overlaps rank what happened around the drop, and their product orders it:

- in time: the time that both lasted / the time that either lasted. A deploy or flag change lasts:
  it counts from its moment to the end of the drop.
- in the segment: the part of the lost sessions that falls on whom it names (a region, device or
  origin in an alert's labels; a gateway's failed payments). What names nobody counts half.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pandas import DataFrame
from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.funnel_drops import Drop, worst_drop
from data.outages import Outage, outages
from data.period import Filters

BEFORE: Final = timedelta(hours=2)
"""What was over, or was changed, so long before a drop does not coincide with it."""
LEAST_OVERLAP: Final = 0.1
UNNAMED: Final = 0.5
MOST: Final = 10
_PAID: Final = 5

HAPPENINGS: Final = text("""
    -- data.coincidences.happenings
    select 'alert' as kind, title, severity as detail, started_at as since, resolved_at as until,
        labels
    from production_alerts
    where started_at < :drop_until
        and started_at >= cast(:earliest as timestamptz) - interval '30 days'
        and (resolved_at is null or resolved_at > :earliest)
    union all
    select 'deploy', service || ' ' || version,
        case when status = 'succeeded' then coalesce(notes, '')
            else concat_ws(': ', replace(status, '_', ' '), notes) end,
        deployed_at, null, '{}'
    from deploys
    where deployed_at >= :earliest and deployed_at < :drop_until
    union all
    select 'flag_change', coalesce(after ->> 'name', before ->> 'name', subject_id, subject_type),
        concat_ws(' by ', split_part(action, '.', 2), actor_name), occurred_at, null, '{}'
    from activity_logs
    where occurred_at >= :earliest and occurred_at < :drop_until
        and split_part(action, '.', 1) = 'flag'
    order by since, kind, title
""")

GROUPS: Final = text("""
    -- data.coincidences.groups
    select 'device' as dimension, id::int as code, code as word, name from devices
    union all
    select 'province', id::int, iso, name from provinces
    union all
    select 'referral', id::int, code, name from referrals
""")

_LABELS: Final[Mapping[str, str]] = {
    "region": "province",
    "province": "province",
    "device": "device",
    "referral": "referral",
}
COLUMNS: Final = (
    *(
        "relation",
        "kind",
        "title",
        "detail",
        "since",
        "until",
        "time_pct",
        "segment",
        "segment_pct",
    ),
    "score",
)
NOTHING: Final = "Nothing coincides: no alert, deploy, flag change or payment outage."


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened around a drop; `until` None: it lasts."""

    kind: str
    title: str
    detail: str
    since: datetime
    until: datetime | None
    labels: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Word:
    """What a code of a dimension is called: in labels (`word`) and on pages (`name`)."""

    dimension: str
    code: int
    word: str
    name: str


@question(ttl_s=30)
def coincidences(db: Database, filters: Filters) -> DataFrame:
    """What coincides with the worst drop of a step: alerts, deploys, flag changes, payment outages.

    Ranked by overlap in time x overlap in segment; what shares less than a tenth of its time with
    the drop is left out. Drops are looked for within 30 minutes, day by day, against all other days
    (data.funnel_drops.worst_drop).

    Grain: one row per happening, best first, at most ten, after a first row about the drop itself;
    a second row without kind says that nothing coincides. Empty when no day stands out. Columns:
    relation str ("The drop", "coincides with"), kind str ("step", "alert", "deploy", "flag_change",
    "payment_outage"), title str (of the drop: the step that too few reached), detail str, since,
    until datetime UTC (NaT: lasts), time_pct float (shared / either), segment str (whom it names),
    segment_pct float (part of the lost sessions; NaN: it names nobody), score float 0 to 1. Source:
    funnel_day, funnel_tenant_day, session_funnel, pay_hour, production_alerts, deploys,
    activity_logs.
    """
    drop = worst_drop(db, filters)
    if drop is None:
        return DataFrame(columns=list(COLUMNS))
    words = db.rows(GROUPS, Word)
    asked: dict[str, object] = {
        "earliest": drop.since - BEFORE,
        "drop_until": drop.until,
    }
    broken = outages(db, drop.since - BEFORE, drop.until) if drop.step == _PAID else []
    found = [_of_outage(each, drop) for each in broken]
    found += [
        _of_happening(each, drop, words, broken, until=each.until or _end(each, drop, filters))
        for each in db.rows(HAPPENINGS, Happening, **asked)
    ]
    listed = sorted(
        (row for row in found if row["score"] > 0 and row["time_pct"] >= 100 * LEAST_OVERLAP),
        key=lambda row: (-row["score"], row["since"]),
    )
    rows = [_of_drop(drop, words), *(listed[:MOST] or [_nothing()])]
    return DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


_TYPES: Final = {
    "since": "datetime64[us, UTC]",
    "until": "datetime64[us, UTC]",
    "time_pct": "float64",
    "segment_pct": "float64",
    "score": "float64",
}
_Row = dict[str, Any]


def _of_drop(drop: Drop, words: Sequence[Word]) -> _Row:
    said = f"{100 * drop.rate:.0f} % instead of {100 * drop.usual:.0f} %"
    row = _row(
        "step",
        drop.name.replace("_", " ").capitalize(),
        f"{said}, {drop.lost:.0f} sessions lost",
        since=drop.since,
        until=drop.until,
    ) | {"relation": "The drop"}
    if drop.group is None:
        return row | {"segment": "Everywhere", "segment_pct": 100.0}
    name = next((w.name for w in words if (w.dimension, w.code) == drop.group), "")
    return row | {"segment": name, "segment_pct": 100 * drop.shares[drop.group]}


def _nothing() -> _Row:
    return _row("", NOTHING, "", since=None, until=None) | {"relation": ""}


def _of_outage(outage: Outage, drop: Drop) -> _Row:
    rate = 100 * outage.approved / outage.decided
    said = f"{rate:.0f} % approved instead of {100 * outage.usual:.0f} %"
    row = _row(
        "payment_outage",
        f"Payments through {outage.gateway}",
        said,
        since=outage.since,
        until=outage.until,
    )
    overlap = _overlap(outage.since, outage.until, drop)
    return _scored(row, overlap, outage.gateway, _part_of_outage(outage, drop))


def _of_happening(
    happening: Happening,
    drop: Drop,
    words: Sequence[Word],
    broken: Sequence[Outage],
    *,
    until: datetime,
) -> _Row:
    at = {"since": happening.since, "until": happening.until}
    row = _row(happening.kind, happening.title, happening.detail, **at)
    segment, part = _segment(happening.labels, drop, words, broken)
    return _scored(row, _overlap(happening.since, until, drop), segment, part)


def _end(happening: Happening, drop: Drop, filters: Filters) -> datetime:
    """Say until when something counts that lasts: an alert fires on, a change acts on the drop."""
    return max(drop.until, filters.present) if happening.kind == "alert" else drop.until


def _segment(
    labels: Mapping[str, Any], drop: Drop, words: Sequence[Word], broken: Sequence[Outage]
) -> tuple[str, float | None]:
    """Say whom labels name and which part of the drop falls on them; None: they name nobody."""
    for label, dimension in _LABELS.items():
        for word in words:
            if word.dimension == dimension and labels.get(label) == word.word:
                return word.name, drop.shares.get((dimension, word.code), 0.0)
    gateway = str(labels.get("provider") or labels.get("gateway") or "")
    if gateway:
        hit = [each for each in broken if each.gateway == gateway]
        return gateway, min(1.0, sum(_part_of_outage(each, drop) for each in hit))
    route = str(labels.get("route") or "")
    if route and drop.name.partition("_")[0] in route:
        return route, 1.0
    return route or "Not named", None


def _part_of_outage(outage: Outage, drop: Drop) -> float:
    return min(1.0, max(0.0, outage.missing / drop.lost)) if drop.lost > 0 else 0.0


def _overlap(since: datetime, until: datetime, drop: Drop) -> float:
    """Give the time that both lasted as a share of the time that either did."""
    both = (min(until, drop.until) - max(since, drop.since)).total_seconds()
    either = (max(until, drop.until) - min(since, drop.since)).total_seconds()
    return max(0.0, both) / either if either > 0 else 0.0


def _scored(row: _Row, overlap: float, segment: str, part: float | None) -> _Row:
    weight = UNNAMED if part is None else part
    share = math.nan if part is None else 100 * part
    return row | {
        "time_pct": 100 * overlap,
        "segment": segment,
        "segment_pct": share,
        "score": overlap * weight,
    }


def _row(
    kind: str, title: str, detail: str, *, since: datetime | None, until: datetime | None
) -> _Row:
    unknown = {"time_pct": math.nan, "segment": "", "segment_pct": math.nan, "score": math.nan}
    happened = {"relation": "coincides with", "kind": kind, "title": title, "detail": detail}
    return {**happened, "since": since, "until": until, **unknown}
