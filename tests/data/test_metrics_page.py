"""docs/metrics.md defines every figure and every signal, and names tests that exist."""

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import data
from data.cache import QUESTIONS
from data.signal_definitions import load_definitions

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/metrics.md").read_text()


def named() -> set[str]:
    """Names in code marks; ".error_rate" continues the module, "_p95" the signal, named before."""
    found: set[str] = set()
    for cell in re.split(r"[|\n]", PAGE):
        before = ""
        for name in re.findall(r"`([\w.]+)`", cell):
            whole = name
            if name.startswith("."):
                whole = before.rpartition(".")[0] + name
            elif name.startswith("_"):
                whole = re.sub(r"_p50$", "", before) + name
            found.add(whole)
            before = before if name.startswith("_") else whole
    return found


def test_every_question_is_defined() -> None:
    for module in pkgutil.iter_modules(data.__path__, "data."):
        import_module(module.name)
    mine = {name for name in QUESTIONS if name.startswith("data.")}
    assert mine - named() == set()


def test_no_question_is_defined_that_does_not_exist() -> None:
    defined = {name for name in named() if re.fullmatch(r"data\.\w+\.\w+", name)}
    assert defined - set(QUESTIONS) - {"data.signals.toml"} == set()


def test_every_signal_is_defined_with_its_thresholds() -> None:
    rows = {line.split("|")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}
    for name, signal in load_definitions().items():
        assert name in named(), name
        row = next((line for names, line in rows.items() if f"`{name}`" in names), "")
        for limit in (signal.warning, signal.critical):
            if limit is not None and row and signal.unit not in {"s", "state"}:
                assert f"{signal.comparator} {limit:g}" in row, name


def test_the_tests_that_are_named_exist() -> None:
    for name in set(re.findall(r"`(test_\w+\.py)`", PAGE)):
        assert (ROOT / "tests/data" / name).exists(), name
