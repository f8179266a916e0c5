"""A load generator in a process of its own: keep-alive sockets on one selector, requests as prepared bytes.

Each connection has one request under way and sends the next one as soon as the whole answer is here,
so that what is measured is the server. Answers are read to their last byte and their status counted.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONNECTIONS = 8  # as many as the server has threads
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of requests came to: answers per second, how many of each status, milliseconds of one."""

    rate: float
    requests: int
    statuses: Mapping[int, int]
    median_ms: float
    body_bytes: float

    def expect(self, status: int) -> "Measured":
        """Itself, when every answer had this status. Raises RuntimeError: a refusal is quick, and no measure."""
        if set(self.statuses) != {status}:
            raise RuntimeError(f"expected only {status}, got {dict(self.statuses)}")
        return self


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A GET request as bytes."""
    return _request("GET", path, headers or {}, b"")


def post_json(path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> bytes:
    """A POST of a JSON object as bytes."""
    sent = json.dumps(body).encode()
    return _request("POST", path, {"Content-Type": "application/json", **(headers or {})}, sent)


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + _HEAD_END + body


def measure(port: int, requests: Sequence[bytes], seconds: float, again: str = "cycle") -> Measured:
    """Load the server on `port` for `seconds` from another process.

    `again` "cycle" starts over after the last request; "once" stops there.
    """
    spec = {
        "port": port,
        "seconds": seconds,
        "again": again,
        "connections": CONNECTIONS,
        "requests": [request.decode("latin-1") for request in requests],
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"], input=json.dumps(spec), capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    statuses = {int(status): n for status, n in told["statuses"].items()}
    return Measured(told["rate"], sum(statuses.values()), statuses, told["median_ms"], told["body_bytes"])


class _Connection:
    __slots__ = ("body_at", "got", "length", "sent_at", "sock")

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self.body_at = self.length = -1
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.got = b""
        self.body_at = self.length = -1
        self.sent_at = time.perf_counter()
        self.sock.sendall(request)

    def finished(self) -> bool:
        """Read what there is; whether the whole answer is here."""
        part = self.sock.recv(262144)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.got += part
        if self.body_at < 0:
            end = self.got.find(_HEAD_END)
            if end < 0:
                return False
            head = self.got[:end].lower()
            at = head.find(b"\r\ncontent-length:")
            if at < 0:
                raise ConnectionError("an answer without its length")
            self.length = int(head[at + 17 :].split(b"\r\n", 1)[0])
            self.body_at = end + 4
        return len(self.got) >= self.body_at + self.length


def _run(spec: Mapping[str, object]) -> dict[str, object]:
    requests = [str(request).encode("latin-1") for request in _list(spec["requests"])]
    selector = selectors.DefaultSelector()
    statuses: Counter[int] = Counter()
    times: list[float] = []
    body_bytes, number = 0, 0
    once = spec["again"] == "once"
    begun = time.perf_counter()
    end = begun + float(str(spec["seconds"]))
    for _ in range(min(int(str(spec["connections"])), len(requests))):
        connection = _Connection(int(str(spec["port"])))
        selector.register(connection.sock, selectors.EVENT_READ, connection)
        connection.send(requests[number % len(requests)])
        number += 1
    open_ = len(selector.get_map())
    while open_:
        for key, _events in selector.select():
            connection = key.data
            if not connection.finished():
                continue
            now = time.perf_counter()
            times.append(now - connection.sent_at)
            statuses[int(connection.got[9:12])] += 1
            body_bytes += connection.length
            if now < end and not (once and number >= len(requests)):
                connection.send(requests[number % len(requests)])
                number += 1
            else:
                selector.unregister(connection.sock)
                connection.sock.close()
                open_ -= 1
    took = time.perf_counter() - begun
    times.sort()
    return {
        "rate": len(times) / took,
        "statuses": statuses,
        "median_ms": times[len(times) // 2] * 1000,
        "body_bytes": body_bytes / len(times),
    }


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


if __name__ == "__main__":
    print(json.dumps(_run(json.load(sys.stdin))))
