"""Named measures of the platform: from Prometheus when it is configured, else from Postgres.

Unknown is never zero: a series, bucket or whole signal without data is absent from what comes back.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from pandas import DataFrame, DatetimeIndex
from sqlalchemy import text

from data.database import Database
from data.errors import SourceDown
from data.period import Period
from data.prometheus import Prometheus, QueryRefused
from data.quantiles import interpolated
from data.signal_definitions import Signal, load_definitions
from data.signal_queries import Moment, alike, framed, quantiles, series_of, tagged, untagged
from data.together import together

MOST_POINTS: Final = 500
POINTS: Final = 150
# Finer than sources are filled: Prometheus every 15 s, production_metrics every minute.
FINEST_S: Final = 15
FINEST_SQL_S: Final = 60
# So many queries of a moment make two requests, which Prometheus works on at the same time.
MANY_QUERIES: Final = 8
STORED_S: Final = 900
"""How long a row of production_metrics speaks for the present: writers may be that slow."""

AT: Final = "datetime64[us, UTC]"
_MOMENT_TYPES: Final = {"signal": "str", "series": "str", "value": "float64", "events": "float64"}
_PARAMETER: Final = re.compile(r"(?<!:):([a-z_]+)")

SAMPLES: Final = """
    -- data.signals.samples
    select date_bin(make_interval(secs => :step_s), recorded_at, :since) as at,
        coalesce(labels ->> cast(:label as text), '') as series, avg(value) as value
    from production_metrics
    where name = :name and recorded_at >= :since and recorded_at < :until
    group by 1, 2
    order by 1, 2
"""

LATEST: Final = text("""
    -- data.signals.latest
    select distinct on (name, labels) name as signal, labels, value
    from production_metrics
    where name = any(:names) and recorded_at > :since and recorded_at <= :until
    order by name, labels, recorded_at desc
