"""Atalaya's web server as its own process, on a free port."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from dashboard.demo.parts.ports import free_port
from tests.eventually import eventually
from tests.program import Program, running

START_S = 60


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    base: str
    program: Program

    def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(self.base + path, headers=named, timeout=10)

    def metric(self, name: str) -> float:
        """A sample of /metrics, by its name with labels; 0 when there is none."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0


@contextmanager
def serving(folder: Path, *, module: str = "dashboard", **settings: object) -> Iterator[Served]:
    port = settings.pop("port", None) or free_port()
    base = f"http://127.0.0.1:{port}"
    log = folder / "serve.log"
    with running("serve", log, module=module, port=port, **settings) as program:
        served = Served(base, program)
        eventually(lambda: _answers(served), within_s=START_S)
        yield served


def _answers(served: Served) -> bool:
    assert served.program.process.poll() is None, served.program.log
    try:
        return served.get("/health/live").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
