"""The 24 jurisdictions of Argentina as polygons on plain axes, few points, and their names.

Borders are cut where three of them meet and each piece is simplified once, so that neighbours stay
neighbours: no gap opens between two provinces. The projection keeps areas true (sinusoidal about
the country's middle meridian); its unit is a hundredth of a degree.
"""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

import data

Point = tuple[float, float]
Ring = tuple[Point, ...]
"""A closed line: the last point is the first."""

SOURCE: Final = Path(data.__file__).with_name("argentina_provinces.geojson")
CAPITAL: Final = "AR-C"
METRO: Final = (-58.8, -34.9, -58.18, -34.38)
"""West, south, east and north of the inset: the capital and its surroundings."""
_SHORTER: Final = {CAPITAL: "Ciudad de Buenos Aires"}
_MIDDLE: Final = -64.0
_COARSE: Final = 3.0
_FINE: Final = 0.4
_LEAST_AREA: Final = 60.0
"""Islands smaller than this are less than a pixel."""


@dataclass(frozen=True, slots=True)
class Province:
    """One jurisdiction: its code, its name, its outlines and the point for words on it."""

    iso: str
    name: str
    rings: tuple[Ring, ...]
    middle: Point


@cache
def provinces() -> tuple[Province, ...]:
    """Give all jurisdictions as the map of the country draws them."""
    return _simplified(_COARSE)


@cache
def metro() -> tuple[Province, ...]:
    """Give those in the inset, in more detail and cut at its edges."""
    west, south, east, north = frame()
    found = []
    for each in _simplified(_FINE):
        cut = (_clipped(ring, (west, south, east, north)) for ring in each.rings)
        rings = tuple(ring for ring in cut if len(ring) > 3)
        if rings:
            found.append(Province(each.iso, each.name, rings, each.middle))
    return tuple(found)


@cache
def frame() -> tuple[float, float, float, float]:
    """Give the edges of the inset on the map: west, south, east, north."""
    west, south = projected(METRO[0], METRO[1])
    east, north = projected(METRO[2], METRO[3])
    return west, south, east, north


def code_of(region: str) -> str:
    """Give the ISO code of a code or a name, whatever its case and accents; "" when unknown."""
    return _codes().get(plain(region), "")


def known_as(region: str) -> str:
    """Give the name that we write for a province's code or name; "" for anything else."""
    return {each.iso: each.name for each in provinces()}.get(code_of(region), "")


def plain(words: str) -> str:
    """Give words without case and accents, for comparing."""
    apart = unicodedata.normalize("NFKD", words.strip().casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def projected(lon: float, lat: float) -> Point:
    """Give the place of a point of the earth on the map."""
    return (lon - _MIDDLE) * math.cos(math.radians(lat)) * 100, lat * 100


@cache
def _codes() -> dict[str, str]:
    found = {plain(each.iso): each.iso for each in provinces()}
    found |= {plain(each.name): each.iso for each in provinces()}
    for name in ("CABA", "Capital Federal", "Ciudad Autónoma de Buenos Aires"):
        found[plain(name)] = CAPITAL
    return found


@cache
def _features() -> tuple[Province, ...]:
    """Read every jurisdiction with all its points."""
    found = []
    for feature in orjson.loads(SOURCE.read_bytes())["features"]:
        known, shape = feature["properties"], feature["geometry"]
        parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rings = tuple(tuple(projected(*point) for point in part[0]) for part in parts)
        middle = projected(known["lon"], known["lat"])
        name = _SHORTER.get(known["iso"], known["name"])
        found.append(Province(known["iso"], name, rings, middle))
    return tuple(found)


def _simplified(tolerance: float) -> tuple[Province, ...]:
    known = _features()
    meetings = _meetings(ring for each in known for ring in each.rings)
    found = []
    for each in known:
        rings = [_thinned(ring, meetings, tolerance) for ring in each.rings]
        largest = max(rings, key=_area)
        kept = tuple(ring for ring in rings if ring is largest or _area(ring) > _LEAST_AREA)
        found.append(Province(each.iso, each.name, kept, each.middle))
    return tuple(found)


def _meetings(rings: Iterable[Ring]) -> set[Point]:
    """Find the points at which more than two borders meet."""
    beside: dict[Point, set[Point]] = {}
    for ring in rings:
        for one, other in pairwise(ring):
            beside.setdefault(one, set()).add(other)
            beside.setdefault(other, set()).add(one)
    return {point for point, others in beside.items() if len(others) > 2}


def _thinned(ring: Ring, meetings: set[Point], tolerance: float) -> Ring:
    pieces = [_simple(piece, tolerance) for piece in _pieces(ring, meetings)]
    return (*(point for piece in pieces for point in piece[:-1]), pieces[-1][-1])


def _pieces(ring: Ring, meetings: set[Point]) -> Iterator[Ring]:
    """Cut a ring where borders meet; one that meets no other, at its lowest point."""
    body = ring[:-1]
    cuts = [n for n, point in enumerate(body) if point in meetings] or [body.index(min(body))]
    turned = (*body[cuts[0] :], *body[: cuts[0]], body[cuts[0]])
    at = [cut - cuts[0] for cut in cuts] + [len(body)]
    for begin, end in pairwise(at):
        yield turned[begin : end + 1]


@cache
def _simple(piece: Ring, tolerance: float) -> Ring:
    """Leave out points that lie closer to the line than the tolerance (Douglas and Peucker).

    Both neighbours of a border give it in opposite directions and must get the same points.
    """
    if piece[0] > piece[-1]:
        return tuple(reversed(_simple(tuple(reversed(piece)), tolerance)))
    points = np.array(piece)
    keep = {0, len(piece) - 1}
    spans = [(0, len(piece) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = _distances(points[first : last + 1])
        furthest = int(away.argmax())
        if away[furthest] > tolerance:
            keep.add(first + furthest)
            spans += [(first, first + furthest), (first + furthest, last)]
    return tuple(piece[n] for n in sorted(keep))


def _distances(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how far each point lies from the line between the first and the last."""
    (x, y), along = points[0], points[-1] - points[0]
    length = float(np.hypot(*along))
    apart = points - (x, y)
    if not length:
        return np.asarray(np.hypot(apart[:, 0], apart[:, 1]))
    return np.asarray(np.abs(apart[:, 0] * along[1] - apart[:, 1] * along[0]) / length)


def _area(ring: Ring) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def _clipped(ring: Ring, edges: tuple[float, float, float, float]) -> Ring:
    """Cut a ring at the edges of a rectangle (Sutherland and Hodgman)."""
    west, south, east, north = edges
    points: Sequence[Point] = ring[:-1]
    for axis, limit, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        points = list(_cut(points, axis, limit, sign))
    return (*points, points[0]) if points else ()


def _cut(points: Sequence[Point], axis: int, limit: float, sign: int) -> Iterator[Point]:
    """Keep the points on one side of a straight edge, and those where the line crosses it."""
    for one, other in zip((*points[-1:], *points[:-1]), points, strict=True):
        was, is_inside = (sign * (p[axis] - limit) >= 0 for p in (one, other))
        if was != is_inside:
            part = (limit - one[axis]) / (other[axis] - one[axis])
            yield (one[0] + part * (other[0] - one[0]), one[1] + part * (other[1] - one[1]))
        if is_inside:
            yield other
