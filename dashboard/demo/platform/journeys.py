"""Sessions of one hour: who arrives when, how far they get, and every event on the way.

An hour is drawn from its own generator (seed, hour), so any hour can be drawn again, alone. History
writes all hours up to now; the live feed draws the current ones and plays them in real time.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dashboard.demo.platform.geography import PROVINCES, SIESTA
from dashboard.demo.platform.hashing import Floats, Ints, mix, uniform
from dashboard.demo.platform.incidents import SLOW_ROUTE, total
from dashboard.demo.platform.purchases import Purchases, attempts
from dashboard.demo.platform.rhythm import HOUR_S, daily
from dashboard.demo.platform.world import World

Part: TypeAlias = dict[str, NDArray[np.generic]]

REFERRALS: Final = ("direct", "whatsapp", "instagram", "google", "other")
CONNECTIONS: Final = ("2g", "3g", "4g", "wifi")
EVENTS: Final = (
    "visit", "search", "provider_selected", "checkout", "booking_paid", "signup", "payment_failed",
    "page_view", "message_sent", "image_upload", "agent_reply", "app_performance", "favorite_added",
)  # fmt: skip
VISIT, SEARCH, SELECTED, CHECKOUT, PAID, SIGNUP, FAILED, VIEW = range(8)
SESSION_SPAN: Final = 1_000_000  # session numbers per hour
SLOTS: Final = 64  # event numbers per session
_FIRST_EXTRA: Final = 8

_REFERRAL_NEW: Final = np.cumsum([0.10, 0.36, 0.30, 0.20, 0.04])
_REFERRAL_BACK: Final = np.cumsum([0.34, 0.30, 0.14, 0.18, 0.04])
_REFERRAL_VIRAL: Final = np.cumsum([0.04, 0.62, 0.30, 0.03, 0.01])
_CONNECTION: Final = np.cumsum([0.03, 0.11, 0.52, 0.34])
_BY_REFERRAL: Final = np.array([1.08, 1.10, 0.90, 0.98, 0.82])
_BY_DEVICE: Final = np.array([1.0, 1.04, 0.94])
_BY_PROVINCE: Final = np.array([0.74 if p.supply < 0.4 else 1.0 for p in PROVINCES])
# To search, to provider, to checkout (of the registered).
# Who searches, selects a provider, and (of those with an account) goes to the checkout.
_STEP: Final = (0.597, 0.528, 0.648)
_EXTRA_SHARE: Final = np.cumsum([0.57, 0.10, 0.10, 0.09, 0.06, 0.05, 0.03])
_EXTRA_KIND: Final = np.array([VIEW, SEARCH, 8, 9, 10, 11, 12])


@dataclass(frozen=True, slots=True)
class Slice:
    """All rows that begin in one hour, in epoch seconds and positions of this package's lists."""

    users: Part
    sessions: Part
    events: Part
    purchases: Purchases


@dataclass(frozen=True, slots=True)
class Visits:
    """Columns about the sessions of an hour."""

    visitor: Ints
    at: Floats
    is_new: NDArray[np.bool_]
    province: Ints
    device: Ints
    referral: Ints
    registered: NDArray[np.bool_]
    provider: Ints
    number: Ints
    brought: NDArray[np.bool_]


def hour_slice(world: World, hour: int) -> Slice:
    """Everything that begins in one hour since launch."""
    rng = np.random.default_rng([world.setting.seed, 2, hour])
    visits = _visits(world, rng, hour=hour)
    steps = _steps(world, rng, visits)
    purchases = attempts(world, rng, visits=visits, checkout_at=steps[3], hour=hour)
    events = _events(world, rng, visits=visits, steps=steps, purchases=purchases)
    return Slice(
        users=_users(visits),
        sessions=_sessions(world, rng, visits),
        events=events,
        purchases=purchases,
    )


def _visits(world: World, rng: np.random.Generator, *, hour: int) -> Visits:
    crowd = world.crowd
    newcomers = np.arange(crowd.first[hour], crowd.first[hour + 1])
    visitor = np.concatenate((newcomers, crowd.returning(rng, hour=hour)))
    n = len(visitor)
    is_new = np.arange(n) < len(newcomers)
    province = crowd.province_of(visitor)
    at = _arrivals(rng, start_s=float(crowd.hour_at[hour]) - HOUR_S / 2, siesta=SIESTA[province])
    viral = total(world.setting.incidents, "viral", at) * is_new
    # Of the newcomers in a viral hour, those that the code brought; a trickle uses it at any time.
    brought = is_new & (rng.random(n) < 0.004 + 0.46 * viral)
    luck = rng.random(n)
    referral = np.where(is_new, _choose(_REFERRAL_NEW, luck), _choose(_REFERRAL_BACK, luck))
    return Visits(
        visitor=visitor,
        at=at,
        is_new=is_new,
        province=province,
        device=crowd.device_of(visitor),
        referral=np.where(brought, _choose(_REFERRAL_VIRAL, luck), referral),
        registered=crowd.is_registered(visitor),
        provider=world.choose_provider(province, rng.random(n), day=hour / 24),
        number=hour * SESSION_SPAN + 1 + np.arange(n),
        brought=brought,
    )


def _choose(edges: Floats, luck: Floats) -> Ints:
    return np.searchsorted(edges, luck, side="right").clip(0, len(edges) - 1)


def _arrivals(rng: np.random.Generator, *, start_s: float, siesta: NDArray[np.bool_]) -> Floats:
    """Moments within the hour, denser where the rhythm of the region is higher."""
    grid = (start_s + np.arange(61) * 60.0).astype(np.float64)
    luck = rng.random(len(siesta))
    at = np.empty(len(siesta))
    for asleep in (False, True):
        rising = np.cumsum(daily(grid[:-1] + 30, siesta=asleep))
        running = np.concatenate((np.zeros(1), rising))
        chosen = siesta == asleep
        at[chosen] = np.interp(luck[chosen] * running[-1], running, grid)
    return at


