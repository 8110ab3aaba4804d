"""The team that runs the platform, the beta, retention, keys, and what members were told."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import psycopg

from dashboard.demo.platform.copying import Column, Words, copy_rows
from dashboard.demo.platform.hashing import Ints
from dashboard.demo.platform.incidents import VIRAL_CODE
from dashboard.demo.platform.rhythm import DAY_S, epoch
from dashboard.demo.platform.setting import Setting

# address, name, role, signs in with a second factor
MEMBERS: Final = (
    ("owner@atalaya.example", "Olivia Ferreyra", "owner", True),
    ("admin@atalaya.example", "Adrián Molina", "admin", True),
    ("oncall@atalaya.example", "Camila Rojas", "on_call", True),
    ("analyst@atalaya.example", "Bruno Acosta", "analyst", False),
    ("viewer@atalaya.example", "Malena Suárez", "viewer", False),
)
# code, level, limit, days since launch that it was made, note
CODES: Final[Sequence[tuple[str, str, int | None, int, str]]] = (
    ("COSNAPBETA2025", "BASIC", 100, -5, "First hundred clients"),
    ("PREMIUM_BETA_2025", "PREMIUM", 50, -5, "Invited businesses"),
    ("DEV_ACCESS_2025", "DEVELOPER", 10, -5, "Partners who build on the API"),
    (VIRAL_CODE, "BASIC", None, 60, "Shared by a stylist with two hundred thousand followers"),
)
VIRAL_NUMBER: Final = 4
# key, name, description, lowest level, rollout
FLAGS: Final = (
    ("instant_booking", "Instant booking", "Confirms without asking the provider", "BASIC", 100),
    ("loyalty_points", "Loyalty points", "Points for each appointment kept", "BASIC", 60),
    ("ai_reception", "AI reception", "The assistant answers first messages", "PREMIUM", 100),
    ("dynamic_prices", "Dynamic prices", "Quiet hours become cheaper", "ADVANCED", 25),
    ("public_api", "Public API", "Keys for partners", "DEVELOPER", 100),
)
RETENTION: Final = (
    ("messages", "messages", "last_activity_at", 730, "2 years from the last activity"),
    ("contacts", "contacts", "last_activity_at", 1095, "3 years from the last activity"),
    ("conversations", "conversations", "closed_at", 730, "2 years from closure"),
    ("audit_log", "activity_logs", "occurred_at", 2555, "7 years"),
)
KEYS: Final = (("pii-main", "Personal data at rest"), ("message-body", "Bodies of messages"))
_FEATURES: Final = tuple(flag[0] for flag in FLAGS[:3])


def write_people(connection: psycopg.Connection, setting: Setting) -> None:
    """Members, codes, flags, retention and keys, as they were set up before the launch."""
    launch = setting.launch
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into team_members (email, name, role, has_second_factor, created_at) "
            "values (%s, %s, %s, %s, %s) on conflict do nothing",
            [(*member, launch - timedelta(days=40)) for member in MEMBERS],
        )
        cursor.executemany(
            "insert into beta_invite_codes (id, code, level, usage_limit, created_at, note) "
            "values (%s, %s, %s, %s, %s, %s)",
            [
                (n, code, level, limit, launch + timedelta(days=day), note)
                for n, (code, level, limit, day, note) in enumerate(CODES, 1)
            ],
        )
        cursor.executemany(
            "insert into beta_feature_flags (id, key, name, description, min_level, enabled, "
            "rollout_pct, created_at, updated_at) values (%s, %s, %s, %s, %s, true, %s, %s, %s)",
            [(n, *flag, launch, launch) for n, flag in enumerate(FLAGS, 1)],
        )
        cursor.executemany(
            "insert into retention_policies (subject, table_name, age_column, keep_days, basis, "
            "last_run_at, last_removed, updated_at) values (%s, %s, %s, %s, %s, %s, 0, %s)",
            [(*policy, setting.anchor - timedelta(hours=10), launch) for policy in RETENTION],
        )
        cursor.executemany(
            "insert into encryption_keys (alias, purpose, algorithm, version, created_at, "
            "rotated_at) values (%s, %s, 'AES-256-GCM', 2, %s, %s)",
            [(*key, launch - timedelta(days=60), launch + timedelta(days=30 * n))
             for n, key in enumerate(KEYS)],
        )  # fmt: skip
    _write_flag_changes(connection, setting)


def _write_flag_changes(connection: psycopg.Connection, setting: Setting) -> None:
    """Rollouts were raised step by step: the trail says when."""
    admin = connection.execute(
        "select id, name from team_members where role = 'admin' order by id limit 1"
    ).fetchone()
    actor = admin or (None, "system")
    rows = []
    for number, (key, *_, rollout) in enumerate(FLAGS, 1):
        for step, (before, after) in enumerate(((0, 10), (10, 50), (50, rollout))):
            at = setting.anchor - timedelta(days=61 - 23 * step - 3 * number, hours=number)
            rows.append(_flag_change(at, actor, key, before=before, after=after))
    # The latest one lies within the last day, so that "what changed" has something to say.
    at = setting.anchor - timedelta(hours=2, minutes=12)
    rows.append(_flag_change(at, actor, "loyalty_points", before=50, after=60))
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into activity_logs (occurred_at, actor_id, actor_name, action, subject_type, "
            "subject_id, before, after) values (%s, %s, %s, 'flag.update', 'flag', %s, %s, %s)",
            sorted(rows),
        )


def _flag_change(
    at: datetime, actor: tuple[object, ...], key: str, *, before: int, after: int
) -> tuple[datetime, object, object, str, str]:
    """Values for _TRAIL."""
    rollouts = (json.dumps({"rollout_pct": pct}) for pct in (before, after))
    return (at, *actor, key, *rollouts)  # type: ignore[return-value]  # unpacked tuples lose their lengths


def write_beta(
    connection: psycopg.Connection, setting: Setting, *, brought: Sequence[tuple[Ints, Ints]],
    now: datetime,
) -> None:  # fmt: skip
    """Who came with which code: three went to early users, the viral one to those it brought."""
    early = connection.execute(
        "select id, extract(epoch from created_at) * 1e6 from users order by id limit 143"
    ).fetchall()
    number = np.array([row[0] for row in early], dtype=np.int64)
    at = np.array([int(row[1]) for row in early], dtype=np.int64)
    which = np.select([np.arange(len(early)) < 94, np.arange(len(early)) < 135], [1, 2], 3)
    viral_number = np.concatenate([ids for ids, _ in brought])
    fresh = ~np.isin(viral_number, number)
    number = np.concatenate((number, viral_number[fresh]))
    at = np.concatenate((at, np.concatenate([times for _, times in brought])[fresh]))
    which = np.concatenate((which, np.full(int(fresh.sum()), 4)))
    redeem(connection, number=number, at_us=at + 30_000_000, code=which)
    _write_feature_use(connection, setting, number=number, at_us=at, now=now)


def redeem(connection: psycopg.Connection, *, number: Ints, at_us: Ints, code: Ints) -> None:
    """People use invite codes: access, the use itself, and the code's counter."""
    levels = [each[1] for each in CODES]
    at = at_us.astype("datetime64[us]")
    access: dict[str, Column] = {
        "user_id": number,
        "level": Words(code - 1, levels),
        "invite_code_id": code,
    }
    copy_rows(connection, "beta_user_access", {**access, "granted_at": at, "updated_at": at})
    constant = np.zeros(len(number), dtype=np.int64)
    copy_rows(
        connection,
        "beta_analytics",
        {**access, "occurred_at": at, "action": Words(constant, ("code_redeemed",))},
    )
    for which, used in zip(*np.unique(code, return_counts=True), strict=True):
        connection.execute(
            "update beta_invite_codes set used_count = used_count + %s where id = %s",
            [int(used), int(which)],
        )


def _write_feature_use(
    connection: psycopg.Connection, setting: Setting, *, number: Ints, at_us: Ints, now: datetime
) -> None:
    """People of the beta use what their level turns on, less and less as the novelty wears off."""
    rng = np.random.default_rng([setting.seed, 6])
    who = np.repeat(np.arange(len(number)), rng.poisson(6, len(number)))
    after_s = rng.exponential(9 * DAY_S, len(who)) + 600
    at = at_us[who] + (after_s * 1e6).astype(np.int64)
    kept = at <= int(epoch(now) * 1e6)
    who, at = who[kept], at[kept]
    order = np.argsort(at, kind="stable")
    constant = np.zeros(len(order), dtype=np.int64)
    copy_rows(
        connection,
        "beta_analytics",
        {
            "occurred_at": at[order].astype("datetime64[us]"),
            "user_id": number[who[order]],
            "level": Words(constant, ("BASIC",)),
            "action": Words(constant, ("feature_used",)),
            "feature": Words(rng.choice(3, len(order), p=[0.6, 0.3, 0.1]), _FEATURES),
        },
    )
