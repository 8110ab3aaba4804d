"""A door in front of a real HTTP source that can be shut, blocked or made to talk nonsense."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal
from urllib.parse import urlsplit

from tests.redis_server import free_port

Mode = Literal["pass", "refuse", "hang", "500", "garbage"]

GARBAGE: Final = b"<html><b>captive portal</b> None nan Traceback</html>"
FORWARD_S: Final = 20
HANG_S: Final = 120


class FaultProxy:
    """Listens on a port of its own; `mode` says what becomes of each request from now on."""

    def __init__(self, target: str = "", mode: Mode = "pass") -> None:
        self.target = urlsplit(target).netloc
        self.port = free_port()
        self.mode: Mode = "refuse"
        self.asked = 0
        self._released = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.become(mode)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def become(self, mode: Mode) -> None:
        """Behave so from now on; whoever hangs is let go."""
        self._released.set()
        self._released = threading.Event()
        self.mode = mode
        if mode == "refuse":
            self.close()
        elif self._server is None:
            self._listen()

    def close(self) -> None:
        """Stop listening: connections are refused."""
        self._released.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def hold(self) -> None:
        """Keep the caller waiting until the mode changes."""
        self._released.wait(HANG_S)

    def _listen(self) -> None:
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.daemon = True
        self._thread.start()


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.0: every request comes on a connection of its own and meets the mode of now."""

    proxy: FaultProxy

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
        """Say nothing: pytest's output is for tests."""

    def _answer(self, body: bytes) -> None:
        self.proxy.asked += 1
        if self.proxy.mode == "hang":
            self.proxy.hold()
            self.close_connection = True
        elif self.proxy.mode == "500":
            self._send(500, b"upstream request timeout", "text/plain")
        elif self.proxy.mode == "garbage":
            self._send(200, GARBAGE, "text/html")
        else:
            self._forward(body)

    def _forward(self, body: bytes) -> None:
        connection = http.client.HTTPConnection(self.proxy.target, timeout=FORWARD_S)
        try:
            kept = {
                k: v for k, v in self.headers.items() if k.lower() in {"content-type", "accept"}
            }
            connection.request(self.command, self.path, body or None, kept)
            found = connection.getresponse()
            self._send(found.status, found.read(), found.getheader("Content-Type", ""))
        except OSError:
            self._send(502, b"", "text/plain")
        finally:
            connection.close()

    def _send(self, status: int, body: bytes, kind: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the caller has given up
