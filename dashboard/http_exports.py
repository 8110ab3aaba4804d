"""Downloads of raw rows: a page offers one, its browser takes it once, the rows stream through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from secrets import token_urlsafe
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from data.database import Database
from data.errors import SourceDown
from data.period import Filters
from data.raw import rows_as_csv

VALID_S: Final = 60.0
"""An offer is taken at once; who lost the role meanwhile is out within a minute here too."""
AT_ONCE: Final = 3
"""Each holds a connection for as long as its reader takes."""

log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """One export that somebody was allowed: its rows, what is said above them, its file name."""

    kind: str
    filters: Filters
    about: bytes
    file: str
    actor_id: int


class Offers:
    """The exports that were offered and not yet taken, in this process."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._open: dict[str, tuple[float, Offer]] = {}

    def make(self, offer: Offer) -> str:
        """Offer an export; the token is good once and for VALID_S."""
        now, token = self._clock(), token_urlsafe(24)
        with self._lock:
            self._open = {key: kept for key, kept in self._open.items() if kept[0] > now}
            self._open[token] = (now + VALID_S, offer)
        return token

    def take(self, token: str) -> Offer | None:
        """Take an offer; None when there is none, or no longer."""
        with self._lock:
            until, offer = self._open.pop(token, (0.0, None))
        return offer if until > self._clock() else None


offers: Final = Offers()
"""Those of this process."""


class Exports:
    """The route of the downloads."""

    def __init__(self, db: Database, given: Offers) -> None:
        self._db = db
        self._offers = given
        self._free = BoundedSemaphore(AT_ONCE)

    async def download(self, request: Request) -> Response:
        """Answer `GET /api/exports/{token}`."""
        offer = self._offers.take(request.path_params["token"])
        if offer is None:
            return _refused(404, "This export was already taken, or is too old.")
        if not self._free.acquire(blocking=False):
            return _refused(503, "Other exports are running. Try again in a minute.")
        blocks = self._blocks(offer)
        try:
            first = await run_in_threadpool(next, blocks)
        except SourceDown as down:
            return _refused(503, str(down))
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{offer.file}"',
        }
        return StreamingResponse(
            _with_first(offer.about + first, blocks),
            media_type="text/csv; charset=utf-8",
            headers=headers,
        )

    def _blocks(self, offer: Offer) -> Iterator[bytes]:
        """Give the rows; frees its place and its connection however it ends."""
        sent = 0
        try:
            with rows_as_csv(self._db, offer.filters, kind=offer.kind) as blocks:
                for block in blocks:
                    sent += len(block)
                    yield block
            log.info("export.sent", kind=offer.kind, actor=offer.actor_id, bytes=sent)
        finally:
            self._free.release()

    def route(self) -> Route:
        """The route."""
        return Route("/api/exports/{token}", self.download)


def _with_first(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield first
        yield from rest
    finally:
        close = getattr(rest, "close", None)
        if close is not None:
            close()


def _refused(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status_code=status)
