"""Health checks: every component every five minutes, and at each change."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import psycopg

from dashboard.demo.platform.copying import Words, copy_rows
from dashboard.demo.platform.hashing import Floats, Ints
from dashboard.demo.platform.incidents import total
from dashboard.demo.platform.rhythm import DAY_S, epoch
from dashboard.demo.platform.setting import Setting
from dashboard.demo.platform.sheet import wobble
from dashboard.demo.platform.tables import instants

CHECK_EVERY_S: Final = 300
LOOK_EVERY_S: Final = 60  # how soon a change is seen
# name, kind, usual milliseconds
COMPONENTS: Final = (
    ("api", "component", 24), ("web", "component", 31), ("worker", "component", 12),
    ("websocket", "component", 9), ("postgres", "data_store", 3), ("redis", "data_store", 1),
    ("storage", "data_store", 38), ("mercadopago", "third_party", 180),
    ("todopago", "third_party", 240), ("payu", "third_party", 210),
    ("stripe", "third_party", 150), ("whatsapp", "third_party", 130),
    ("sms", "third_party", 260), ("calendars", "third_party", 170), ("afip", "third_party", 620),
)  # fmt: skip
STATUSES: Final = ("operational", "degraded", "down")
MESSAGES: Final = ("", "Slow answers", "Does not answer")
KINDS: Final = ("component", "data_store", "third_party")
_GATEWAYS: Final = ("mercadopago", "todopago", "payu", "stripe")
_FRAGILE: Final = ("whatsapp", "sms", "calendars", "afip")


@dataclass(frozen=True, slots=True)
class Hiccup:
    """A third party that is slow for a while, as third parties are."""

    component: str
    since_s: float
    until_s: float


def hiccups(setting: Setting, *, since_s: float, until_s: float) -> list[Hiccup]:
    """Those that touch a span: about one in two days, and AFIP at the moment of filling."""
    launch = epoch(setting.launch)
    found = [Hiccup("afip", epoch(setting.anchor) - 3_000, epoch(setting.anchor) + 1_500)]
    first, last = int((since_s - launch) // DAY_S) - 1, int((until_s - launch) // DAY_S)
    for day in range(max(first, 0), last + 1):
        rng = np.random.default_rng([setting.seed, 10, day])
        for _ in range(rng.poisson(0.5)):
            begin = launch + day * DAY_S + rng.integers(8 * 60, 23 * 60) * 60.0
            component = str(rng.choice(_FRAGILE, p=[0.3, 0.2, 0.2, 0.3]))
            found.append(Hiccup(component, begin, begin + rng.integers(12, 55) * 60.0))
    return [each for each in found if each.since_s < until_s and each.until_s > since_s]


def status_of(setting: Setting, component: str, at: Floats) -> Ints:
    """Position in STATUSES at each moment."""
    trouble = np.zeros(len(at))
    if component in _GATEWAYS:
        trouble = 2 * total(setting.incidents, "payments", at, target=component)
    elif component == "api":
        trouble = total(setting.incidents, "latency", at)
    elif component == "worker":
        trouble = total(setting.incidents, "queue", at)
    if component in _FRAGILE and len(at):
        for each in hiccups(setting, since_s=float(at[0]), until_s=float(at[-1]) + 1):
            if each.component == component:
                trouble = np.maximum(trouble, (at >= each.since_s) & (at < each.until_s))
    return np.select([trouble > 1.2, trouble > 0.3], [2, 1], 0)


def write_checks(
    connection: psycopg.Connection, setting: Setting, *, since_s: float, until_s: float
) -> None:
    """The checks of (since, until]."""
    for number, (component, kind, usual_ms) in enumerate(COMPONENTS):
        first = np.ceil((since_s + 1e-6) / LOOK_EVERY_S) * LOOK_EVERY_S
        at = np.arange(first - LOOK_EVERY_S, until_s + 1e-6, LOOK_EVERY_S)
        status = status_of(setting, component, at)
        changed = np.concatenate(([False], status[1:] != status[:-1]))
        kept = (changed | (at % CHECK_EVERY_S == 0)) & (at > since_s)
        if not kept.any():
            continue
        at, status = at[kept], status[kept]
        noise = wobble(component, at, seed=setting.seed, amplitude=0.12)
        constant = np.zeros(len(at), dtype=np.int64)
        copy_rows(
            connection,
            "system_health_status",
            {
                "component": Words(constant, (component,)),
                "kind": Words(constant + KINDS.index(kind), KINDS),
                "status": Words(status, STATUSES),
                "latency_ms": np.round(usual_ms * noise * np.array([1, 9, 40])[status], 1),
                "message": Words(np.where(status > 0, status, -1), MESSAGES),
                "checked_at": instants(at + number * 0.25),
            },
        )
