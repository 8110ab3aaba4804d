"""The scripts and the style sheet of the drawing components, and how they are served.

`/assets/{version}/{name}` answers from memory, compressed ahead, for a year: the version is a hash
of all files, so a change of one gives all of them a new address and relative imports stay within
one version.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import brotli
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.http_static import preferred

PLOTLY: Final = "plotly-cartesian-4.1.1.min.js"
_FOLDER: Final = Path(__file__).parent
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_HEADERS: Final = {
    "Cache-Control": "public, immutable, max-age=31536000",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in the two encodings that are kept; anything else is made from them on request."""

    media_type: str
    br: bytes
    digest: str

    def plain(self) -> bytes:
        """Give the file itself."""
        return bytes(brotli.decompress(self.br))


@cache
def assets() -> dict[str, Asset]:
    """Read every file once: our own scripts and the vendored Plotly, which is stored compressed."""
    own = [path for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES]
    found = {path.name: _asset(path.suffix, brotli.compress(path.read_bytes())) for path in own}
    vendored = (_FOLDER / "vendor" / f"{PLOTLY}.br").read_bytes()
    return {**found, PLOTLY: _asset(".js", vendored)}


@cache
def version() -> str:
    """Give the hash of all files: the part of the address that changes when one of them does."""
    digests = "".join(f"{name}{asset.digest}" for name, asset in assets().items())
    return hashlib.sha256(digests.encode()).hexdigest()[:12]


def routes() -> list[Route]:
    """Give the routes that the server adds: `/assets/{version}/{name}`."""
    return [Route("/assets/{version}/{name}", _serve, methods=["GET"])]


def _asset(suffix: str, br: bytes) -> Asset:
    return Asset(_TYPES[suffix], br, hashlib.sha256(br).hexdigest())


def _serve(request: Request) -> Response:
    asset = assets().get(request.path_params["name"])
    if asset is None or request.path_params["version"] != version():
        return PlainTextResponse("There is no such file in this version.", status_code=404)
    encoding, body = _encoded(asset, request.headers.get("accept-encoding", ""))
    headers = {**_HEADERS, **({"Content-Encoding": encoding} if encoding else {})}
    return Response(body, media_type=asset.media_type, headers=headers)


def _encoded(asset: Asset, accepted: str) -> tuple[str, bytes]:
    encoding = preferred(accepted)
    if encoding == "br":
        return encoding, asset.br
    return (encoding, _gzipped(asset)) if encoding == "gzip" else ("", asset.plain())


@cache
def _gzipped(asset: Asset) -> bytes:
    return gzip.compress(asset.plain(), compresslevel=6, mtime=0)


def text(name: str) -> str:
    """Give one of our own files as text."""
    return assets()[name].plain().decode()
