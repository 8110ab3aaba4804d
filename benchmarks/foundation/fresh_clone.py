"""`make demo` as somebody does it who just cloned the repository, and once more."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx

from benchmarks.results import Result
from benchmarks.stage import ROOT
from dashboard.demo.parts.ports import LOOPBACK, free_port

FIRST_S: Final = 240
AGAIN_S: Final = 10
PATIENCE_S: Final = 900
STOPS_WITHIN_S: Final = 60
QUICK_EVENTS: Final = 50_000
POLL_S: Final = 0.05


def measure_alone(*, quick: bool) -> list[Result]:
    """Seconds from `make demo` to the served page: from nothing, and with everything there."""
    folder = Path(tempfile.mkdtemp(prefix="atalaya-bench-"))
    try:
        clone = _clone(folder)
        arguments = [f"PORT={free_port()}", *([f"EVENTS={QUICK_EVENTS}"] if quick else [])]
        context = _context(clone, arguments)
        first, again = (_seconds_to_page(clone, arguments) for _ in range(2))
    finally:
        _remove(folder)
    return [
        Result("make demo from a fresh clone", first, "s", FIRST_S, context=context),
        Result("make demo again", again, "s", AGAIN_S, context=context),
    ]


def _clone(folder: Path) -> Path:
    clone = folder / "atalaya"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, clone], check=True)
    return clone


def _remove(folder: Path) -> None:
    """The clone, and what its demo had to keep elsewhere."""
    clone = folder / "atalaya"
    if clone.exists():
        subprocess.run(["make", "clean-demo"], cwd=clone, env=_environment(folder), check=False)
    shutil.rmtree(folder)


def _context(clone: Path, arguments: list[str]) -> dict[str, object]:
    shown = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=clone, text=True)
    return {
        "commit": shown.strip(),
        "arguments": [each for each in arguments if not each.startswith("PORT=")],
        "downloads": "all packages, pip's cache is not used",
        "cpus": os.cpu_count(),
    }


def _environment(folder: Path) -> dict[str, str]:
    """Ours, without this checkout's virtual environment and demo, and without pip's cache."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
        and not name.startswith("ATALAYA_")
    }
    return {**kept, "PIP_NO_CACHE_DIR": "1", "TMPDIR": str(folder)}


def _seconds_to_page(clone: Path, arguments: list[str]) -> float:
    """Start it, wait for the page, stop it as Ctrl-C does."""
    port = arguments[0].removeprefix("PORT=")
    began = time.monotonic()
    demo = subprocess.Popen(
        ["make", "demo", *arguments],
        cwd=clone,
        env=_environment(clone.parent),
        start_new_session=True,
    )
    try:
        _await_page(demo, f"http://{LOOPBACK}:{port}")
        return time.monotonic() - began
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGINT)
        demo.wait(STOPS_WITHIN_S)


def _await_page(demo: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _is_served(address):
        if demo.poll() is not None:
            raise RuntimeError(f"make demo ended with exit status {demo.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"make demo served no page within {PATIENCE_S} s")
        time.sleep(POLL_S)


def _is_served(address: str) -> bool:
    """Whether the page and its health say that it can be used."""
    try:
        ready = httpx.get(f"{address}/health/live", timeout=2, trust_env=False)
        page = httpx.get(address, timeout=2, trust_env=False)
    except httpx.TransportError:
        return False
    return ready.status_code == page.status_code == httpx.codes.OK
