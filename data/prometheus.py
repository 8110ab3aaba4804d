"""Reads from Prometheus, or Thanos, Mimir, VictoriaMetrics: the same API, same client.

The client waits for ever and repeats failed calls unless told otherwise; here every call is one
attempt with a bounded wait, and every way to fail is a `SourceDown` in plain words.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from data.answers import record
from data.errors import SourceDown

SOURCE: Final = "Prometheus"
CONNECT_S: Final = 2.0
READ_S: Final = 4.0
KEPT_CONNECTIONS: Final = 32
"""As many as may ask at once: what pages ask by themselves and what `together` adds."""

_STATUS: Final = re.compile(r"HTTP Status Code (\d{3})")
_GARBAGE: Final = "sent something that is not a Prometheus answer"


class QueryRefused(SourceDown):
    """Prometheus works but does not accept this one query: the signal's definition is at fault."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a result: its labels and its finite points as (Unix seconds, value)."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


class Prometheus:
    """A Prometheus server, asked once per call, waiting `connect_s` and `read_s` at the longest."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
    ) -> None:
        self._read_s = read_s
        base = url.rstrip("/")
        session = requests.Session()
        # Answers are small and come from nearby: packing them costs both sides more than it saves.
        session.headers["Accept-Encoding"] = "identity"
        self._client = PrometheusConnect(
            url=base,
            headers=dict(headers or {}),
            session=session,
            timeout=(connect_s, read_s),
        )
        # read=False: a wait that ends is told apart from a server that is gone. Mounted after the
        # client has mounted its own, which keeps ten connections and repeats failed calls.
        once = Retry(0, read=False)
        session.mount(base, HTTPAdapter(max_retries=once, pool_maxsize=KEPT_CONNECTIONS))

    def instant(self, promql: str, at: datetime) -> list[Series]:
        """Evaluate at one moment. Series whose value is NaN or infinite are left out.

        Raises SourceDown; QueryRefused when only this query is at fault.
        """
        record(source=SOURCE, statement=promql)
        found = self._ask(
            lambda: self._client.custom_query(promql, params=self._params(time=at.timestamp()))
        )
        return [one for one in _parsed(found, "value") if one.points]

    def range(
        self,
        promql: str,
        since: datetime,
        until: datetime,
        *,
        step_s: int,
        notes: Sequence[str] = (),
    ) -> list[Series]:
        """Evaluate at `since`, `since + step_s`, … up to and including `until`.

        Points that are NaN, infinite or missing are absent. `notes` say what becomes of the answer,
        to those who look at the query. Raises like `instant`.
        """
        said = "\n".join(f"# {note}" for note in (f"every {step_s} s", *notes))
        record(source=SOURCE, statement=f"{promql}\n{said}")
        found = self._ask(
            lambda: self._client.custom_query_range(
                promql, since, until, str(step_s), params=self._params()
            )
        )
        return [one for one in _parsed(found, "values") if one.points]

    def ping(self) -> None:
        """Ask the cheapest query there is. Raises SourceDown."""
        self._ask(lambda: self._client.custom_query("vector(1)", params=self._params()))

    def _params(self, **more: float) -> dict[str, str]:
        # The server stops working on what nobody waits for any more.
        return {
            "timeout": f"{self._read_s:g}s",
            **{name: f"{value}" for name, value in more.items()},
        }

    def _ask(self, call: Callable[[], object]) -> object:
        try:
            return call()
        except PrometheusApiClientException as error:
            raise _refusal(str(error)) from error
        except requests.exceptions.ReadTimeout as error:
            raise SourceDown(SOURCE, f"took longer than {self._read_s:g} s") from error
        except requests.exceptions.JSONDecodeError as error:
            raise SourceDown(SOURCE, _GARBAGE) from error
        except (requests.exceptions.RequestException, OSError) as error:
            raise SourceDown(SOURCE, "does not answer") from error
        except (KeyError, TypeError, ValueError) as error:
            raise SourceDown(SOURCE, _GARBAGE) from error


def _refusal(text: str) -> SourceDown:
    """Translate an HTTP error; the client's text holds the body, which viewers must not read."""
    found = _STATUS.search(text)
    status = int(found.group(1)) if found else 0
    if status in {400, 422}:
        return QueryRefused(SOURCE, "does not accept the query of this signal")
    if status in {401, 403}:
        return SourceDown(SOURCE, "does not accept our credentials")
    if status == 503:
        return SourceDown(SOURCE, "is not ready or gave up on the query")
    return SourceDown(SOURCE, f"answered with status {status}" if status else _GARBAGE)


def _parsed(found: object, field: str) -> list[Series]:
    """Read the API's `result`: a vector or matrix, or the bare pair that a scalar query gives."""
    if not isinstance(found, list):
        raise SourceDown(SOURCE, _GARBAGE)
    if len(found) == 2 and not isinstance(found[0], dict):
        found = [{"metric": {}, "value": found}]
    try:
        return [_series(item, field) for item in found]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceDown(SOURCE, _GARBAGE) from error


def _series(item: Mapping[str, object], field: str) -> Series:
    labels, pairs = item["metric"], item[field]
    if not isinstance(labels, dict) or not isinstance(pairs, list):
        raise TypeError("metric is an object and values are a list")
    points = [pairs] if field == "value" else pairs
    return Series(
        labels,
        tuple((float(at), value) for at, text in points if math.isfinite(value := float(text))),
    )
