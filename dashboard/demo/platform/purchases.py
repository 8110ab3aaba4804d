"""From checkout to money: bookings, payment attempts, and what happens to them afterwards."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard.demo.platform.hashing import Floats, Ints
from dashboard.demo.platform.incidents import total
from dashboard.demo.platform.rhythm import DAY_S, HOUR_S, LOCAL_S
from dashboard.demo.platform.world import World

if TYPE_CHECKING:
    from dashboard.demo.platform.journeys import Visits

GATEWAYS: Final = ("mercadopago", "todopago", "payu", "stripe")
METHODS: Final = ("credit_card", "debit_card", "bank_transfer", "cash", "account_money")
INSTALMENTS: Final = np.array([1, 3, 6, 12])
TECHNICAL: Final = "gateway_timeout"
# What banks and gateways say; technical faults first, the rest are the payer's own.
REASONS: Final = (
    TECHNICAL, "gateway_error", "insufficient_funds", "card_declined", "high_risk",
    "invalid_security_code", "expired_card", "limit_exceeded", "call_for_authorize",
)  # fmt: skip
BOOKING_SPAN: Final = 100_000  # booking numbers per hour, one for each session
PENDING_S: Final = 1_800  # an unpaid booking is let go after half an hour

# Integer arithmetic that Postgres repeats in `settle`: who cancels, when, who does not come.
CANCEL_KEY: Final = 48_271
CANCEL_AT_KEY: Final = 40_503
NO_SHOW_KEY: Final = 86_477
MODULUS: Final = 1_009  # prime, and none of the keys is a multiple of it
CANCEL_BELOW: Final = 75
NO_SHOW_BELOW: Final = 32

_GATEWAY: Final = np.cumsum([0.62, 0.14, 0.15, 0.09])
_METHOD: Final = np.cumsum([0.54, 0.20, 0.07, 0.05, 0.14])
_PLAN: Final = np.cumsum([0.48, 0.27, 0.16, 0.09])
_APPROVED: Final = np.array([0.905, 0.925, 0.955, 0.985, 0.965])
_BY_PLAN: Final = np.array([1.0, 0.985, 0.955, 0.90])
_REASON: Final = np.cumsum([0.03, 0.02, 0.34, 0.25, 0.13, 0.09, 0.06, 0.05, 0.03])
_TRIES: Final = 0.588  # of those at checkout, how many go on to pay
_RETRIES: Final = 0.55
_OUTAGE: Final = 0.93  # share of attempts that an outage of full strength loses


@dataclass(frozen=True, slots=True)
class Purchases:
    """One entry per payment attempt; a booking has one or two. Times are epoch seconds."""

    session: Ints  # position of the session in its hour
    booking: Ints
    payment: Ints
    is_first: NDArray[np.bool_]
    booked_at: Floats
    created_at: Floats
    settled_at: Floats
    approved: NDArray[np.bool_]
    gateway: Ints
    method: Ints
    instalments: Ints
    reason: Ints
    provider: Ints
    service: Ints  # 0, 1 or 2 of the provider's services
    price_minor: Ints
    commission_minor: Ints
    starts_at: Floats
    minutes: Ints
    visitor: Ints
    session_number: Ints
    province: Ints
    device: Ints
    referral: Ints
    tenant: Ints

    @property
    def paid(self) -> NDArray[np.bool_]:
        """Attempts that were approved."""
        return self.approved

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Attempts that were rejected."""
        return ~self.approved


