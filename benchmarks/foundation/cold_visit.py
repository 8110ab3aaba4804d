"""The first visit of a browser that has nothing of ours in its cache."""

import time
from base64 import b64decode
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from playwright.sync_api import Browser, Page

from benchmarks.browser import chromium, context, open_launch
from benchmarks.results import Result
from benchmarks.stage import Stage

VISITS: Final = 3
QUIET_MS: Final = 2_000
MEGABYTE: Final = 1_000_000
BINARY: Final = 2


@dataclass  # without slots: Playwright notes on it which of its methods listen
class Wire:
    """What one page moved over the network, as the browser itself counts it."""

    http: dict[str, float] = field(default_factory=dict)
    websocket: int = 0
    urls: dict[str, str] = field(default_factory=dict)

    def follow(self, page: Page) -> None:
        """Count from now on."""
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.webSocketFrameReceived", self._frame)
        session.on("Network.webSocketFrameSent", self._frame)
        session.send("Network.enable")

    @property
    def total(self) -> float:
        """All bytes."""
        return sum(self.http.values()) + self.websocket

    def largest(self, count: int = 6) -> dict[str, float]:
        """The files that weigh most, in kB."""
        ranked = sorted(self.http.items(), key=lambda item: -item[1])
        return {self._name(key): round(size / 1000, 1) for key, size in ranked[:count]}

    def _name(self, request: str) -> str:
        return self.urls.get(request, "?").partition("?")[0].rpartition("/")[2] or "/"

    def _asked(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        if self.urls.get(event["requestId"], "").startswith("http"):
            self.http[event["requestId"]] = event["encodedDataLength"]

    def _frame(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        text = frame["payloadData"]
        self.websocket += len(b64decode(text) if frame["opcode"] == BINARY else text.encode())


def measure(stage: Stage) -> list[Result]:
    """Bytes over the wire until the Launch monitor stands, and how long that takes."""
    with chromium() as browser:
        visits = [_visit(browser, stage.address) for _ in range(1 if stage.is_quick else VISITS)]
    wire = max((wire for wire, _ in visits), key=lambda each: each.total)
    found = {
        **stage.size,
        "visits": len(visits),
        "requests": len(wire.http),
        "websocket_kB": round(wire.websocket / 1000, 1),
        "largest_kB": wire.largest(),
    }
    return [
        Result("first visit, bytes", wire.total / MEGABYTE, "MB", 2.5, context=found),
        Result("first visit, time to panels in view", median(ms for _, ms in visits), "ms"),
    ]


def _visit(browser: Browser, address: str) -> tuple[Wire, float]:
    viewer = context(browser)
    page = viewer.new_page()
    wire = Wire()
    wire.follow(page)
    began = time.perf_counter()
    open_launch(page, address)
    took_ms = (time.perf_counter() - began) * 1000
    page.wait_for_timeout(QUIET_MS)  # what is fetched after the panels belongs to the visit
    viewer.close()
    return wire, took_ms
