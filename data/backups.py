"""Reads about backups: their age and the time to restore, against the recovery targets."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from data.cache import question
from data.period import Filters
from data.signals import Signals

RPO_S: Final = 120
RTO_S: Final = 900

BackupKind = Literal["full", "wal", "restore"]

_KINDS: Final[tuple[tuple[BackupKind, str, str, float | None], ...]] = (
    ("full", "Newest full backup", "", None),
    ("wal", "Newest archived log", "RPO", RPO_S),
    ("restore", "Last restore test", "RTO", RTO_S),
)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup measure: `value_s` seconds of age, or of restoring; None is unknown."""

    kind: BackupKind
    title: str
    value_s: float | None
    objective: str
    objective_s: float | None
    warning_s: float | None
    critical_s: float | None
    level: Literal["ok", "warning", "critical", "unknown"]
    last_success_at: datetime | None


@question(ttl_s=5)
def backups(signals: Signals, filters: Filters) -> list[Backup]:
    """Age of the newest full backup and archived log, and the time the last restore test took.

    Always three records: full, wal, restore. Ages are seconds at the period's end and are held
    against the thresholds of the signals backup_age_s and backup_restore_s; the log's age also
    against the recovery point (2 min), restoring against the recovery time (15 min). A measure
    that nobody reports is "unknown", never "ok".
    """
    at = filters.now
    found = signals.moment(["backup_age_s", "backup_restore_s"], at)
    values = {
        (signal, series): value
        for signal, series, value in zip(
            *(found[name].tolist() for name in ("signal", "series", "value")), strict=True
        )
    }
    return [_backup(signals, values, at, kind) for kind in _KINDS]


def _backup(
    signals: Signals,
    values: dict[tuple[str, str], float],
    at: datetime,
    measure: tuple[BackupKind, str, str, float | None],
) -> Backup:
    kind, title, objective, objective_s = measure
    key = ("backup_restore_s", "") if kind == "restore" else ("backup_age_s", kind)
    signal, value = signals.definition(key[0]), values.get(key)
    limits = signal.thresholds(key[1])
    is_age = value is not None and kind != "restore"
    return Backup(
        kind,
        title,
        value,
        objective,
        objective_s,
        limits.warning,
        limits.critical,
        "unknown" if value is None else signal.level(value, key[1]) or "ok",
        at - timedelta(seconds=value) if is_age and value is not None else None,
    )
