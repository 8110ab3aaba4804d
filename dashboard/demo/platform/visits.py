"""The visitors' part of the live feed: rows that come to be, and rows that move on, in a span."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from dashboard.demo.platform import tables
from dashboard.demo.platform.batches import Source, born, seen
from dashboard.demo.platform.copying import copy_rows
from dashboard.demo.platform.hashing import Floats
from dashboard.demo.platform.journeys import Slice, hour_slice
from dashboard.demo.platform.people import VIRAL_NUMBER, redeem
from dashboard.demo.platform.purchases import REASONS
from dashboard.demo.platform.rhythm import epoch
from dashboard.demo.platform.tables import Table, joined

_LONGEST_H: Final = 2  # no session goes on for longer, but for a negligible few

_SEEN: Final = """
    update sessions s set last_seen_at = n.at
    from unnest(%(visitor)s::bigint[], %(session)s::bigint[], %(at)s::timestamptz[])
        as n (visitor, session, at)
    where s.visitor_id = n.visitor and s.session_id = n.session and s.last_seen_at < n.at
"""
_CONFIRM: Final = """
    update bookings b set status = 'confirmed', confirmed_at = n.at
    from unnest(%(id)s::bigint[], %(at)s::timestamptz[]) as n (id, at)
    where b.id = n.id and b.status = 'pending'
"""
_SETTLE: Final = """
    update payments p
    set status = n.status, failure_reason = n.reason, approved_at = n.approved,
        version = p.version + 1, tx = pg_current_xact_id()
    from unnest(%(visitor)s::bigint[], %(payment)s::bigint[], %(status)s::text[],
        %(reason)s::text[], %(approved)s::timestamptz[])
        as n (visitor, payment, status, reason, approved)
    where p.visitor_id = n.visitor and p.payment_id = n.payment and p.status = 'pending'
"""


class Playback:
    """Plays the drawn hours of one source; keeps the current ones."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._drawn: dict[int, Slice] = {}

    def play(self, connection: psycopg.Connection, *, since: datetime, until: datetime) -> int:
        """Write what happens in (since, until]; returns the number of events."""
        since_s, until_s = epoch(since), epoch(until)
        piece = self._hours(since_s, until_s)
        written = 0
        for name, table in self.source.rows(piece, now_s=until_s):
            fresh = born(name, table, since_s=since_s, until_s=until_s)
            count = copy_rows(connection, name, fresh)
            written += count if name == "analytics_events" else 0
            if name == "bookings":
                _confirm(connection, table, since_s=since_s, until_s=until_s)
        _settle(connection, piece, since_s=since_s, until_s=until_s)
        self._move_sessions(connection, piece, since_s=since_s, until_s=until_s)
        _redeem(connection, piece, since_s=since_s, until_s=until_s)
        return written

    def sign_up(self, connection: psycopg.Connection, *, since: datetime, until: datetime) -> None:
        """Only the accounts of a span that is not played: those people come back later."""
        source, since_s, until_s = self.source, epoch(since), epoch(until)
        for hour in range(source.hour_of(since_s), source.hour_of(until_s) + 1):
            part = hour_slice(source.world, hour).users
            table = tables.users(part, source.codes, seed=source.world.setting.seed)
            fresh = born("users", table, since_s=since_s, until_s=until_s)
            copy_rows(connection, "users", fresh)

    def _hours(self, since_s: float, until_s: float) -> Slice:
        first = max(self.source.hour_of(since_s) - _LONGEST_H, 0)
        wanted = range(first, self.source.hour_of(until_s) + 1)
        self._drawn = {
            hour: self._drawn.get(hour) or hour_slice(self.source.world, hour) for hour in wanted
        }
        return joined([self._drawn[hour] for hour in wanted])

    def _move_sessions(
        self, connection: psycopg.Connection, piece: Slice, *, since_s: float, until_s: float
    ) -> None:
        latest = seen(piece, until_s)
        began = piece.sessions["at"].astype(np.float64)
        moved = (began <= since_s) & (latest > since_s) & (latest <= until_s)
        if moved.any():
            given = {
                "visitor": piece.sessions["visitor"][moved].tolist(),
                "session": piece.sessions["session"][moved].tolist(),
                "at": stamps(latest[moved]),
            }
            connection.execute(_SEEN, given)


def stamps(epoch_s: Floats) -> list[str | None]:
    """Moments as text that Postgres reads as UTC."""
    return [None if np.isnan(one) else f"{np.datetime64(int(one * 1e6), 'us')}Z" for one in epoch_s]


def _confirm(
    connection: psycopg.Connection, table: Table, *, since_s: float, until_s: float
) -> None:
    """Bookings made before the span and paid within it."""
    made, paid = _epochs(table, "created_at"), _epochs(table, "confirmed_at")
    chosen = (made <= since_s) & (paid > since_s) & (paid <= until_s)
    if chosen.any():
        identity = np.asarray(table["id"])[chosen].tolist()
        connection.execute(_CONFIRM, {"id": identity, "at": stamps(paid[chosen])})


def _epochs(table: Mapping[str, object], name: str) -> Floats:
    column = np.asarray(table[name]).astype("datetime64[us]")
    known = ~np.isnat(column)
    return np.where(known, column.astype(np.int64) / 1e6, np.nan)


def _settle(
    connection: psycopg.Connection, piece: Slice, *, since_s: float, until_s: float
) -> None:
    """Payments begun before the span whose gateway answered within it."""
    bought = piece.purchases
    chosen = (
        (bought.created_at <= since_s)
        & (bought.settled_at > since_s)
        & (bought.settled_at <= until_s)
    )
    if not chosen.any():
        return
    ok = bought.approved[chosen]
    settled = np.where(ok, bought.settled_at[chosen], np.nan)
    connection.execute(
        _SETTLE,
        {
            "visitor": bought.visitor[chosen].tolist(),
            "payment": bought.payment[chosen].tolist(),
            "status": ["approved" if each else "rejected" for each in ok],
            "reason": _reasons(bought.reason[chosen], ok),
            "approved": stamps(settled),
        },
    )


def _reasons(reason: NDArray[np.int64], ok: NDArray[np.bool_]) -> list[str | None]:
    return [None if good else REASONS[code] for code, good in zip(reason, ok, strict=True)]


def _redeem(
    connection: psycopg.Connection, piece: Slice, *, since_s: float, until_s: float
) -> None:
    at = piece.users["at"].astype(np.float64)
    chosen = piece.users["brought"].astype(np.bool_) & (at > since_s) & (at <= until_s)
    if chosen.any():
        number = piece.users["id"][chosen].astype(np.int64)
        redeem(
            connection,
            number=number,
            at_us=(at[chosen] * 1e6).astype(np.int64),
            code=np.full(len(number), VIRAL_NUMBER),
        )