""")


@dataclass(frozen=True, slots=True)
class Stored:
    """The newest row of production_metrics for one set of labels."""

    signal: str
    labels: dict[str, object] | None
    value: float


class Signals:
    """Answers for signals by name, over a period or at a moment.

    `prometheus` None means not configured: production_metrics answers. When it is configured but
    fails, `SourceDown` is raised; Postgres never stands in silently for a failing Prometheus.
    """

    def __init__(
        self,
        definitions: Mapping[str, Signal],
        *,
        db: Database,
        prometheus: Prometheus | None = None,
    ) -> None:
        self.db = db
        self._definitions = dict(definitions)
        self._prometheus = prometheus

    @property
    def configured(self) -> bool:
        """Whether Prometheus is asked."""
        return self._prometheus is not None

    def names(self) -> tuple[str, ...]:
        """Every signal's name, in the file's order."""
        return tuple(self._definitions)

    def definition(self, name: str) -> Signal:
        """What a signal is. KeyError for an unknown name: that is a bug of the page."""
        return self._definitions[name]

    def ping(self) -> None:
        """Check that the source of signals answers. Raises SourceDown."""
        if self._prometheus is None:
            self.db.ping()
        else:
            self._prometheus.ping()

    def range(self, name: str, period: Period, *, step_s: int | None = None) -> DataFrame:
        """A signal over a period.

        Grain: (at, series), buckets without data absent. Columns: at datetime UTC, a multiple of
        the step within the period; series str ("" without a label); value float, finite, in the
        signal's unit. At most 500 points a series: a finer `step_s` is widened. Raises SourceDown.
        """
        signal = self.definition(name)
        step = self._step_s(signal, period, step_s)
        since, last = _aligned(period, step)
        if last < since:
            return framed([])
        asked = self._prometheus
        if asked is None or signal.promql is None:
            return self._sql(signal, since, period.until, step).drop(columns="events")
        query = signal.query(signal.promql, window_s=signal.window_s, step_s=step)
        found = asked.range(query, since, last, step_s=step)
        return framed((series_of(one, signal.series_label), one) for one in found)

    def ranges(
        self, names: Iterable[str], period: Period, *, step_s: int | None = None
    ) -> dict[str, DataFrame]:
        """Several signals over a period by name, asked for at once; each as `range` gives it.

        Quantiles of the same buckets make one request, for the buckets. Raises SourceDown.
        """
        signals = [self.definition(name) for name in names]
        groups = alike(signals) if self._prometheus else [[one] for one in signals]
        parts = together(*(partial(self._group, group, period, step_s) for group in groups))
        found = {name: frame for part in parts for name, frame in part.items()}
        return {one.name: found[one.name] for one in signals}

    def grid(self, name: str, period: Period, *, step_s: int | None = None) -> DatetimeIndex:
        """Give the moments that `range` can hold points at, whether or not it has them."""
        step = self._step_s(self.definition(name), period, step_s)
        since, last = _aligned(period, step)
        return DatetimeIndex(pd.date_range(since, last, freq=f"{step}s").astype(AT))

    def now(self, name: str, at: datetime, *, window_s: int | None = None) -> DataFrame:
        """A signal at a moment.

        Grain: series. Columns: series str, value float. Empty when nothing is known. `window_s`
        widens what a rate looks back over (Prometheus only). Raises SourceDown.
        """
        return self.moment([name], at, window_s=window_s)[["series", "value"]]

    def moment(
        self, names: Iterable[str], at: datetime, *, window_s: int | None = None
    ) -> DataFrame:
        """Many signals at one moment, as a frame of `readings`.

        Grain: (signal, series). Columns: signal str, series str, value float, events float (cases
        behind a ratio, NaN where the signal counts none).
        """
        rows = self.readings(names, at, window_s=window_s)
        return DataFrame(rows, columns=list(Moment._fields)).astype(_MOMENT_TYPES)

    def readings(
        self, names: Iterable[str], at: datetime, *, window_s: int | None = None
    ) -> list[Moment]:
        """Many signals at one moment; what is not known is absent.

        Raises SourceDown when nobody answers; what one of two sources cannot give is only absent,
        as is a signal whose own query Prometheus does not accept.
        """
        signals = [self.definition(name) for name in names]
        queried = [one for one in signals if self._prometheus and one.promql]
        own_sql = [one for one in signals if one.sql and one not in queried]
        stored = [one for one in signals if one not in queried and one not in own_sql]
        if not own_sql:
            return [*self._asked(queried, at, window_s), *self._stored(stored, at)]
        rows, own = together(
            lambda: [*self._asked(queried, at, window_s), *self._stored(stored, at)],
            lambda: self._own_sql(own_sql, at),
        )
        if isinstance(own, SourceDown):
            if not rows:
                raise own
            return rows
        return [*rows, *own]

    def _step_s(self, signal: Signal, period: Period, wanted: int | None) -> int:
        from_sql = self._prometheus is None or signal.promql is None
        step = max(wanted or period.step_s(POINTS), FINEST_SQL_S if from_sql else FINEST_S)
        return step if period.seconds / step <= MOST_POINTS else period.step_s(MOST_POINTS)

    def _group(
        self, signals: list[Signal], period: Period, step_s: int | None
    ) -> dict[str, DataFrame]:
        """Answer for signals that `alike` put together: one, or quantiles of the same buckets."""
        first, *others = signals
        asked = self._prometheus
        step = self._step_s(first, period, step_s)
        since, last = _aligned(period, step)
        if not others or asked is None or last < since:
            return {one.name: self.range(one.name, period, step_s=step_s) for one in signals}
        wanted = quantiles(signals)
        query = first.query(wanted[0].buckets, window_s=first.window_s, step_s=step)
        told = [
            f"{one.name} = {each.scale:g} * histogram_quantile({each.q:g}, these buckets)"
            for one, each in zip(signals, wanted, strict=True)
        ]
        buckets = asked.range(query, since, last, step_s=step, notes=told)
        lines = interpolated(buckets, wanted)
        return {one.name: framed([("", line)]) for one, line in zip(signals, lines, strict=True)}

    def _asked(self, signals: list[Signal], at: datetime, window_s: int | None) -> list[Moment]:
        asked = self._prometheus
        if asked is None or not signals:
            return []
        parts = tagged(signals, window_s=window_s, step_s=FINEST_S)
        halves = [parts] if len(parts) < MANY_QUERIES else [parts[::2], parts[1::2]]
        try:
            found = together(*(partial(asked.instant, "\nor ".join(each), at) for each in halves))
        except QueryRefused:
            if len(signals) == 1:
                raise
            return self._one_by_one(signals, at, window_s)
        by_name = {one.name: one for one in signals}
        return untagged((line for lines in found for line in lines), by_name)

    def _one_by_one(
        self, signals: list[Signal], at: datetime, window_s: int | None
    ) -> list[Moment]:
        """Leave out only the refused: one adopter's mistake must not blind all signals."""
        rows: list[Moment] = []
        for signal in signals:
            try:
                rows += self._asked([signal], at, window_s)
            except QueryRefused:
                continue
        return rows

    def _sql(self, signal: Signal, since: datetime, until: datetime, step_s: int) -> DataFrame:
        sql = signal.sql or SAMPLES
        values = {
            "since": since,
            "until": until,
            "step_s": step_s,
            "name": signal.name,
            "label": signal.series_label or "",
        }
        named = set(_PARAMETER.findall(sql))
        found = self.db.frame(text(sql), **{key: values[key] for key in values if key in named})
        found = found.reindex(columns=["at", "series", "value", "events"])
        found["at"] = pd.to_datetime(found["at"], utc=True).astype(AT)
        found = found.astype({"series": "str", "value": "float64", "events": "float64"})
        finite: DataFrame = found[np.isfinite(found["value"])]
        return finite.reset_index(drop=True)

    def _own_sql(self, signals: list[Signal], at: datetime) -> list[Moment] | SourceDown:
        """Ask Postgres; without it the rest may still stand."""
        try:
            return [row for one in signals for row in self._sql_now(one, at)]
        except SourceDown as error:
            return error

    def _sql_now(self, signal: Signal, at: datetime) -> list[Moment]:
        since = at - timedelta(seconds=signal.window_s)
        found = self._sql(signal, since, at, signal.window_s)
        columns = (found[name].tolist() for name in ("series", "value", "events"))
        return [Moment(signal.name, *row) for row in zip(*columns, strict=True)]

    def _stored(self, signals: list[Signal], at: datetime) -> list[Moment]:
        if not signals:
            return []
        labels = {one.name: one.series_label or "" for one in signals}
        since = at - timedelta(seconds=STORED_S)
        rows = self.db.rows(LATEST, Stored, names=list(labels), since=since, until=at)
        return [
            Moment(one.signal, str((one.labels or {}).get(labels[one.signal], "")), one.value)
            for one in rows
            if math.isfinite(one.value)
        ]


def open_signals(db: Database, *, url: str | None, file: Path | None = None) -> Signals:
    """Read the definitions and prepare to ask Prometheus when `url` is given.

    Raises SignalsInvalid when a file is malformed; nothing is asked of Prometheus yet.
    """
    return Signals(load_definitions(file), db=db, prometheus=Prometheus(url) if url else None)


def _aligned(period: Period, step_s: int) -> tuple[datetime, datetime]:
    """Give the first and last multiple of the step in [since, until): a refresh moves no point."""
    first = math.ceil(period.since.timestamp() / step_s) * step_s
    last = (math.ceil(period.until.timestamp() / step_s) - 1) * step_s
    return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)
