"""The numbers behind a picture as a sheet: the frame's own columns in words, with units."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from pandas import DataFrame, Series
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from dashboard.ui.charts.scene import Column, Sheet

_SPELLED: Final = {
    "api": "API",
    "mercadopago": "MercadoPago",
    "todopago": "TodoPago",
    "payu": "PayU",
    "stripe": "Stripe",
    "whatsapp": "WhatsApp Business",
    "whatsapp_business": "WhatsApp Business",
    "sms": "SMS",
    "afip": "AFIP",
    "calendars": "Calendars",
    "google_calendar": "Google Calendar",
    "postgres": "Postgres",
    "redis": "Redis",
    "websocket": "WebSocket",
    "websockets": "WebSockets",
}


def frame_sheet(value: object, *, units: Mapping[str, str] | None = None) -> Sheet:
    """Turn a frame, or records of one dataclass, into a sheet."""
    frame = as_frame(value)
    known = units or {}
    columns = (
        Column(str(name), in_words(str(name)), known.get(str(name), ""), _kind(frame[name]))
        for name in frame.columns
    )
    return Sheet(tuple(columns), frame)


def as_frame(value: object) -> DataFrame:
    """Give records as a frame, a column for each field and property; a frame stays as it is."""
    if isinstance(value, DataFrame):
        return value
    if isinstance(value, list | tuple):
        return DataFrame([_record(each) for each in value if is_dataclass(each)])
    return DataFrame([{"value": value}]) if value is not None else DataFrame()


def in_words(name: str) -> str:
    """Write a column's name as a heading."""
    return name.replace("_", " ").strip().capitalize()


def spelled(name: str) -> str:
    """Write the name of a company or protocol as they spell it; any other stays as it is."""
    return _SPELLED.get(name, name)


def name_in_words(name: str) -> str:
    """Write the name of a part as people do, with a capital letter when it has none."""
    known = spelled(name)
    return in_words(known.replace("-", " ")) if known == name and name.islower() else known


def _record(each: object) -> dict[str, object]:
    kind = type(each)
    computed = [n for n in dir(kind) if isinstance(getattr(kind, n), property)]
    names = [*(f.name for f in fields(each)), *computed]  # type: ignore[arg-type]  # checked above
    return {name: getattr(each, name) for name in names}


def _kind(column: Series) -> str:
    if is_datetime64_any_dtype(column.dtype):
        return "moment"
    return "number" if is_numeric_dtype(column.dtype) and column.dtype != bool else "text"
