"""A stand-in for Twilio's message API that speaks HTTP: create, list, fetch, delete, receipts, faults.

It takes every message that it answers with 201, and some that it does not. Faults are scripted per
call with `plan`; what it took is in `taken`. Its own clock is `clock` (a function), so that a test can
move it together with the worker's.
"""

import base64
import json
import re
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from twilio.request_validator import RequestValidator

SID, TOKEN, SENDER = "AC" + "1" * 32, "stand-in-token", "Keshki"


@dataclass
class Taken:
    """A message that the stand-in took."""

    sid: str
    to: str
    body: str
    sender: str
    created_at: datetime
    callback: str
    validity: int
    status: str = "queued"
    error: int | None = None
    shown: bool = True
    deleted: bool = False


@dataclass
class Fault:
    """How a create call goes wrong. `takes`: the message is taken all the same."""

    takes: bool
    answer: str  # "201" | "lost" | "429" | "500" | "20003" | "21211" | "21610" | "21408" | "garbled" | "drip"
    before: float = 0.0  # seconds before the message is taken
    after: float = 0.0  # seconds between taking it and answering
    receipt: str = ""  # a receipt sent before the answer
    status: str = ""  # where the message is already when it answers
    error: int | None = None
    retry_after: str = ""


GOOD = Fault(takes=True, answer="201")


@dataclass
class StandIn:
    """The server and its memory."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    plan: Callable[[int, dict[str, str]], Fault] = lambda _n, _form: GOOD
    list_answers: Callable[[int], bool] = lambda _n: True
    on_create: Callable[[dict[str, str]], None] = lambda _form: None
    deletes_answer: bool = True
    taken: list[Taken] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)  # voice calls: their forms
    creates: int = 0
    lists: int = 0
    fetches: int = 0
    queries: list[str] = field(default_factory=list)
    in_flight: int = 0
    page_size: int = 50
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self) -> str:
        """Begin to serve; the base address for TWILIO_API_BASE."""
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self.base

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environ(self) -> dict[str, str]:
        """The settings that point the application here."""
        return settings_for(self.base)

    def take(self, form: dict[str, str]) -> Taken:
        with self.lock:
            made = Taken(
                f"SM{len(self.taken):032x}", form["To"], form["Body"], form.get("From", ""), self.clock(),
                form.get("StatusCallback", ""), int(form.get("ValidityPeriod", "36000")),
            )  # fmt: skip
            self.taken.append(made)
            return made

    def found(self, sid: str) -> Taken | None:
        return next((m for m in self.taken if m.sid == sid and not m.deleted), None)


def settings_for(base: str) -> dict[str, str]:
    """The settings that point the application to a provider at `base`."""
    return {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": SENDER, "TWILIO_API_BASE": base}


def signed_receipt(message: Taken, status: str, error: int | None = None) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers of a receipt, signed for the message's callback address."""
    form = {"MessageSid": message.sid, "MessageStatus": status, "To": message.to, "AccountSid": SID}
    if error:
        form["ErrorCode"] = str(error)
    return form, {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(message.callback, form)}


