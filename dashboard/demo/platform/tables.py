"""Slices as rows of the shared tables, as they stand at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from dashboard.demo.platform import names, purchases
from dashboard.demo.platform.copying import Column, Nullable, Words, texts
from dashboard.demo.platform.crowd import DEVICES
from dashboard.demo.platform.geography import CITIES, PROVINCES
from dashboard.demo.platform.hashing import Floats, mix
from dashboard.demo.platform.journeys import CONNECTIONS, EVENTS, REFERRALS, Part, Slice, event_ids
from dashboard.demo.platform.properties import AGENTS, MODELS, STOCK, Stock
from dashboard.demo.platform.purchases import Purchases

Table = dict[str, Column]
STATUS: Final = ("pending", "confirmed", "completed", "cancelled", "no_show")
PAYMENT_STATUS: Final = ("pending", "approved", "rejected", "refunded", "charged_back")
CHARGEBACK_AFTER_S: Final = 12 * 86_400


@dataclass(frozen=True, slots=True)
class Codes:
    """Our positions -> the database's codes."""

    province: NDArray[np.int16]
    device: NDArray[np.int16]
    referral: NDArray[np.int16]
    event: NDArray[np.int16]


def read_codes(connection: psycopg.Connection) -> Codes:
    """The dimension tables; event names that they lack are added, as a producer would."""
    for name in EVENTS:
        connection.execute(
            "insert into event_names (id, name) select max(id) + 1, %(name)s from event_names "
            "having not exists (select from event_names where name = %(name)s)",
            {"name": name},
        )

    def listed(query: str, words: Sequence[str]) -> NDArray[np.int16]:
        found: dict[str, int] = dict(connection.execute(query).fetchall())
        return np.array([found[word] for word in words], dtype=np.int16)

    return Codes(
        province=listed("select iso, id from provinces", [p.iso for p in PROVINCES]),
        device=listed("select code, id from devices", DEVICES),
        referral=listed("select code, id from referrals", REFERRALS),
        event=listed("select name, id from event_names", EVENTS),
    )


def instants(epoch_s: Floats) -> NDArray[np.datetime64]:
    """Epoch seconds as timestamps; NaN is null."""
    known = ~np.isnan(epoch_s)
    micros = np.where(known, epoch_s * 1e6, 0).astype(np.int64)
    return np.where(known, micros.astype("datetime64[us]"), np.datetime64("NaT"))


def joined(slices: Sequence[Slice]) -> Slice:
    """Several hours as one, rows of events pointing into the joined sessions."""

    def parts(name: str) -> Part:
        each: list[Part] = [getattr(one, name) for one in slices]
        return {key: np.concatenate([part[key] for part in each]) for key in each[0]}

    offsets = np.cumsum([0, *(len(one.sessions["at"]) for one in slices[:-1])])
    events = parts("events")
    sizes = [len(one.events["at"]) for one in slices]
    events["row"] = events["row"] + np.repeat(offsets, sizes)
    bought = {
        field.name: np.concatenate([getattr(one.purchases, field.name) for one in slices])
        for field in fields(Purchases)
    }
    return Slice(parts("users"), parts("sessions"), events, Purchases(**bought))


