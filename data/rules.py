"""Prometheus alerting rules from the same signals that draw the threshold lines.

One definition, so that the line on a chart and the alert that fires cannot disagree.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from data.signal_definitions import Level, Signal, duration

EVALUATION_S: Final = 60
_LEVELS: Final[tuple[Level, ...]] = ("warning", "critical")
_PRINTED: Final = '{{ $value | printf "%.1f" }}'

Rule = dict[str, str | dict[str, str]]

_HEAD: Final = """\
# Alerting rules of Atalaya's signals, written by "python -m dashboard export-rules".
# Change the signals, not this file.
"""


def export_rules(signals: Mapping[str, Signal]) -> str:
    """Write the rules as YAML that `promtool check rules` accepts.

    One group per signal group, one rule per threshold: labels `severity` and `signal`, and `series`
    where one series has thresholds of its own. A ratio with a minimum of events fires only above
    it. `absent_for` gives a rule that fires when there is no data. Signals that Postgres answers
    have no rule and are named in a comment.
    """
    groups: dict[str, list[Rule]] = {}
    for signal in signals.values():
        if signal.promql:
            groups.setdefault(f"atalaya-{signal.group}", []).extend(_rules(signal))
    lines = [_HEAD.rstrip(), *_left_out(signals.values()), "groups:"]
    for name, rules in groups.items():
        if rules:
            lines += [f"  - name: {name}", "    rules:"]
            lines += [line for rule in rules for line in _yaml(rule)]
    return "\n".join(lines) + "\n"


def _left_out(signals: Iterable[Signal]) -> Iterator[str]:
    names = ", ".join(one.name for one in signals if not one.promql)
    if names:
        yield f"# Asked of Postgres, so without a rule here: {names}."


def _rules(signal: Signal) -> Iterator[Rule]:
    for series, limits in signal.all_thresholds().items():
        for level in _LEVELS:
            limit = limits.critical if level == "critical" else limits.warning
            if limit is not None:
                yield _threshold_rule(signal, series, level, limit)
    if signal.absent_for_s:
        yield _absent_rule(signal, signal.absent_for_s)


def _threshold_rule(signal: Signal, series: str, level: Level, limit: float) -> Rule:
    labels = {"severity": level, "signal": signal.name}
    which = f" of {{{{ $labels.{signal.series_label} }}}}" if signal.series_label else ""
    said = f"{signal.title}{which}: {_PRINTED} {_unit(signal)}".rstrip()
    word = "above" if signal.comparator in {">", ">="} else "below"
    return {
        "alert": _camel(signal.name),
        "expr": _expression(signal, series, limit),
        "for": duration(signal.for_s),
        "labels": labels | ({"series": series} if series else {}),
        "annotations": {
            "summary": said,
            "description": f"{said}, {word} the {level} threshold of "
            f"{limit:g} {_unit(signal)}".rstrip()
            + f" for {duration(signal.for_s)}.",
        },
    }


def _absent_rule(signal: Signal, absent_for_s: int) -> Rule:
    said = f"{signal.title}: no data for {duration(absent_for_s)}"
    return {
        "alert": f"{_camel(signal.name)}Unknown",
        "expr": f"absent({_filled(signal, signal.promql or '')})",
        "for": duration(absent_for_s),
        "labels": {"severity": "warning", "signal": signal.name},
        "annotations": {
            "summary": said,
            "description": f"{said}. Unknown is not healthy: look at the exporter and its scrape.",
        },
    }


def _expression(signal: Signal, series: str, limit: float) -> str:
    found = f"({_filled(signal, signal.promql or '')}) {signal.comparator} {limit:g}"
    label = signal.series_label or ""
    if signal.by_series:
        others = " or ".join(_vector(label, name) for name in signal.by_series)
        same = f"and on ({label}) {_vector(label, series)}"
        found = f"({found}) " + (same if series else f"unless on ({label}) ({others})")
    if signal.events and signal.min_events:
        cases = _filled(signal, signal.events)
        found = f"{found} and on ({label}) ({cases}) >= {signal.min_events}"
    return found


def _vector(label: str, value: str) -> str:
    return f'label_replace(vector(1), "{label}", {json.dumps(value)}, "", "")'


def _filled(signal: Signal, template: str) -> str:
    return signal.query(template, window_s=signal.window_s, step_s=EVALUATION_S)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _unit(signal: Signal) -> str:
    return "" if signal.unit in {"count", "state"} else signal.unit


def _yaml(rule: Rule) -> Iterator[str]:
    """Write one rule; a JSON string is a YAML string, whatever is in it."""
    lead = "      - "
    for key, value in rule.items():
        if isinstance(value, str):
            yield f"{lead}{key}: {json.dumps(value, ensure_ascii=False)}"
        else:
            yield f"{lead}{key}:"
            for name, said in value.items():
                yield f"          {name}: {json.dumps(said, ensure_ascii=False)}"
        lead = "        "
