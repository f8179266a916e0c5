"""A wire that is listened to: passes bytes on to the site and keeps what her browser sends."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Wire:
    """Where to connect, and all that was sent."""

    address: str = ""
    sent: list[bytes] = field(default_factory=list)

    def taken(self) -> bytes:
        """What was sent since the last time."""
        found = b"".join(self.sent)
        self.sent.clear()
        return found


@contextmanager
def listening(site: str) -> Iterator[Wire]:
    """A wire to `site` for as long as the block lasts."""
    wire = Wire()
    target = (urlsplit(site).hostname or "", urlsplit(site).port or 80)
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire.address = f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=_accept, args=(server, target, wire), daemon=True).start()
        yield wire


def _accept(server: socket.socket, target: tuple[str, int], wire: Wire) -> None:
    with suppress(OSError):
        while True:
            hers, _ = server.accept()
            threading.Thread(target=_join, args=(hers, target, wire), daemon=True).start()


def _join(hers: socket.socket, target: tuple[str, int], wire: Wire) -> None:
    with hers, suppress(OSError), socket.create_connection(target) as theirs:
        back = threading.Thread(target=_pump, args=(theirs, hers, None), daemon=True)
        back.start()
        _pump(hers, theirs, wire.sent)
        back.join()


def _pump(source: socket.socket, sink: socket.socket, kept: list[bytes] | None) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            if kept is not None:
                kept.append(piece)
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
