"""Up to when the numbers of a page count, by the watermark of the rollups behind them."""

from typing import Any, Final

from dashboard.ui.charts.scene import Json
from dashboard.ui.envelope import form_of
from dashboard.ui.material import Material
from dashboard.ui.numbers import Format
from dashboard.ui.spec import Look, UntilSpec
from dashboard.ui.theme import ICONS, Tone
from dashboard.ui.words import say
from data.answers import Answer
from data.provider_figures import Scored
from data.rollups import Freshness

BEHIND_S: Final = 60.0
"""A refresh is due every 5 s; after so long without one the page says that it is behind."""

SCORES_BEHIND_S: Final = 900.0
"""Scores are due every 5 minutes, and may take some."""


def until(spec: UntilSpec, material: Material, look: Look) -> Json:
    """Write the line; without an answer it says so and claims nothing."""
    answer, form = material.answer, form_of(look)
    found = answer.value
    if isinstance(found, Scored):
        return _scored(spec, found, answer, form)
    if not isinstance(found, Freshness):
        return _line(spec, "unknown", say("until.unknown", reason=answer.note))
    if found.refreshed_at is None:
        return _line(spec, "warning", say("until.never"))
    clock = form.recent(found.refreshed_at, answer.as_of)
    behind_s = (answer.as_of - found.refreshed_at).total_seconds()
    if behind_s > BEHIND_S or answer.state == "stale":
        return _line(spec, "warning", say("until.behind", clock=clock))
    return _line(spec, "ok", say("until.current", clock=clock))


def _scored(spec: UntilSpec, found: Scored, answer: Answer[Any], form: Format) -> Json:
    """Write the line of what is computed whole every few minutes."""
    if found.scored_at is None:
        return _line(spec, "warning", say("until.scored.never"))
    clock = form.recent(found.scored_at, answer.as_of)
    age_s = (answer.as_of - found.scored_at).total_seconds()
    if age_s > SCORES_BEHIND_S or answer.state == "stale":
        return _line(spec, "warning", say("until.scored.behind", clock=clock))
    return _line(spec, "ok", say("until.scored", clock=clock))


def failed(spec: UntilSpec, reference: str) -> Json:
    """Say that the line met a bug."""
    return _line(spec, "unknown", say("failed.hint", reference=reference))


def late(spec: UntilSpec, drawn: Json | None, source: str) -> Json:
    """Say that nobody knows at the moment; what was said last stays."""
    words = say("late.title", source=source)
    return _line(spec, "unknown", f"{drawn['words']} {words}" if drawn else words)


def _line(spec: UntilSpec, tone: Tone, words: str) -> Json:
    return {"key": spec.key, "until": True, "tone": tone, "icon": ICONS[tone], "words": words}