def post_receipt(message: Taken, status: str, at: str | None = None) -> int:
    """Send a receipt over HTTP to the message's callback (or to `at`); the HTTP status of the answer."""
    form, headers = signed_receipt(message, status)
    request = urllib.request.Request(
        at or message.callback, urllib.parse.urlencode(form).encode(), headers, method="POST"
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return int(answer.status)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that was killed cuts its connection: nothing to report."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(world: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY: head and body are two writes

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            raw = self.rfile.read(length)
            form = dict(urllib.parse.parse_qsl(raw.decode()))
            if "/Calls" in self.path and len(raw) == length:
                self._call(form)
                return
            if len(raw) < length or "Body" not in form:  # the caller died in the middle of its call
                self.close_connection = True
                return
            with world.lock:
                world.creates += 1
                world.in_flight += 1
                nth = world.creates
            try:
                self._create(form, world.plan(nth, form))
            except OSError:
                self.close_connection = True  # the caller died meanwhile
            finally:
                with world.lock:
                    world.in_flight -= 1

        def _call(self, form: dict[str, str]) -> None:
            if self._authorized():
                with world.lock:
                    world.calls.append(form)
                    sid = f"CA{len(world.calls):032x}"
                self._json(201, {"sid": sid, "status": "queued", "to": form["To"], "from": form["From"]})

        def _create(self, form: dict[str, str], fault: Fault) -> None:
            if not self._authorized():
                return
            world.on_create(form)
            _wait(fault.before)
            message = world.take(form) if fault.takes else None
            if message is not None and fault.status:
                message.status, message.error = fault.status, fault.error
            if message is not None and fault.receipt:
                message.status = fault.receipt
                post_receipt(message, fault.receipt)
            _wait(fault.after)
            match fault.answer:
                case "201":
                    assert message is not None
                    self._json(201, _record(message))
                case "lost":
                    self.close_connection = True
                    self.connection.close()
                case "garbled":
                    self._send(201, b'{"sid": "SM')
                case "drip":
                    self._drip()
                case "429":
                    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
                    self._json(429, {"code": 20429, "message": "Too many requests", "status": 429}, headers)
                case "500":
                    self._json(500, {"code": 20500, "message": "Internal error", "status": 500})
                case "20003":
                    self._json(401, {"code": 20003, "message": "Authenticate", "status": 401})
                case code:
                    self._json(400, {"code": int(code), "message": "Refused", "status": 400})

        def do_GET(self) -> None:
            if not self._authorized():
                return
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query))
            if not url.path.endswith("/Messages.json"):
                with world.lock:
                    world.fetches += 1
                    found = world.found(url.path.rsplit("/", 1)[1].removesuffix(".json"))
                self._json(200, _record(found)) if found else self._missing()
                return
            with world.lock:
                world.queries.append(url.query)
                if "Page" not in query:
                    world.lists += 1
                answers = world.list_answers(world.lists)
                found_all = [m for m in reversed(world.taken) if m.shown and not m.deleted]
            if not answers:
                self._json(503, {"code": 20503, "message": "Unavailable", "status": 503})
                return
            if "From" in query:
                found_all = [m for m in found_all if m.sender == query["From"]]
            if "DateSent>" in query:  # what still queues has no day of sending
                first = query["DateSent>"][:10]
                sent = [m for m in found_all if m.status != "queued"]
                found_all = [m for m in sent if m.created_at.strftime("%Y-%m-%d") >= first]
            page, size = int(query.get("Page", "0")), min(world.page_size, int(query.get("PageSize", "50")))
            part = found_all[page * size : (page + 1) * size]
            more = len(found_all) > (page + 1) * size
            nxt = urllib.parse.urlencode(query | {"Page": str(page + 1), "PageToken": "PA1"})
            self._json(
                200,
                {
                    "messages": [_record(m) for m in part],
                    "page": page, "page_size": size, "uri": self.path, "first_page_uri": self.path,
                    "next_page_uri": f"{url.path}?{nxt}" if more else None, "previous_page_uri": None,
                    "start": page * size, "end": page * size + len(part),
                },
            )  # fmt: skip

        def do_DELETE(self) -> None:
            if not self._authorized():
                return
            if not world.deletes_answer:
                self._json(503, {"code": 20503, "message": "Unavailable", "status": 503})
                return
            with world.lock:
                found = world.found(self.path.rsplit("/", 1)[1].removesuffix(".json"))
                if found is None:
                    self._missing()
                elif found.status in ("queued", "sending"):
                    self._json(409, {"code": 20009, "message": "Resource not complete", "status": 409})
                else:
                    found.deleted = True
                    self._send(204, b"")

        def _authorized(self) -> bool:
            good = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
            if self.headers.get("Authorization") == good and re.search(f"/Accounts/{SID}/(Messages|Calls)", self.path):
                return True
            self._json(401, {"code": 20003, "message": "Authenticate", "status": 401})
            return False

        def _missing(self) -> None:
            self._json(404, {"code": 20404, "message": "Not found", "status": 404})

        def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            self._send(status, json.dumps(body).encode(), headers)

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _drip(self) -> None:
            """An answer that never stops coming: each byte renews the client's own limit."""
            self.send_response(201)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(b" ")
                self.wfile.flush()
                _wait(0.05)

    return Handler


def _wait(seconds: float) -> None:
    if seconds:
        threading.Event().wait(seconds)


def _record(m: Taken) -> dict[str, Any]:
    created = format_datetime(m.created_at)
    return {
        "sid": m.sid, "to": m.to, "from": m.sender, "body": m.body, "status": m.status, "error_code": m.error,
        "date_created": created, "date_updated": created, "date_sent": None if m.status == "queued" else created,
        "account_sid": SID, "num_segments": "1", "direction": "outbound-api", "uri": f"/Messages/{m.sid}.json",
    }  # fmt: skip
