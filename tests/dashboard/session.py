"""A viewer without a browser: Streamlit's own websocket, so that any header can be sent."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

RUN_S = 20


@dataclass(frozen=True, slots=True)
class Session:
    """One open tab."""

    socket: ClientConnection

    def run(self, fragment: str = "", *, patience_s: float = RUN_S) -> list[ForwardMsg]:
        """Run the script, or one fragment of it, and give what it sent before it finished.

        Raises TimeoutError when nothing comes: a fragment that there is not is not run.
        """
        self._ask(fragment)
        return list(self._sent(patience_s))

    def drawn(self, fragment: str, *, silence_s: float = 3) -> list[ForwardMsg]:
        """Ask for a fragment and give all that is drawn until nothing comes any more."""
        self._ask(fragment)
        found: list[ForwardMsg] = []
        with suppress(TimeoutError):
            while True:
                found.extend(self._sent(silence_s))
        return [message for message in found if message.WhichOneof("type") == "delta"]

    def _ask(self, fragment: str) -> None:
        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.fragment_id = fragment
        self.socket.send(message.SerializeToString())

    def _sent(self, patience_s: float) -> Iterator[ForwardMsg]:
        while True:
            message = ForwardMsg()
            message.ParseFromString(self.socket.recv(timeout=patience_s, decode=False))
            if message.WhichOneof("type") == "script_finished":
                return
            yield message


def words(sent: list[ForwardMsg]) -> str:
    """What was sent, as one text."""
    return "\n".join(str(message) for message in sent)


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
