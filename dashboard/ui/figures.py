"""Key figures and the verdict in the words a person reads: value, change, status, small line."""

from datetime import datetime
from typing import Any, Final

from dashboard.runtime import runtime
from dashboard.ui import links
from dashboard.ui.charts.cases import is_few
from dashboard.ui.charts.scene import Json
from dashboard.ui.charts.tables import spark_points
from dashboard.ui.envelope import compared_words, form_of
from dashboard.ui.material import Material
from dashboard.ui.numbers import UNKNOWN, Format
from dashboard.ui.spec import FigureSpec, Look
from dashboard.ui.theme import ICONS
from dashboard.ui.words import say
from data.answers import KeyFigure

_TIMES: Final = 10.0
"""A rise of more than this many times is told as a factor: per cent would mean nothing."""


def figure(spec: FigureSpec, material: Material, look: Look) -> Json:
    """Write one key figure; an unknown value is a dash, never a zero."""
    answer, form = material.answer, form_of(look)
    found = answer.value if isinstance(answer.value, KeyFigure) else KeyFigure(None)
    number, short, exact = form.headline(found.value, found.unit)
    compare = compared_words(material.filters.selection.compare)
    return {
        "key": spec.key,
        "label": spec.label,
        "number": number,
        "unit": short,
        "exact": exact,
        "spark": spark_points(found.spark),
        "state": answer.state,
        "note": _note(answer.state, answer.note, form, answer.as_of),
        "as_of": round(answer.as_of.timestamp() * 1000),
        **links.to(spec.leads_to),
        **_change(found, spec.good, compare, form),
        **_level(found, spec.signal),
        **_cases(found, form),
    }


def failed(spec: FigureSpec, reference: str) -> Json:
    """Say that a key figure met a bug."""
    hint = say("failed.hint", reference=reference)
    return {"key": spec.key, "label": spec.label, "number": UNKNOWN, "state": "down", "note": hint}


def late(spec: FigureSpec, drawn: Json | None, source: str) -> Json:
    """Keep a key figure while its source has not answered for long, and say so."""
    words = say("late.title", source=source)
    if drawn is not None:
        return {**drawn, "state": "stale", "note": words}
    return {"key": spec.key, "label": spec.label, "number": UNKNOWN, "state": "down", "note": words}


def waiting(spec: FigureSpec) -> Json:
    """Keep a key figure's place until its first answer."""
    return {"key": spec.key, "label": spec.label, "state": "loading", "number": ""}


def change_text(found: KeyFigure, form: Format) -> tuple[str, float]:
    """Write how far a figure moved, with its sign: points for shares, per cent for all else."""
    if found.value is None or found.previous is None:
        return "", 0.0
    if found.unit == "%":
        points = found.value - found.previous
        return f"{_sign(points)}{form.number(abs(points), 2)}\u00a0pp", points
    if not found.previous:
        number, short, _ = form.headline(abs(found.value), found.unit)
        return f"{_sign(found.value)}{number}\u00a0{short}".rstrip("\u00a0"), found.value
    share = (found.value - found.previous) / abs(found.previous)
    if share >= _TIMES and found.previous > 0:
        return f"\u00d7{form.number(found.value / found.previous)}", share
    digits = 0 if abs(share) >= 1 else 1
    return f"{_sign(share)}{form.number(abs(share) * 100, digits)}\u00a0%", share


def _change(found: KeyFigure, good: str, compared: str, form: Format) -> Json:
    if not compared:
        return {"change": "", "arrow": "", "tone": ""}
    if found.value is None or found.previous is None:
        return {
            "change": "",
            "arrow": "",
            "tone": "",
            "against": say("no_comparison", compared=compared),
        }
    text, moved = change_text(found, form)
    if not any(digit in text for digit in "123456789"):
        return {"change": "", "arrow": "=", "tone": "", "against": say("same", compared=compared)}
    rose = moved > 0
    tone = "" if not good else "good" if rose == (good == "up") else "bad"
    word = {"good": "better", "bad": "worse"}.get(tone, "more" if rose else "less")
    short, _, rest = say(word, compared=compared).partition("|")
    arrow = "↑" if rose else "↓"
    return {"change": text, "arrow": arrow, "tone": tone, "than": short, "against": rest}


def _level(found: KeyFigure, signal: str) -> Json:
    """Judge the value by its signal's thresholds; a share of few cases is no judgement."""
    if not signal or found.value is None:
        return {"level": ""}
    definition = runtime().sources.signals.definition(signal)
    cases = float("nan") if found.denominator is None else found.denominator
    level: str = definition.judged(found.value, events=cases) or ""
    words: dict[str, Any] = {"level": level, "word": say(f"level.{level}")}
    return {
        **words,
        "icon": ICONS["critical" if level == "critical" else "warning"] if level else "",
    }


def _cases(found: KeyFigure, form: Format) -> Json:
    if found.numerator is None or found.denominator is None:
        return {"cases": "", "few": False}
    whole = [form.number(round(part)) for part in (found.numerator, found.denominator)]
    few = is_few(found.denominator)
    name = "few" if few else "ratio"
    return {"cases": say(name, numerator=whole[0], denominator=whole[1]), "few": few}


def _note(state: str, note: str, form: Format, as_of: datetime) -> str:
    if state == "stale":
        return say("stale", note=note, clock=form.clock(as_of))
    return note if state == "down" else ""


def _sign(value: float) -> str:
    return "+" if value > 0 else "\u2212" if value < 0 else ""
