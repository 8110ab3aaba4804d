"""What every table is made of: one MetaData, and columns that cannot go without a comment."""

from typing import Any, Final

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    MetaData,
    text,
)
from sqlalchemy.types import TypeEngine, UserDefinedType

metadata: Final = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

# Rollup cells are updated in place every few seconds: the free fifth of a page keeps updates on it.
UPDATED_OFTEN: Final = {"fillfactor": 80}
NOW: Final = "now()"


class Xid8(UserDefinedType[str]):
    """Postgres `xid8`: the 64-bit id of the transaction that wrote a row. It never wraps."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Name of the type in DDL."""
        return "xid8"


class Instant(TIMESTAMP):
    """`timestamptz`: every moment is stored with its zone."""

    def __init__(self) -> None:
        super().__init__(timezone=True)


def column(  # noqa: PLR0913 - the five things a column can be, all by keyword
    name: str,
    kind: type[TypeEngine[Any]] | TypeEngine[Any],
    comment: str,
    *,
    null: bool = False,
    default: str | None = None,
    key: bool = False,
    to: str | None = None,
) -> Column[Any]:
    """A column; not null unless said, `default` is SQL, `to` the column that it refers to."""
    return Column(
        name,
        kind,
        *([ForeignKey(to)] if to else []),
        nullable=null,
        primary_key=key,
        autoincrement=False,
        server_default=text(default) if default is not None else None,
        comment=comment,
    )


def identity(comment: str) -> Column[Any]:
    """The surrogate key `id`; writers that bring their own number may."""
    return Column("id", BigInteger, Identity(), primary_key=True, comment=comment)


def written_by() -> Column[Any]:
    """The transaction that wrote the row last: what the rollup watermark runs on."""
    return column(
        "tx",
        Xid8(),
        "Transaction that wrote this row last; must move on every update",
        default="pg_current_xact_id()",
    )


def one_of(name: str, *values: str) -> CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{name} in ({listed})", name=name)


def not_negative(*names: str) -> list[CheckConstraint]:
    """Each of these columns is null or at least zero."""
    return [CheckConstraint(f"{name} >= 0", name=f"{name}_not_negative") for name in names]


def holds(name: str, condition: str) -> CheckConstraint:
    """A condition on the row, by name."""
    return CheckConstraint(condition, name=name)
