"""Rows of Postgres as a DataFrame whose column types follow the statement, not the rows."""

from collections.abc import Sequence
from typing import Any, Final

from pandas import DataFrame, Series, to_timedelta

# Type numbers of Postgres that a page can meet, and what they become. An empty answer has the same
# types as a full one. Dates stay `date`: a local day is not an instant.
_INTEGERS: Final = frozenset({20, 21, 23, 26})
_FLOATS: Final = frozenset({700, 701, 1700})
_BOOL: Final = 16
_TEXT: Final = frozenset({18, 19, 25, 1042, 1043})
_TIMESTAMPTZ: Final = 1184
_INTERVAL: Final = 1186


def frame_of(columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[Any]]) -> DataFrame:
    """Build a frame from (name, type number) pairs and rows.

    Instants are datetime64[us, UTC]; integers with a null become float64 with NaN.
    """
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return DataFrame(
        {name: _series(kind, column) for (name, kind), column in zip(columns, values, strict=True)}
    )


def _series(kind: int, values: Sequence[Any]) -> "Series[Any]":
    if kind == _INTERVAL:
        return Series(to_timedelta(list(values))).astype("timedelta64[us]")
    return Series(list(values), dtype=_dtype(kind, has_null=None in values))


def _dtype(kind: int, *, has_null: bool) -> str:
    if kind in _INTEGERS:
        return "float64" if has_null else "int64"
    if kind in _FLOATS:
        return "float64"
    if kind == _TIMESTAMPTZ:
        return "datetime64[us, UTC]"
    if kind in _TEXT:
        return "str"
    return "bool" if kind == _BOOL and not has_null else "object"
