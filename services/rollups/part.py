"""What a part of the rollups is: its tables, how a tick moves them, how they are remade."""

from dataclasses import dataclass

from sqlalchemy.sql.elements import TextClause


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table that is kept, and the statement that fills `<table>_next` from scratch.

    `recompute` (`insert into <table>_next [(columns)] <query>`) is what the audit compares with:
    written another way than the refresh, on purpose; the audit runs its query alone. `rebuild` says
    the same in the fastest way; without it the recompute is fast enough. Both may read the `_next`
    tables of the rollups listed before. `compares` is false where the source
    keeps no history, so that a recompute would see what came after the mark.
    """

    table: str
    recompute: TextClause
    rebuild: TextClause | None = None
    compares: bool = True

    @property
    def fastest(self) -> TextClause:
        """What a rebuild runs."""
        return self.recompute if self.rebuild is None else self.rebuild


@dataclass(frozen=True, slots=True)
class Part:
    """A set of rollups that are refreshed together.

    A statement's first line is its name. It may use these values: `:lo`, `:hi` (rows of
    transactions in [lo, hi) are consumed; a recompute takes those below hi), `:tz` (business
    zone), `:latest` (no moment is later; what says so is set aside), `:raw_since` (events before
    it are gone, their cells are carried over), `:minutes_since` (roll_minute begins here) and
    `:longest` (events of a session that is not reread any more).

    staging: `create temp table if not exists … on commit delete rows`, run before each tick.
    steps: one tick in order; each reads what those before it left. The first stages what is new;
    when that is nothing, the others are left out.
    rollups: in the order of their recompute.
    prepares: what a rebuild does before it fills any table.
    """

    name: str
    staging: tuple[str, ...]
    steps: tuple[TextClause, ...]
    rollups: tuple[Rollup, ...]
    prepares: tuple[TextClause, ...] = ()

    @property
    def tables(self) -> list[str]:
        """Names of its rollups."""
        return [rollup.table for rollup in self.rollups]
