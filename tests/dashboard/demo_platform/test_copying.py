"""The binary COPY encoder, read back by Postgres."""

import json
from datetime import UTC, datetime

import numpy as np
import psycopg

from dashboard.demo.platform.copying import Column, Nullable, Words, copy_rows, moments, texts

AT = datetime(2026, 11, 20, 13, 30, 0, 123456, tzinfo=UTC)


def test_every_kind_of_column_comes_back_as_it_went_in(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute(
            "create table t (a bigint, b int, c smallint, d float8, e timestamptz, f uuid, "
            "g text, h jsonb, i text, j bigint)"
        )
        rows: dict[str, Column] = {
            "a": np.array([1, -(2**62)]),
            "b": np.array([7, -8], dtype=np.int32),
            "c": np.array([3, -4], dtype=np.int16),
            "d": np.array([0.1, np.inf]),
            "e": moments([AT, None]),
            "f": np.array([bytes(range(16)), bytes(16)], dtype="V16"),
            "g": Words(np.array([1, -1]), ["uno", "peña"]),
            "h": Words(np.array([0, -1]), [json.dumps({"ñ": [1, None]})], json=True),
            "i": texts([None, "a\tb\n'\\x"]),
            "j": Nullable(np.array([5, 6]), np.array([True, False])),
        }
        assert copy_rows(connection, "t", rows) == 2
        first, second = connection.execute("select *, f::text from t order by a desc").fetchall()
    assert first[:5] == (1, 7, 3, 0.1, AT)
    assert first[6:10] == ("peña", {"ñ": [1, None]}, None, 5)
    assert first[10] == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert second[:5] == (-(2**62), -8, -4, np.inf, None)
    assert second[6:10] == (None, None, "a\tb\n'\\x", None)


def test_rows_of_one_length_take_the_fast_way_to_the_same_result(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute("create table t (a bigint, e timestamptz, c smallint)")
        rows = {
            "a": np.arange(1000),
            "e": np.datetime64("2026-11-20T13:30:00", "us") + np.arange(1000),
            "c": (np.arange(1000) % 7).astype(np.int16),
        }
        copy_rows(connection, "t", rows)
        found = connection.execute(
            "select count(*), sum(a), sum(c), min(e) from t where extract(microseconds from e) = a"
        ).fetchone()
    assert found == (1000, 499_500, int((np.arange(1000) % 7).sum()), AT.replace(microsecond=0))


def test_no_rows_are_no_statement(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        assert copy_rows(connection, "a_table_that_is_not_there", {"a": np.array([])}) == 0
