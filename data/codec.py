"""Answers as bytes for the shared cache: a JSON head, then Arrow for frames and JSON for the rest.

Never pickle: whoever can write to Redis must not be able to run code here.
"""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Final

import orjson
import pandas as pd
import pyarrow as pa
from pandas import DataFrame
from pydantic import TypeAdapter, ValidationError

from data.answers import Answer

_END_OF_HEAD: Final = b"\n"


class AnswerCodec:
    """Serializes answers; `adapter` gives the type of the value that a key holds."""

    def __init__(self, adapter: Callable[[str], TypeAdapter[object] | None]) -> None:
        self._adapter = adapter

    def dumps(self, key: str, payload: object) -> bytes:
        """Serialize an answer. An Arrow-incompatible frame raises, as a bug of its question."""
        if not isinstance(payload, Answer):
            raise TypeError(f"Only answers are cached, not {type(payload).__name__}.")
        value = payload.value
        head = {
            "as_of": payload.as_of,
            "source": payload.source,
            "statement": payload.statement,
            "frame": isinstance(value, DataFrame),
        }
        body = _frame_bytes(value) if isinstance(value, DataFrame) else self._json(key, value)
        return orjson.dumps(head) + _END_OF_HEAD + body

    def loads(self, key: str, raw: bytes) -> object:
        """Read an answer; ValueError on anything that `dumps` did not write for this key."""
        line, _, body = raw.partition(_END_OF_HEAD)
        try:
            head = orjson.loads(line)
            value = _frame(body) if head["frame"] else self._value(key, body)
            as_of = datetime.fromisoformat(head["as_of"])
            return Answer(value, as_of, str(head["source"]), str(head["statement"]))
        except (pa.ArrowException, ValidationError, KeyError, TypeError) as error:
            raise ValueError("Not an answer of this version.") from error

    def _json(self, key: str, value: object) -> bytes:
        adapter = self._adapter(key)
        if adapter is None:
            raise TypeError(f"No question is known under the key {key!r}.")
        return adapter.dump_json(value)

    def _value(self, key: str, body: bytes) -> object:
        adapter = self._adapter(key)
        if adapter is None:
            raise ValueError("Not a question of this version.")
        return adapter.validate_json(body)


def _frame_bytes(frame: DataFrame) -> bytes:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _frame(body: bytes) -> DataFrame:
    with pa.ipc.open_stream(body) as reader:
        frame: DataFrame = reader.read_all().to_pandas()
    return frame if len(frame.columns) else pd.DataFrame()
