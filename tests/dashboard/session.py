"""A viewer without a browser: Streamlit's own websocket, so that any header can be sent."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

RUN_S = 20


@dataclass(frozen=True, slots=True)
class Session:
    """One open tab."""

    socket: ClientConnection

    def run(self) -> str:
        """Run the script once and give everything that it showed, as one text."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        self.socket.send(message.SerializeToString())
        return "\n".join(self._shown())

    def _shown(self) -> Iterator[str]:
        while True:
            message = ForwardMsg()
            message.ParseFromString(self.socket.recv(timeout=RUN_S, decode=False))
            if message.WhichOneof("type") == "script_finished":
                return
            yield str(message)


@contextmanager
def session(base: str, *headers: tuple[str, str], origin: str | None = None) -> Iterator[Session]:
    """Open a tab with these request headers; a name may come twice."""
    url = base.replace("http://", "ws://") + "/_stcore/stream"
    with connect(
        url,
        subprotocols=["streamlit"],  # type: ignore[list-item]  # a NewType of str
        additional_headers=list(headers),
        origin=origin,  # type: ignore[arg-type]  # a NewType of str
        max_size=None,
    ) as socket:
        yield Session(socket)


def shown(base: str, headers: Mapping[str, str] | None = None) -> str:
    """What a fresh tab with these headers shows."""
    with session(base, *(headers or {}).items()) as tab:
        return tab.run()