def attempts(
    world: World, rng: np.random.Generator, *, visits: "Visits", checkout_at: Floats, hour: int
) -> Purchases:
    """Payment attempts of an hour's sessions: most pay at once, some after a second try.

    Everything is drawn for every session, wanted or not: trouble that is provoked in the middle of
    an hour then changes what happens from there on, and nothing that was written already.
    """
    n = len(checkout_at)
    tries = (rng.random(n) < _TRIES) & ~np.isnan(checkout_at)
    booked = checkout_at + rng.lognormal(np.log(70), 0.6, n).clip(5, 1200)
    first = _attempt(world, rng, at=booked + 2.0)
    second = _attempt(world, rng, at=first.settled + rng.lognormal(np.log(40), 0.5, n))
    again = tries & ~first.approved & (rng.random(n) < _RETRIES)
    goods = _goods(world, rng, visits=visits, booked_at=booked)
    rows = np.concatenate((np.flatnonzero(tries), np.flatnonzero(again)))
    is_first = np.arange(len(rows)) < tries.sum()
    booking = hour * BOOKING_SPAN + 1 + rows

    def both(name: str) -> NDArray[np.generic]:
        return np.concatenate((getattr(first, name)[tries], getattr(second, name)[again]))

    columns: dict[str, Any] = {name: column[rows] for name, column in goods.items()}
    for name in ("approved", "gateway", "method", "instalments", "reason"):
        columns[name] = both(name)
    return Purchases(
        session=rows,
        booking=booking,
        payment=booking * 2 - is_first,
        is_first=is_first,
        booked_at=booked[rows],
        created_at=both("at").astype(np.float64),
        settled_at=both("settled").astype(np.float64),
        **columns,
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    at: Floats
    settled: Floats
    approved: NDArray[np.bool_]
    gateway: Ints
    method: Ints
    instalments: Ints
    reason: Ints


def _attempt(world: World, rng: np.random.Generator, *, at: Floats) -> _Attempt:
    n = len(at)
    gateway = _choose(_GATEWAY, rng.random(n))
    method = _choose(_METHOD, rng.random(n))
    # Only MercadoPago has an account of its own.
    method = np.where((method == 4) & (gateway != 0), 0, method)
    plan = np.where(method == 0, _choose(_PLAN, rng.random(n)), 0)
    down = _outage(world, gateway, at)
    luck = rng.random(n)
    healthy = _APPROVED[method] * _BY_PLAN[plan]
    approved = luck < healthy * (1 - _OUTAGE * down)
    lost = ~approved & (luck < healthy)
    wait = rng.lognormal(np.log(4), 0.7, n).clip(1, 90) * (1 + 6 * down)
    return _Attempt(
        at=at, settled=at + wait, approved=approved, gateway=gateway, method=method,
        instalments=INSTALMENTS[plan],
        reason=np.where(lost, 0, _choose(_REASON, rng.random(n))),
    )  # fmt: skip


def _choose(edges: Floats, luck: Floats) -> Ints:
    return np.searchsorted(edges, luck, side="right").clip(0, len(edges) - 1)


def _outage(world: World, gateway: Ints, at: Floats) -> Floats:
    down = np.zeros(len(at))
    for number, name in enumerate(GATEWAYS):
        mine = gateway == number
        down[mine] = total(world.setting.incidents, "payments", at[mine], target=name)
    return down


def _goods(
    world: World, rng: np.random.Generator, *, visits: "Visits", booked_at: Floats
) -> dict[str, NDArray[np.generic]]:
    """What each session would buy from whom, at what price, for when."""
    providers = world.providers
    n = len(booked_at)
    provider = visits.provider
    service = _choose(np.cumsum([0.5, 0.3, 0.2]), rng.random(n))
    price = providers.prices_minor[provider, service]
    return {
        "provider": provider,
        "service": service,
        "price_minor": price,
        "commission_minor": np.round(price * providers.take_rate[provider]).astype(np.int64),
        "starts_at": _appointment(rng, booked_at),
        "minutes": providers.minutes[provider, service],
        "visitor": visits.visitor,
        "session_number": visits.number,
        "province": visits.province,
        "device": visits.device,
        "referral": visits.referral,
        "tenant": providers.organization[provider],
    }


def _appointment(rng: np.random.Generator, booked_at: Floats) -> Floats:
    """A half-hour slot between 9:00 and 20:00 local time, mostly within the week."""
    ahead = rng.geometric(0.30, len(booked_at)).clip(1, 21)
    midnight = np.floor((booked_at + LOCAL_S) / DAY_S) * DAY_S - LOCAL_S
    slot = rng.integers(18, 40, len(booked_at)) * (HOUR_S / 2)
    return np.asarray(midnight + ahead * DAY_S + slot)


@dataclass(frozen=True, slots=True)
class Outcome:
    """State of bookings at a moment. NaN: has not happened."""

    confirmed_at: Floats
    cancelled_at: Floats
    completed_at: Floats
    is_no_show: NDArray[np.bool_]


def outcome(
    booking: Ints, *, booked_at: Floats, confirmed_at: Floats, starts_at: Floats, minutes: Ints
) -> Outcome:
    """What becomes of bookings: unpaid ones lapse, some are cancelled, most take place."""
    confirmed_at = np.floor(confirmed_at * 1e6) / 1e6
    unpaid = np.isnan(confirmed_at)
    cancels = ~unpaid & (booking * CANCEL_KEY % MODULUS < CANCEL_BELOW)
    part = (booking * CANCEL_AT_KEY % MODULUS) / MODULUS
    lapsed = np.where(unpaid, booked_at + PENDING_S, np.nan)
    cancelled = np.where(cancels, confirmed_at + (starts_at - confirmed_at) * part, lapsed)
    done = np.where(np.isnan(cancelled), starts_at + minutes * 60.0, np.nan)
    return Outcome(confirmed_at, cancelled, done, booking * NO_SHOW_KEY % MODULUS < NO_SHOW_BELOW)


def is_refunded(booking: Ints) -> NDArray[np.bool_]:
    """Four of five cancelled bookings are paid back; the others broke the terms."""
    return np.asarray(booking % 5 != 0)
