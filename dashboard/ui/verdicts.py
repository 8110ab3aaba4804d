"""The verdict of a page as one sentence and its evidence."""

from typing import Any, Final

from dashboard.ui import links
from dashboard.ui.charts.scene import Json
from dashboard.ui.charts.sheets import name_in_words, spelled
from dashboard.ui.envelope import form_of
from dashboard.ui.material import Material
from dashboard.ui.numbers import Format
from dashboard.ui.spec import Look, VerdictSpec
from dashboard.ui.theme import ICONS, Tone
from dashboard.ui.words import say
from data.answers import Answer
from data.attention import SystemStatus
from data.provider_record import Card
from data.verdict import Problem, Verdict

_SHOWN: Final = 2


def verdict(spec: VerdictSpec, material: Material, look: Look) -> Json:
    """Write the verdict; without an answer it says so and claims nothing."""
    answer, form = material.answer, form_of(look)
    found = answer.value
    if isinstance(found, SystemStatus):
        return aged(_system(spec, found), _stale(answer)) | links.to(spec.leads_to)
    if isinstance(found, Card):
        return aged(_provider(spec, found, form), _stale(answer)) | links.to(spec.leads_to)
    if not isinstance(found, Verdict):
        return {"key": spec.key, "tone": "unknown", "icon": ICONS["unknown"], "head": answer.note}
    said = {
        "key": spec.key,
        "tone": found.level,
        "icon": ICONS[found.level],
        "head": _head(found, form),
        "more": _more(found, form),
    }
    return aged(said, _stale(answer))


def aged(said: Json, stale: str) -> Json:
    """Say why a verdict is old. One that was good is no longer known to be: it loses its green."""
    if stale and said["tone"] == "ok":
        said = {**said, "tone": "unknown", "icon": ICONS["unknown"]}
    return {**said, "stale": stale}


def failed(spec: VerdictSpec, reference: str) -> Json:
    """Say that the verdict met a bug."""
    head = say("failed.hint", reference=reference)
    return {"key": spec.key, "tone": "unknown", "icon": ICONS["unknown"], "head": head}


def _stale(answer: Answer[Any]) -> str:
    return answer.note if answer.state == "stale" else ""


def late(spec: VerdictSpec, drawn: Json | None, source: str) -> Json:
    """Keep a verdict while its source has not answered for long, and say so."""
    words = say("late.title", source=source)
    if drawn is not None:
        return aged(drawn, words)
    return {"key": spec.key, "tone": "unknown", "icon": ICONS["unknown"], "head": words}


def _system(spec: VerdictSpec, found: SystemStatus) -> Json:
    """Write how the system stands: who is down, who is degraded, and the alerts."""
    said = [
        say(f"system.{state}", names=", ".join(map(name_in_words, names)))
        for state, names in (
            ("down", found.down),
            ("degraded", found.degraded),
            ("unknown", found.unknown),
            ("maintenance", found.maintenance),
        )
        if names
    ]
    if found.level == "unknown" and not said:
        said = [say("system.nothing")]
    head, *more = said or [say("system.ok", count=found.operational)]
    more.append(say("system.alerts", critical=found.critical_alerts, warning=found.warning_alerts))
    tone, icon = found.level, ICONS[found.level]
    return {"key": spec.key, "tone": tone, "icon": icon, "head": head, "more": more}


def _provider(spec: VerdictSpec, found: Card, form: Format) -> Json:
    """Write who a provider is, or that nobody has its number."""
    if found.name is None or found.joined_day is None:
        head, more = say("provider.unknown", number=found.provider), [say("provider.unknown.more")]
        tone: Tone = "unknown"
        return {"key": spec.key, "tone": tone, "icon": ICONS[tone], "head": head, "more": more}
    where = "city" if found.city and found.province else "province" if found.province else "nowhere"
    words = {"kind": name_in_words(found.kind), "day": form.day(found.joined_day)}
    more = [say(f"provider.{where}", **words, city=found.city, province=found.province)]
    place, places = form.number(found.place), form.number(found.places)
    is_ranked = found.places > 0
    more += [say("provider.rank", place=place, places=places)] if is_ranked else []
    more += [] if is_ranked else [say("provider.unscored")]
    return {
        "key": spec.key,
        "tone": "info",
        "icon": ICONS["info"],
        "head": found.name,
        "more": more,
    }


def _head(found: Verdict, form: Format) -> str:
    if found.level == "unknown":
        return say("verdict.unknown")
    if not found.problems:
        return say("verdict.ok", checked=found.checked)
    return _problem(found.problems[0], form)


def _more(found: Verdict, form: Format) -> list[str]:
    """Give the further sentences: other problems, signals without data, open alerts."""
    said = [_problem(each, form) for each in found.problems[1:_SHOWN]]
    rest = len(found.problems[_SHOWN:]) + found.more
    said += [_counted("verdict.rest", rest)] if rest else []
    said += [_counted("verdict.blind", len(found.unknown))] if found.unknown else []
    return [*said, _alerts(found.open_alerts)]


def _problem(problem: Problem, form: Format) -> str:
    values: dict[str, Any] = {
        "title": problem.title,
        "series": spelled(problem.series),
        "value": form.value(problem.value, problem.unit),
        "limit": form.limit(problem.threshold, problem.unit),
        "clock": form.time(problem.since),
    }
    scope = "series" if problem.series else "whole"
    age = "longer" if problem.is_longer else "since"
    return say(f"verdict.{scope}.{age}", **values)


def _alerts(count: int | None) -> str:
    if count is None:
        return say("verdict.alerts.unknown")
    if not count:
        return say("verdict.alerts.none")
    return _counted("verdict.alerts", count)


def _counted(name: str, count: int) -> str:
    return say(f"{name}.one" if count == 1 else f"{name}.many", count=count)
