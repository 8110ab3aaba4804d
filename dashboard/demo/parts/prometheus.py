"""The demo's own Prometheus: loopback only, history from back-filled blocks, then live scraping.

Blocks are only added while it is stopped, from the end of the last block to now. A block that is
newer than what lies in its write-ahead log would make it drop that log, so a clean stop turns the
log into a block first (a snapshot), and after a crash the log's span is back-filled again.
"""

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import requests

from dashboard.demo.parts import binaries
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.ports import LOOPBACK, free_port
from dashboard.demo.parts.process import Child, Command, Guard
from dashboard.demo.refusal import DemoRefused

READY_S: Final = 60
SCRAPE_EVERY: Final = "5s"
RETENTION: Final = "120d"
SNAPSHOT_S: Final = 20
ABSENT: Final = (
    "This system has no prometheus, so signals come from the table production_metrics; "
    "the package prometheus brings it (apt install prometheus)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to scrape, and how its series are named whatever its port is."""

    job: str
    address: str
    path: str
    instance: str


class Prometheus:
    """One server, if the system has the program."""

    def __init__(self, home: Folder, guard: Guard) -> None:
        self._home = home
        self._guard = guard
        self._child: Child | None = None
        self._programs = binaries.prometheus()
        self.port = 0

    @property
    def is_present(self) -> bool:
        """Whether the system has prometheus and promtool."""
        return self._programs is not None

    @property
    def promtool(self) -> Path:
        """The program that makes blocks."""
        return self._present()[1]

    @property
    def pid(self) -> int:
        """Process id; 0 when it is not started."""
        return self._child.pid if self._child else 0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.is_alive

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def data(self) -> Path:
        """Where its blocks are; back-fill here, and only while it is stopped."""
        return self._home.root / "prometheus" / "data"

    def covered_until(self) -> datetime | None:
        """The end of the newest block; None without any."""
        self._finish_replacing()
        ends = [json.loads(each.read_text())["maxTime"] for each in self.data.glob("*/meta.json")]
        return datetime.fromtimestamp(max(ends) / 1000, UTC) if ends else None

    def start(self, targets: Sequence[Target]) -> None:
        """Start it on these targets and wait until it is ready. Raises DemoRefused."""
        program, _ = self._present()
        self._finish_replacing()
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "lock").unlink(missing_ok=True)  # of a crash; the folder is ours alone
        self.port = free_port(self._home.number("prometheus_port"))
        self._home.remember(prometheus_port=self.port)
        settings = self._home.root / "prometheus" / "prometheus.yml"
        # JSON is YAML, and needs no YAML library to be written safely.
        settings.write_text(json.dumps(_settings(targets), indent=1))
        command = Command(
            name="prometheus",
            argv=[
                program,
                f"--config.file={settings}",
                f"--storage.tsdb.path={self.data}",
                f"--storage.tsdb.retention.time={RETENTION}",
                f"--web.listen-address={LOOPBACK}:{self.port}",
                f"--web.external-url={self.url}/",
                "--web.enable-admin-api",  # for the snapshot
                "--log.level=warn",
            ],
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            folder=self._home.root / "prometheus",
        )
        self._child = Child(command, self._home, self._guard)
        self._child.end_leftover()
        self._child.start()
        self._child.wait_until(self._is_ready, within_s=READY_S)

    def stop(self) -> None:
        """End it; what it scraped becomes a block."""
        if self._child is None:
            return
        snapshot = self._snapshot() if self.is_alive else None
        self._child.stop()
        if snapshot is not None and snapshot.is_dir():
            snapshot.rename(self._fresh)
            shutil.rmtree(self.data)
            self._finish_replacing()

    def _present(self) -> tuple[Path, Path]:
        if self._programs is None:
            raise DemoRefused(ABSENT)
        return self._programs

    @property
    def _fresh(self) -> Path:
        return self.data.with_name("data.new")

    def _finish_replacing(self) -> None:
        """Put the snapshot in the data's place, also when an earlier stop was interrupted there."""
        if self._fresh.is_dir():
            shutil.rmtree(self.data, ignore_errors=True)
            self._fresh.rename(self.data)

    def _snapshot(self) -> Path | None:
        address = f"{self.url}/api/v1/admin/tsdb/snapshot"
        with suppress(requests.RequestException, ValueError, KeyError):
            answer = requests.post(address, timeout=SNAPSHOT_S)
            return self.data / "snapshots" / str(answer.json()["data"]["name"])
        return None

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=1).status_code == 200
        except requests.RequestException:
            return False


def _settings(targets: Sequence[Target]) -> dict[str, object]:
    return {
        "global": {"scrape_interval": SCRAPE_EVERY, "scrape_timeout": SCRAPE_EVERY},
        "scrape_configs": [
            {
                "job_name": each.job,
                "metrics_path": each.path,
                "static_configs": [
                    {"targets": [each.address], "labels": {"instance": each.instance}}
                ],
            }
            for each in targets
        ],
    }
