"""Organizations, providers, services, plans and subscriptions."""

from datetime import timedelta
from typing import Final

import numpy as np
import psycopg

from dashboard.demo.platform.copying import Words, copy_rows, texts
from dashboard.demo.platform.geography import CITIES
from dashboard.demo.platform.hashing import Floats, Ints
from dashboard.demo.platform.names import BUSINESS, KINDS, SERVICES, SURNAME_LIKE
from dashboard.demo.platform.rhythm import DAY_S, epoch
from dashboard.demo.platform.tables import Codes, instants
from dashboard.demo.platform.world import World

# code, name, ARS per month, messages, storage in GB, API calls
PLANS: Final = (
    ("free", "Free", 0, 100, 1, 1_000),
    ("starter", "Starter", 24_900, 1_000, 5, 10_000),
    ("pro", "Pro", 69_900, 10_000, 50, 100_000),
    ("enterprise", "Enterprise", 249_900, None, 500, None),
)
_PLAN_SHARE: Final = (0.46, 0.30, 0.19, 0.05)
_MONTH: Final = timedelta(days=30)


def write_supply(connection: psycopg.Connection, world: World, codes: Codes) -> None:
    """Everything that exists independently of visits."""
    providers = world.providers
    joined_s = world.launch_s + providers.joined_day * DAY_S
    names = _names(world)
    _write_organizations(connection, world, joined_s=joined_s, names=names)
    n = world.provider_count
    copy_rows(
        connection,
        "providers",
        {
            "id": np.arange(1, n + 1),
            "organization_id": providers.organization.astype(np.int32),
            "name": texts(names),
            "kind": Words(providers.kind, KINDS),
            "province": codes.province[providers.province],
            "city": Words(providers.city, CITIES),
            "rating": providers.rating,
            "weekly_minutes": providers.weekly_minutes.astype(np.int32),
            "created_at": instants(joined_s),
        },
    )
    listed = [
        SERVICES[KINDS[kind]][service][0]
        for kind, offered in zip(providers.kind, providers.services, strict=True)
        for service in offered
    ]
    copy_rows(
        connection,
        "services",
        {
            "id": np.arange(1, 3 * n + 1),
            "provider_id": np.repeat(np.arange(1, n + 1), 3),
            "name": texts(listed),
            "duration_min": providers.minutes.reshape(-1).astype(np.int32),
            "price_minor": providers.prices_minor.reshape(-1),
        },
    )
    _write_plans(connection)
    _write_subscriptions(connection, world, joined_s=joined_s)


def _names(world: World) -> list[str]:
    rng = np.random.default_rng([world.setting.seed, 4])
    first = rng.integers(0, 5, world.provider_count)
    last = rng.integers(0, len(SURNAME_LIKE), world.provider_count)
    return [
        f"{BUSINESS[KINDS[kind]][f]} {SURNAME_LIKE[s]}"
        for kind, f, s in zip(world.providers.kind, first, last, strict=True)
    ]


def _founded(world: World, joined_s: Floats) -> Floats:
    """An organization joined with its first provider."""
    founded = np.full(world.organization_count + 1, world.launch_s - 30 * DAY_S)
    first = np.full(world.organization_count + 1, np.inf)
    np.minimum.at(first, world.providers.organization, joined_s)
    return np.where(np.isinf(first), founded, first)[1:]


def _write_organizations(
    connection: psycopg.Connection, world: World, *, joined_s: Floats, names: list[str]
) -> None:
    by_tenant = {
        int(o): n for o, n in zip(world.providers.organization[::-1], names[::-1], strict=True)
    }
    numbers = range(1, world.organization_count + 1)
    copy_rows(
        connection,
        "organizations",
        {
            "id": np.arange(1, world.organization_count + 1, dtype=np.int32),
            "name": texts([by_tenant.get(n, f"Grupo {SURNAME_LIKE[n % 26]}") for n in numbers]),
            "slug": texts([f"negocio-{n}" for n in numbers]),
            "created_at": instants(_founded(world, joined_s)),
        },
    )


def _write_plans(connection: psycopg.Connection) -> None:
    giga = 1_000_000_000
    for rank, (code, name, price, messages, storage, calls) in enumerate(PLANS):
        connection.execute(
            "insert into plans (id, code, name, price_minor, rank, stripe_price_id, "
            "included_messages, included_storage_bytes, included_api_calls) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [rank + 1, code, name, price * 100, rank, f"price_{code}_ars", messages,
             storage * giga, calls],
        )  # fmt: skip


def _write_subscriptions(connection: psycopg.Connection, world: World, *, joined_s: Floats) -> None:
    """One subscription for each organization; some upgraded from trial, some left."""
    rng = np.random.default_rng([world.setting.seed, 5])
    n = world.organization_count
    plan = rng.choice(4, n, p=_PLAN_SHARE)
    started = np.maximum(_founded(world, joined_s), world.launch_s - 30 * DAY_S)
    now_s = epoch(world.setting.anchor)
    started = np.minimum(started, now_s - DAY_S)
    age = now_s - started
    month_s = _MONTH.total_seconds()
    status = _statuses(rng, plan=plan, age_days=age / DAY_S)
    left = np.where(status == 3, started + age * rng.random(n), np.nan)
    period = started + np.floor(age / month_s) * month_s
    price = np.array([p[2] for p in PLANS])[plan] * 100
    organization = np.arange(1, n + 1)
    copy_rows(
        connection,
        "subscriptions",
        {
            "id": organization,
            "organization_id": organization.astype(np.int32),
            "plan_id": plan + 1,
            "stripe_subscription_id": texts([f"sub_demo{k:06d}" for k in organization]),
            "stripe_customer_id": texts([f"cus_demo{k:06d}" for k in organization]),
            "status": Words(status, ("active", "trialing", "past_due", "canceled")),
            "amount_minor": price.astype(np.int64),
            "started_at": instants(started),
            "trial_ends_at": instants(np.where(plan > 0, started + 14 * DAY_S, np.nan)),
            "current_period_start": instants(period),
            "current_period_end": instants(period + month_s),
            "canceled_at": instants(left),
            "ended_at": instants(left),
            "updated_at": instants(np.where(np.isnan(left), period, left)),
        },
    )


def _statuses(rng: np.random.Generator, *, plan: Ints, age_days: Floats) -> Ints:
    status = rng.choice(4, len(plan), p=[0.88, 0.0, 0.05, 0.07])
    status = np.where((age_days < 14) & (plan > 0), 1, status)
    return np.where((plan == 0) & (status == 2), 0, status)
