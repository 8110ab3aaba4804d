"""What a person reads on a page, out of everything that travels to the browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
from streamlit.testing.v1 import AppTest

ROOT: Final = Path(__file__).resolve().parents[2]


def envelopes(page: AppTest) -> dict[str, Any]:
    """What our components were given, by the key of each panel; the first row under "first"."""
    found: dict[str, Any] = {}
    for line in _lines(page):
        data = orjson.loads(line)
        found["first" if "figures" in data else data.get("key", "")] = data
    return found


def read(page: AppTest) -> str:
    """Every word on the page as one text."""
    own = " ".join(_words(list(envelopes(page).values())))
    shown = " ".join(str(getattr(each, "value", "")) for each in page.main)
    return f"{own} {shown}"


def _lines(page: AppTest) -> Iterator[bytes]:
    """Everything a component was given; of a feed, the lines without their head."""
    for element in page.main:
        sent = getattr(getattr(element, "proto", None), "bytes", b"")
        head, *lines = sent.split(b"\n")
        yield from lines if head.startswith(b'{"turn"') else filter(None, (head,))


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
