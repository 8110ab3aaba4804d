"""The sentences of the interface, whole, so that another language is another table.

Nothing is glued together from pieces: what varies stands in braces.
"""

from typing import Final

_ENGLISH: Final = {
    "stale": "Stale: {note} Last good value from {clock}.",
    "late": "Late: {source} has not answered since {clock}.",
    "down.title": "{note}",
    "down.hint": "Missing since {clock}. It is asked again every 5 s; nothing else is affected.",
    "late.title": "{source} has not answered yet.",
    "late.hint": "Asked at {clock}. The panel fills as soon as the answer comes.",
    "empty.title": "Nothing to show for this period.",
    "empty.hint": "Choose a longer period or fewer filters.",
    "failed.title": "This panel could not be drawn.",
    "failed.hint": "The error is in the log under reference {reference}.",
    "verdict.ok": "All {checked} watched signals are within their thresholds.",
    "verdict.unknown": "No signal answers: nobody knows how the platform stands.",
    "verdict.whole.since": "{title} at {value} against {limit}, since {clock}.",
    "verdict.whole.longer": "{title} at {value} against {limit}, for over six hours.",
    "verdict.series.since": "{title} of {series} at {value} against {limit}, since {clock}.",
    "verdict.series.longer": "{title} of {series} at {value} against {limit}, for over six hours.",
    "verdict.rest.one": "1 more is beyond its threshold.",
    "verdict.rest.many": "{count} more are beyond their thresholds.",
    "verdict.blind.one": "1 signal returns nothing.",
    "verdict.blind.many": "{count} signals return nothing.",
    "verdict.alerts.one": "1 alert is open.",
    "verdict.alerts.many": "{count} alerts are open.",
    "verdict.alerts.unknown": "The alerts cannot be read.",
    "menu.of": "Actions for: {title}",
    "menu.no_export": "CSV and Excel need the role Analyst.",
    "picture.under": "{filters} · {source} · as of ",
    "query.of": "Sent to {source} by {question}.",
    "query.none": "Nothing has been sent yet.",
    "table.cut": "The newest {shown} of {all} rows; the exports hold all of them.",
    "alerts.none": "No open alerts",
    "alerts.warning": "Open alerts: {count}",
    "alerts.critical": "Critical alerts: {count}, others open: {other}",
    "alerts.unknown": "Alerts cannot be read",
    "toast.alert": "New alert: {title}",
    "system.ok": "All {count} components are operational.",
    "system.nothing": "No component has been checked: nobody knows how the platform stands.",
    "system.down": "Down: {names}.",
    "system.degraded": "Degraded: {names}.",
    "system.unknown": "Unknown, not checked lately: {names}.",
    "system.maintenance": "In maintenance: {names}.",
    "system.alerts": "Open alerts: {critical} critical, {warning} warning.",
    "dashed": "dashed: {compared}",
    "same": "same as {compared}",
    "better": "better|than {compared}",
    "worse": "worse|than {compared}",
    "more": "more|than {compared}",
    "less": "less|than {compared}",
    "no_comparison": "no value for {compared}",
    "ratio": "{numerator} of {denominator}",
    "few": "only {denominator} cases",
    "threshold.warning": "warning {value}",
    "threshold.critical": "critical {value}",
    "threshold.target": "target {value}",
    "compare.previous": "the period before",
    "compare.yesterday": "yesterday",
    "compare.last_week": "last week",
    "level.": "",
    "level.warning": "Warning",
    "level.critical": "Critical",
    "level.ok": "OK",
}


def say(name: str, /, **values: object) -> str:
    """Give a sentence with its values filled in."""
    return _ENGLISH[name].format(**values)
