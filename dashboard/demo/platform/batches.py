"""A stretch of hours as rows for the shared tables: what history copies and the live feed plays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dashboard.demo.platform import tables
from dashboard.demo.platform.copying import where
from dashboard.demo.platform.hashing import Floats
from dashboard.demo.platform.journeys import Slice, hour_slice
from dashboard.demo.platform.properties import Stock, stock
from dashboard.demo.platform.rhythm import HOUR_S
from dashboard.demo.platform.tables import Codes, Table
from dashboard.demo.platform.world import World

# Column that says when a row of the table came to be.
BORN: Final = {
    "users": "created_at",
    "sessions": "started_at",
    "analytics_events": "occurred_at",
    "bookings": "created_at",
    "payments": "created_at",
    "agent_metrics": "occurred_at",
}


@dataclass(frozen=True, slots=True)
class Source:
    """All that turns hours into rows."""

    world: World
    codes: Codes
    stock: Stock

    @classmethod
    def of(cls, world: World, codes: Codes) -> "Source":
        """A source with the seed's stock of properties."""
        return cls(world, codes, stock(world.setting.seed))

    def hour_of(self, epoch_s: float) -> int:
        """Hour since launch that holds a moment."""
        return int((epoch_s - self.world.launch_s) // HOUR_S)

    def drawn(self, hours: Sequence[int]) -> Slice:
        """The hours, drawn and joined."""
        return tables.joined([hour_slice(self.world, hour) for hour in hours])

    def rows(self, piece: Slice, *, now_s: float) -> Iterator[tuple[str, Table]]:
        """Parts of tables, each after those that it refers to, as they stand at `now_s`."""
        seed = self.world.setting.seed
        plain, rich = tables.events(piece, self.codes, self.stock, seed=seed)
        yield "users", tables.users(piece.users, self.codes, seed=seed)
        yield "sessions", tables.sessions(piece.sessions, seen(piece, now_s), self.codes)
        yield "analytics_events", plain
        yield "analytics_events", rich
        yield "bookings", tables.bookings(piece.purchases, self.codes, now_s=now_s)
        yield "payments", tables.payments(piece.purchases, self.codes, now_s=now_s)
        yield "agent_metrics", tables.agent_metrics(piece, self.stock)


def seen(piece: Slice, now_s: float) -> Floats:
    """Latest event of each session that has happened by `now_s`."""
    at = piece.events["at"].astype(np.float64)
    latest = piece.sessions["at"].astype(np.float64)
    happened = at <= now_s
    np.maximum.at(latest, piece.events["row"].astype(np.int64)[happened], at[happened])
    return latest


def born(name: str, table: Table, *, since_s: float, until_s: float) -> Table:
    """Rows that came to be in (since, until]."""
    at = table[BORN[name]]
    if not isinstance(at, np.ndarray):
        raise TypeError(name)
    low, high = (np.datetime64(round(edge * 1e6), "us") for edge in (since_s, until_s))
    return where(table, np.asarray((at > low) & (at <= high)))
