"""What events carry besides their name: a seeded stock of property objects to choose from."""

import json
from dataclasses import dataclass
from typing import Final

import numpy as np

from dashboard.demo.platform.hashing import Floats, Ints
from dashboard.demo.platform.journeys import CONNECTIONS, EVENTS

STOCK: Final = 240  # objects per event name (and connection)
AGENTS: Final = ("reception", "scheduling", "support")
MODELS: Final = ("aurora-small", "aurora-large")
VARIANTS: Final = ("thumbnail", "small", "medium", "large")
DEVICE_CLASSES: Final = ("low", "mid", "high")
_UPLOAD_KBPS: Final = (60, 450, 4_500, 16_000)
_UPLOAD_FAILS: Final = (0.14, 0.05, 0.012, 0.006)

Object = dict[str, object]


@dataclass(frozen=True, slots=True)
class Replies:
    """The stock of AI answers as columns, for agent_metrics."""

    agent: Ints
    model: Ints
    response_ms: Floats
    tokens_in: Ints
    tokens_out: Ints
    failed: Ints


@dataclass(frozen=True, slots=True)
class Stock:
    """All property objects as JSON words, and where those of an event name begin."""

    words: tuple[str, ...]
    begins: dict[str, int]
    replies: Replies

    def codes(self, name: Ints, *, connection: Ints, luck: Ints) -> Ints:
        """The word of each event, -1 for names without properties."""
        codes = np.full(len(name), -1, dtype=np.int64)
        for event, begin in self.begins.items():
            chosen = name == EVENTS.index(event)
            within = luck[chosen] % STOCK
            if event == "image_upload":
                within = within + STOCK * connection[chosen]
            codes[chosen] = begin + within
        return codes


def stock(seed: int) -> Stock:
    """The stock of one seed."""
    rng = np.random.default_rng([seed, 3])
    replies = _replies(rng)
    families: dict[str, list[Object]] = {
        "image_upload": [each for link in range(4) for each in _uploads(rng, link)],
        "agent_reply": _reply_objects(replies),
        "app_performance": _performance(rng),
        "payment_failed": [{"attempt": 1 + n % 2} for n in range(STOCK)],
        "search": [
            {"results": int(n), "sort": ("distance", "rating", "price")[int(n) % 3]}
            for n in rng.integers(0, 60, STOCK)
        ],
    }
    words: list[str] = []
    begins: dict[str, int] = {}
    for event, objects in families.items():
        begins[event] = len(words)
        words += [json.dumps(each, separators=(", ", ": ")) for each in objects]
    return Stock(tuple(words), begins, replies)


def _uploads(rng: np.random.Generator, link: int) -> list[Object]:
    raw = rng.lognormal(np.log(2_600_000), 0.5, STOCK)
    saved = np.clip(rng.normal(68, 9, STOCK), 30, 90)
    took = raw * (1 - saved / 100) * 8 / _UPLOAD_KBPS[link] * rng.lognormal(0, 0.35, STOCK) + 120
    failed = rng.random(STOCK) < _UPLOAD_FAILS[link]
    variant = rng.integers(0, 4, STOCK)
    return [
        {
            "connection": CONNECTIONS[link], "bytes": int(raw[n]), "saved_pct": round(saved[n], 1),
            "duration_ms": int(took[n]), "variant": VARIANTS[variant[n]],
            "status": "failed" if failed[n] else "ok",
        }
        for n in range(STOCK)
    ]  # fmt: skip


def _performance(rng: np.random.Generator) -> list[Object]:
    tier = rng.choice(3, STOCK, p=[0.35, 0.45, 0.20])
    slow = np.array([1.9, 1.0, 0.6])[tier]
    return [
        {
            "device_class": DEVICE_CLASSES[tier[n]],
            "first_paint_ms": int(900 * slow[n] * rng.lognormal(0, 0.3)),
            "interactive_ms": int(2100 * slow[n] * rng.lognormal(0, 0.35)),
        }
        for n in range(STOCK)
    ]


def _replies(rng: np.random.Generator) -> Replies:
    agent = rng.choice(3, STOCK, p=[0.5, 0.3, 0.2])
    model = (agent == 2).astype(np.int64)
    failed = (rng.random(STOCK) < np.array([0.012, 0.02, 0.035])[agent]).astype(np.int64)
    return Replies(
        agent=agent,
        model=model,
        response_ms=np.round(np.array([900, 1300, 2400])[agent] * rng.lognormal(0, 0.45, STOCK)),
        tokens_in=rng.integers(200, 1800, STOCK),
        tokens_out=np.where(failed, 0, rng.integers(40, 500, STOCK)),
        failed=failed,
    )


def _reply_objects(replies: Replies) -> list[Object]:
    return [
        {
            "agent": AGENTS[replies.agent[n]], "response_ms": int(replies.response_ms[n]),
            "tokens_in": int(replies.tokens_in[n]), "tokens_out": int(replies.tokens_out[n]),
            "status": "error" if replies.failed[n] else "ok",
        }
        for n in range(STOCK)
    ]  # fmt: skip