def _steps(
    world: World, rng: np.random.Generator, visits: Visits
) -> tuple[Floats, Floats, Floats, Floats]:
    """Moments of visit, search, provider and checkout; NaN where a session did not get there."""
    n = len(visits.at)
    taste = _BY_REFERRAL[visits.referral] * _BY_DEVICE[visits.device]
    slow = total(world.setting.incidents, "latency", visits.at, target=SLOW_ROUTE)
    chance = (
        _STEP[0] * taste,
        _STEP[1] * _BY_PROVINCE[visits.province] * (1 - 0.35 * slow),
        _STEP[2] * visits.registered,
    )
    medians = (22.0, 75.0, 110.0)
    spread = (0.8, 0.9, 0.8)
    moments = [visits.at]
    for odds, median, sigma in zip(chance, medians, spread, strict=True):
        wait = rng.lognormal(np.log(median), sigma, n).clip(1, 1500)
        goes_on = rng.random(n) < odds
        moments.append(np.where(goes_on, moments[-1] + wait, np.nan))
    return moments[0], moments[1], moments[2], moments[3]


def _users(visits: Visits) -> Part:
    keep = visits.is_new & visits.registered
    return {
        "id": visits.visitor[keep],
        "province": visits.province[keep],
        "at": visits.at[keep],
        "brought": visits.brought[keep],
    }


def _sessions(world: World, rng: np.random.Generator, visits: Visits) -> Part:
    return {
        "visitor": visits.visitor,
        "session": visits.number,
        "at": visits.at,
        "registered": visits.registered,
        "device": visits.device,
        "province": visits.province,
        "referral": visits.referral,
        "tenant": world.providers.organization[visits.provider],
        "city": world.crowd.city_of(visits.visitor, visits.province),
        "connection": _choose(_CONNECTION, rng.random(len(visits.at))),
    }


def _events(
    world: World,
    rng: np.random.Generator,
    *,
    visits: Visits,
    steps: tuple[Floats, Floats, Floats, Floats],
    purchases: Purchases,
) -> Part:
    """Funnel steps, sign-ups, payment results and everything that people do in between."""
    everyone = np.arange(len(visits.at))
    paid, failed = purchases.paid, purchases.failed
    rejected = purchases.session[failed]
    joined = everyone[visits.is_new & visits.registered]
    # Session, moment, name and slot: the slot numbers an event within its session, for good.
    pieces: list[tuple[Ints, Floats, int, Ints | int]] = [
        (everyone[~np.isnan(at)], at[~np.isnan(at)], step, step) for step, at in enumerate(steps)
    ]
    pieces += [
        (purchases.session[paid], purchases.settled_at[paid], PAID, PAID),
        (rejected, purchases.settled_at[failed], FAILED, FAILED + purchases.is_first[failed]),
        (joined, visits.at[joined] + 9.0, SIGNUP, SIGNUP),
    ]
    who = np.concatenate([piece[0] for piece in pieces])
    at = np.concatenate([piece[1] for piece in pieces])
    name = np.concatenate([np.full(len(piece[0]), piece[2]) for piece in pieces])
    slot = np.concatenate([np.broadcast_to(piece[3], len(piece[0])) for piece in pieces])
    end = visits.at + 45.0
    np.maximum.at(end, who, at + 15.0)
    more = _extras(rng, visits=visits, end=end, steps=steps, seed=world.setting.seed)
    who, at, name, slot = (
        np.concatenate(pair) for pair in zip((who, at, name, slot), more, strict=True)
    )
    order = np.argsort(at, kind="stable")
    number = visits.number[who[order]] * SLOTS + slot[order]
    luck = mix(number, salt=world.setting.seed * 8).astype(np.int64) & 0x7FFF_FFFF
    return {"row": who[order], "at": at[order], "name": name[order], "number": number, "luck": luck}


def _extras(
    rng: np.random.Generator,
    *,
    visits: Visits,
    end: Floats,
    steps: tuple[Floats, Floats, Floats, Floats],
    seed: int,
) -> tuple[Ints, Floats, Ints, Ints]:
    """Page views, repeated searches, messages, uploads ...: more of them in deeper sessions."""
    depth = sum((~np.isnan(at)).astype(np.int64) for at in steps)
    number = (rng.exponential(1.0, len(end)) * (1.45 + 0.86 * depth)).astype(np.int64)
    number = number.clip(0, SLOTS - _FIRST_EXTRA)
    who = np.repeat(np.arange(len(end)), number)
    begins = np.cumsum(number) - number
    slot = _FIRST_EXTRA + np.arange(len(who)) - begins[who]
    key = visits.number[who] * SLOTS + slot
    at = visits.at[who] + uniform(key, salt=seed * 8 + 1) * (end - visits.at)[who]
    name = _EXTRA_KIND[_choose(_EXTRA_SHARE, uniform(key, salt=seed * 8 + 2))]
    # A repeated search comes after the first one; whoever never searched looks at a page instead.
    early = (name == SEARCH) & ~(at > steps[1][who])
    return who, at, np.where(early, VIEW, name), slot


def event_ids(number: Ints, *, seed: int) -> NDArray[np.void]:
    """UUIDs (version 4 in form) that follow from the event's number: a resend repeats them."""
    words = np.stack((mix(number, salt=seed * 8 + 5), mix(number, salt=seed * 8 + 6)), axis=1)
    raw = words.astype(">u8").view(np.uint8).reshape(len(number), 16)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    return np.ascontiguousarray(raw).view("V16").reshape(-1)