def users(part: Part, codes: Codes, *, seed: int) -> Table:
    """Accounts, with invented personal data that follows from the number."""
    number = part["id"].astype(np.int64)
    luck = mix(number, salt=seed * 8 + 7).astype(np.int64) & 0x7FFF_FFFF
    first = [names.FIRST[n] for n in luck % len(names.FIRST)]
    last = [names.LAST[n] for n in luck // 64 % len(names.LAST)]
    whole = list(zip(number.tolist(), first, last, luck.tolist(), strict=True))
    return {
        "id": number,
        "email": texts([f"persona{n}@correo.example" for n, *_ in whole]),
        "name": texts([f"{f} {s}" for _, f, s, _ in whole]),
        "phone": texts([f"+54 9 11 {k // 9973 % 10000:04d} {k % 10000:04d}" for *_, k in whole]),
        "dni": texts([str(20_000_000 + k % 26_000_000) for *_, k in whole]),
        "province": codes.province[part["province"].astype(np.int64)],
        "created_at": instants(part["at"].astype(np.float64)),
    }


def sessions(part: Part, last_seen: Floats, codes: Codes) -> Table:
    """Visits with the moment of their latest event."""
    visitor = part["visitor"].astype(np.int64)
    return {
        "visitor_id": visitor,
        "session_id": part["session"],
        "started_at": instants(part["at"].astype(np.float64)),
        "last_seen_at": instants(last_seen),
        "user_id": Nullable(visitor, part["registered"].astype(np.bool_)),
        **_dimensions(part, codes),
        "city": Words(part["city"].astype(np.int64), CITIES),
        "connection": Words(part["connection"].astype(np.int64), CONNECTIONS),
    }


def _dimensions(part: Part, codes: Codes) -> Table:
    return {
        "device": codes.device[part["device"].astype(np.int64)],
        "province": codes.province[part["province"].astype(np.int64)],
        "referral": codes.referral[part["referral"].astype(np.int64)],
        "tenant": part["tenant"].astype(np.int32),
    }


def events(piece: Slice, codes: Codes, stock: Stock, *, seed: int) -> tuple[Table, Table]:
    """Events without properties and those with: the first copy is a fast path."""
    part = piece.events
    row = part["row"].astype(np.int64)
    whose = {key: column[row] for key, column in piece.sessions.items()}
    name = part["name"].astype(np.int64)
    words = stock.codes(
        name, connection=whose["connection"].astype(np.int64), luck=part["luck"].astype(np.int64)
    )
    table: Table = {
        "occurred_at": instants(part["at"].astype(np.float64)),
        "visitor_id": whose["visitor"],
        "session_id": whose["session"],
        "event_id": event_ids(part["number"].astype(np.int64), seed=seed),
        "name": codes.event[name],
        **_dimensions(whose, codes),
    }
    plain = words < 0
    rich: Table = {key: column[~plain] for key, column in table.items()}
    rich["properties"] = Words(words[~plain], stock.words, json=True)
    return {key: column[plain] for key, column in table.items()}, rich


def bookings(bought: Purchases, codes: Codes, *, now_s: float) -> Table:
    """Bookings in the state that they have at `now_s`."""
    one = bought.is_first
    paid_at = confirmations(bought)[one]
    result = purchases.outcome(
        bought.booking[one],
        booked_at=bought.booked_at[one],
        confirmed_at=paid_at,
        starts_at=bought.starts_at[one],
        minutes=bought.minutes[one],
    )
    done = result.completed_at <= now_s
    status = np.select(
        [done & result.is_no_show, done, result.cancelled_at <= now_s, paid_at <= now_s],
        [4, 2, 3, 1], 0,
    )  # fmt: skip
    return {
        "id": bought.booking[one],
        "visitor_id": bought.visitor[one],
        "session_id": bought.session_number[one],
        "user_id": bought.visitor[one],
        "provider_id": bought.provider[one] + 1,
        "service_id": bought.provider[one] * 3 + bought.service[one] + 1,
        "tenant": bought.tenant[one].astype(np.int32),
        "province": codes.province[bought.province[one]],
        "device": codes.device[bought.device[one]],
        "referral": codes.referral[bought.referral[one]],
        "status": Words(status, STATUS),
        "created_at": instants(bought.booked_at[one]),
        "starts_at": instants(bought.starts_at[one]),
        "confirmed_at": instants(past(paid_at, now_s)),
        "cancelled_at": instants(past(result.cancelled_at, now_s)),
        "price_minor": bought.price_minor[one],
    }


def past(at: Floats, now_s: float) -> Floats:
    """Moments that have come; NaN for the others."""
    return np.where(at <= now_s, at, np.nan)


def confirmations(bought: Purchases) -> Floats:
    """For each attempt, when its booking was paid; NaN when it never is."""
    order = np.argsort(bought.booking, kind="stable")
    booking, begins = np.unique(bought.booking[order], return_index=True)
    settled = np.where(bought.approved, bought.settled_at, np.inf)[order]
    best = np.minimum.reduceat(settled, begins) if len(begins) else settled
    paid = best[np.searchsorted(booking, bought.booking)]
    return np.where(np.isinf(paid), np.nan, paid)


def payments(bought: Purchases, codes: Codes, *, now_s: float) -> Table:
    """Payment attempts in the state that they have at `now_s`."""
    result = purchases.outcome(
        bought.booking,
        booked_at=bought.booked_at,
        confirmed_at=np.where(bought.approved, bought.settled_at, np.nan),
        starts_at=bought.starts_at,
        minutes=bought.minutes,
    )
    settled = bought.settled_at <= now_s
    back = bought.approved & purchases.is_refunded(bought.booking) & (result.cancelled_at <= now_s)
    disputed_at = result.completed_at + CHARGEBACK_AFTER_S
    disputed = bought.approved & (bought.booking % 367 == 0) & (disputed_at <= now_s)
    status = np.select([~settled, disputed, back, bought.approved], [0, 4, 3, 1], 2)
    refunded = np.where(back, result.cancelled_at, np.where(disputed, disputed_at, np.nan))
    rejected = settled & ~bought.approved
    return {
        "created_at": instants(bought.created_at),
        "visitor_id": bought.visitor,
        "payment_id": bought.payment,
        "version": (1 + settled + back + disputed).astype(np.int32),
        "booking_id": bought.booking,
        "provider_id": bought.provider + 1,
        "tenant": bought.tenant.astype(np.int32),
        "province": codes.province[bought.province],
        "device": codes.device[bought.device],
        "referral": codes.referral[bought.referral],
        "gateway": Words(bought.gateway, purchases.GATEWAYS),
        "method": Words(bought.method, purchases.METHODS),
        "instalments": bought.instalments.astype(np.int16),
        "status": Words(status, PAYMENT_STATUS),
        "failure_reason": Words(np.where(rejected, bought.reason, -1), purchases.REASONS),
        "amount_minor": bought.price_minor,
        "commission_minor": bought.commission_minor,
        "approved_at": instants(np.where(bought.approved & settled, bought.settled_at, np.nan)),
        "refunded_at": instants(refunded),
        "refunded_minor": np.where(back | disputed, bought.price_minor, 0),
    }


def agent_metrics(piece: Slice, stock: Stock) -> Table:
    """One row per answer of an AI agent; the figures are those of the event's properties."""
    part = piece.events
    answered = part["name"] == EVENTS.index("agent_reply")
    kind = part["luck"].astype(np.int64)[answered] % STOCK
    replies = stock.replies
    row = part["row"].astype(np.int64)[answered]
    return {
        "occurred_at": instants(part["at"].astype(np.float64)[answered]),
        "agent": Words(replies.agent[kind], AGENTS),
        "model": Words(replies.model[kind], MODELS),
        "tenant": piece.sessions["tenant"][row].astype(np.int32),
        "response_ms": replies.response_ms[kind],
        "tokens_in": replies.tokens_in[kind],
        "tokens_out": replies.tokens_out[kind],
        "status": Words(replies.failed[kind], ("ok", "error")),
        "error_kind": Words(np.where(replies.failed[kind] == 1, 0, -1), ("model_timeout",)),
    }
