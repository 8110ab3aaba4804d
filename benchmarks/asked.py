"""What the file of a page asks: its questions, its filters, and what it opens with."""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from benchmarks.stage import ROOT
from data.cache import Question
from data.period import Selection


@dataclass(frozen=True, slots=True)
class Opened:
    """One page as its file has it."""

    name: str
    questions: tuple[Question[Any, Any], ...]
    filters: tuple[str, ...]
    opens: Selection


@dataclass(frozen=True, slots=True)
class Variant:
    """A page's questions under one selection, and what is special about it."""

    question: Question[Any, Any]
    selection: Selection
    words: str

    @property
    def name(self) -> str:
        """The question and what it is asked about."""
        return f"{self.question.name.removeprefix('data.')} ({self.words})"


# A wider period than pages open with, and the comparison that they do not open with.
OTHER: Final = {"span": "90d", "compare": "last_week"}


def read(page: str) -> Opened:
    """Read the file of a page in `pages/`."""
    tree = ast.parse((ROOT / "pages" / f"{page}.py").read_text())
    call = next(_calls(tree, "page"))
    words = {keyword.arg: keyword.value for keyword in call.keywords}
    opens = words["default"]
    assert isinstance(opens, ast.Call)
    given = {word.arg: ast.literal_eval(word.value) for word in opens.keywords if word.arg}
    filters = ast.literal_eval(words["filters"])
    return Opened(page, tuple(_questions(tree)), tuple(filters), Selection(**given))


def variants(page: Opened, values: dict[str, Any]) -> Iterator[Variant]:
    """Every question as the page opens, and with each of the page's filters once.

    `values` are what filters by dimension are set to.
    """
    chosen: dict[str, Any] = {**OTHER, **values}
    for question in page.questions:
        yield Variant(question, page.opens, page.opens.span)
        for name in page.filters:
            selection = replace(page.opens, **{name: chosen[name]})
            yield Variant(question, selection, f"{page.opens.span}, {name} {chosen[name]}")


def with_options(page: Opened, options: dict[str, str]) -> Iterator[Variant]:
    """Every question with one choice of the page itself."""
    selection = replace(page.opens, options=(*page.opens.options, *options.items()))
    words = ", ".join(f"{name} {value}" for name, value in options.items())
    for question in page.questions:
        yield Variant(question, selection, f"{page.opens.span}, {words}")


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _questions(tree: ast.Module) -> list[Question[Any, Any]]:
    """Every name or attribute of the file that is a question; each once, by name."""
    names = _imported(tree)
    found: dict[str, Question[Any, Any]] = {}
    for node in ast.walk(tree):
        value: object = None
        if isinstance(node, ast.Name):
            value = names.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            value = getattr(names.get(node.value.id), node.attr, None)
        if isinstance(value, Question):
            found[value.name] = value
    return [found[name] for name in sorted(found)]


def _imported(tree: ast.Module) -> dict[str, object]:
    """What the file imports from `data`, under the names that it uses."""
    found: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "data":
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                value = getattr(module, alias.name, None)
                if value is None:
                    value = importlib.import_module(f"{node.module}.{alias.name}")
                found[alias.asname or alias.name] = value
    return found
