"""What travels to the browser for one panel: its picture, its state, and how fresh it is."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import orjson

from dashboard.runtime import runtime
from dashboard.ui import links
from dashboard.ui.charts.scene import Json, Mark, Picture, Scene, Threshold
from dashboard.ui.charts.sheets import as_frame
from dashboard.ui.material import Material
from dashboard.ui.numbers import Format, viewer_format
from dashboard.ui.spec import Look, PanelSpec
from dashboard.ui.theme import THEMES
from dashboard.ui.words import say
from data.answers import Answer
from data.period import Selection
from data.revenue import chosen_currency

_TONES: Final[tuple[Literal["warning", "critical"], ...]] = ("warning", "critical")
_OPTIONS: Final = orjson.OPT_SERIALIZE_NUMPY


def encode(envelope: Json) -> bytes:
    """Give the bytes of an envelope; the same envelope gives the same bytes."""
    return orjson.dumps(envelope, option=_OPTIONS)


def panel(spec: PanelSpec, material: Material, look: Look) -> Json:
    """Draw a panel from its material, whatever state its answer is in."""
    answer = material.answer
    form = form_of(look)
    envelope = {**_footer(answer, form), "key": spec.key, "height": spec.draw.height}
    envelope |= links.to(spec.leads_to)
    if answer.state == "down":
        since = form.clock(answer.since or answer.as_of)
        return {**envelope, **_words("down", note=answer.note, clock=since)}
    scene = scene_of(spec, material, look)
    picture = spec.draw.picture(answer.value, scene)
    if picture.is_empty:
        return {**envelope, **_emptiness(spec), **_stale_note(answer, form)}
    return {**envelope, **_drawn(picture, spec), **_against(picture, scene), **_badge(answer, form)}


def failed(spec_key: str, reference: str) -> Json:
    """Say that a panel met a bug, and under which reference it is logged."""
    return {"key": spec_key, "alt": "", **_words("failed", reference=reference)}


def late(envelope: Json | None, source: str, since: datetime, look: Look) -> Json:
    """Say that the source has not answered for long; what was drawn before stays."""
    clock = form_of(look).clock(since)
    if envelope is None or envelope["state"] not in {"ok", "stale"}:
        return {"source": source, **_words("late", source=source, clock=clock), "state": "down"}
    return {**envelope, "state": "stale", "badge": say("late", source=source, clock=clock)}


def form_of(look: Look) -> Format:
    """Give the numbers and dates of a look, in the business time zone."""
    return viewer_format(look.locale, runtime().zone)


def scene_of(spec: PanelSpec, material: Material, look: Look) -> Scene:
    """Put together how a panel is to be drawn."""
    filters, form = material.filters, form_of(look)
    back = filters.comparison
    compare = filters.selection.compare
    return Scene(
        theme=THEMES.get(look.theme, THEMES["light"]),
        format=form,
        unit=f"{chosen_currency(filters)} minor" if spec.is_money else unit_of(spec.signal),
        thresholds=thresholds_of(spec.signal, form),
        marks=tuple(_marks(material.marks)),
        previous=material.before.value if material.before else None,
        shift=filters.period.since - back.since if back else timedelta(),
        compared=compared_words(compare),
        now=filters.now,
        revision=revision(filters.selection),
        region=filters.selection.region or "",
    )


def unit_of(signal: str) -> str:
    """Give the unit of a signal; none without a signal."""
    return runtime().sources.signals.definition(signal).unit if signal else ""


def thresholds_of(signal: str, form: Format) -> tuple[Threshold, ...]:
    """Give the lines that a signal should not cross, in words of the viewer's locale."""
    if not signal:
        return ()
    found = runtime().sources.signals.definition(signal)
    limits = {"warning": found.warning, "critical": found.critical}
    return tuple(
        Threshold(limit, tone, say(f"threshold.{tone}", value=form.limit(limit, found.unit)))
        for tone in _TONES
        if (limit := limits[tone]) is not None
    )


def compared_words(compare: str) -> str:
    """Name the comparison period; nothing when there is none."""
    return "" if compare == "none" else say(f"compare.{compare}")


def revision(selection: Selection) -> str:
    """Identify a selection: while it stays the same, a viewer's zoom stays."""
    return "|".join(str(each or "") for each in asdict(selection).values())


def _drawn(picture: Picture, spec: PanelSpec) -> Json:
    return {**picture.content, "state": "ok", "alt": f"{spec.title} {picture.alt}"}


def _against(picture: Picture, scene: Scene) -> Json:
    """Name what is drawn dashed, if anything is."""
    drawn = picture.content.get("compared", False)
    return {"dashed": say("dashed", compared=scene.compared)} if drawn else {}


def _emptiness(spec: PanelSpec) -> Json:
    """Say why there is nothing: in the page's own words, or that nobody measured it."""
    words = _words("empty")
    if spec.hint:
        return {**words, "title": spec.hint, "hint": ""}
    if not spec.signal:
        return words
    name = runtime().sources.signals.definition(spec.signal).title
    return {**words, "hint": say("empty.unmeasured", signal=name)}


def _footer(answer: Answer[Any], form: Format) -> Json:
    return {
        "source": answer.source,
        "as_of": round(answer.as_of.timestamp() * 1000),
        "clock": form.clock(answer.as_of),
        "alt": "",
    }


def _badge(answer: Answer[Any], form: Format) -> Json:
    if answer.state != "stale":
        return {}
    clock = form.clock(answer.as_of)
    return {"state": "stale", "badge": say("stale", note=answer.note, clock=clock)}


def _stale_note(answer: Answer[Any], form: Format) -> Json:
    """Say that emptiness is stale, without taking the empty state away."""
    badge = _badge(answer, form)
    return {"badge": badge["badge"]} if badge else {}


def _words(state: str, **values: object) -> Json:
    return {
        "state": state,
        "title": say(f"{state}.title", **values),
        "hint": say(f"{state}.hint", **values),
    }


def _marks(answer: Answer[Any] | None) -> Iterable[Mark]:
    """Read marks from records or rows with `at`, `kind` and `label`."""
    if answer is None or answer.value is None:
        return
    for row in as_frame(answer.value).to_dict("records"):
        yield Mark(row["at"], str(row["kind"]), str(row["label"]))
