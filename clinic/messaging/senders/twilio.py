"""SMS by Twilio: its own client, with the outcome of each call sorted into what may follow from it.

Twilio honours no idempotency key, so what a failure leaves open decides: surely not taken (try
again), refused for good, or perhaps taken (ask before anything else).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from clinic.config import Twilio
from clinic.messaging.senders import (
    Accepted,
    AskFailed,
    Copy,
    Later,
    NotYet,
    Outcome,
    Outgoing,
    Refused,
    Stop,
    Unclear,
    answers,
)

CALL_SECONDS = 10.0  # in all, however slowly the answer drips
READ_SECONDS = 8.0  # per read of the socket
IDLE_SECONDS = 20.0  # a connection that rested longer may be closed at the other end: a new one is safer
PAGE = 500
RING_SECONDS = 40
CALL_SID = "CA"
# a call that was answered has arrived; one that was not is of no use any more
CALL_STATES = {
    "completed": "delivered", "in-progress": "sent", "ringing": "sent", "queued": "queued", "busy": "undelivered",
    "no-answer": "undelivered", "failed": "failed", "canceled": "canceled",
}  # fmt: skip
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, TOO_MANY = 401, 403, 404, 409, 429
LONGEST_WAIT = timedelta(hours=1)  # whatever the provider asks for
STILL_UNDER_WAY = 20009  # Twilio deletes no message that has not ended

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Voice:
    """What a voice call needs: the number it comes from, and the address that is asked what to say."""

    number: str
    url: str


class TwilioSender:
    """A sender on one account. Safe for threads: each call takes a client of its own from a shelf."""

    def __init__(self, account: Twilio, status_url: str | None, voice: Voice | None = None) -> None:
        """`status_url` is the public address of receipts, to which the token is added; None asks for none."""
        self._account = account
        self._status_url = status_url
        self._voice = voice
        self._shelf: list[tuple[float, Any]] = []
        self._lock = threading.Lock()

    def send(self, message: Outgoing) -> Outcome:
        from requests.exceptions import ConnectionError as NoConnection
        from requests.exceptions import ConnectTimeout
        from twilio.base.exceptions import TwilioException

        fields: dict[str, object] = {
            "to": message.to,
            "body": message.body,
            "validity_period": message.valid_seconds,
            "messaging_service_sid" if self._account.sender.startswith("MG") else "from_": self._account.sender,
        }
        if self._status_url:
            fields["status_callback"] = self._status_url + message.token
        if message.voice:
            if self._voice is None:
                return Refused("no voice")
            url = self._voice.url + message.token
            fields = {"to": message.to, "from_": self._voice.number, "url": url, "timeout": RING_SECONDS}
        client: Any = None
        try:
            with self._client() as client:
                taken = (client.calls if message.voice else client.messages).create(**fields)
            if not taken.sid:
                return Unclear("an answer without a sid")
            return Accepted(taken.sid, "" if message.voice else str(taken.status), str(_field(taken, "error_code")))
        except TwilioException as error:
            return _sorted(_field(error, "status"), _field(error, "code"), _wait(client))
        except ConnectTimeout:
            return Later("no connection")
        except NoConnection as error:
            return Later("no connection") if _never_connected(error) else Unclear(type(error).__name__)
        except Exception as error:  # a cut or garbled answer comes out as nearly anything
            return Unclear(type(error).__name__)

    def sent_since(self, moment: datetime) -> list[Copy]:
        """Asked twice: by the day of sending, and newest first without it, since what still queues has no such day.

        The number asked about stays out of the address; matching is done here.
        """
        earlier = (moment - timedelta(days=1)).strftime("%Y-%m-%d")
        return list(
            {
                copy.sid: copy
                for copy in (*self._listed(moment, {"date_sent_after": earlier}), *self._listed(moment, {}))
                if copy.created_at >= moment
            }.values()
        )

    def status(self, sid: str) -> tuple[str, str]:
        from twilio.base.exceptions import TwilioRestException

        def fetch() -> tuple[str, str]:
            try:
                with self._client() as client:
                    if sid.startswith(CALL_SID):
                        return CALL_STATES.get(str(client.calls(sid).fetch().status), ""), ""
                    found = client.messages(sid).fetch()
                return str(found.status), str(found.error_code or "")
            except TwilioRestException as error:
                if error.status == NOT_FOUND:
                    return "", ""
                raise

        return _answered(fetch)

    def erase(self, sid: str) -> None:
        from twilio.base.exceptions import TwilioRestException

        def delete() -> bool:
            try:
                with self._client() as client:
                    (client.calls if sid.startswith(CALL_SID) else client.messages)(sid).delete()
                return True
            except TwilioRestException as error:
                if error.status == NOT_FOUND:
                    return True
                if error.status == CONFLICT or error.code == STILL_UNDER_WAY:
                    return False
                raise

        if not _answered(delete):
            raise NotYet(sid)

    def _listed(self, moment: datetime, narrowed: dict[str, str]) -> list[Copy]:
        by_sender = {} if self._account.sender.startswith("MG") else {"from_": self._account.sender}

        def pages() -> list[Copy]:
            with self._client() as client:
                found = []
                page = client.messages.page(page_size=PAGE, **by_sender, **narrowed)
                while page is not None:
                    copies = [_copy(record) for record in page]
                    found += copies
                    if copies and all(copy.created_at < moment - timedelta(hours=1) for copy in copies):
                        break  # newest first: what follows is older still
                    page = page.next_page()
                return found

        return _answered(pages)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A client nobody else uses meanwhile; it returns to the shelf only after a call that ended well."""
        with self._lock:
            while self._shelf and self._shelf[-1][0] < time.monotonic() - IDLE_SECONDS:
                self._shelf.clear()
            client = self._shelf.pop()[1] if self._shelf else None
        client = client or self._new_client()
        yield client
        with self._lock:
            self._shelf.append((time.monotonic(), client))

    def _new_client(self) -> Any:
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        quiet = logging.getLogger("twilio.http_client")  # its INFO lines hold addresses with what was asked
        quiet.setLevel(logging.WARNING)

        class Listening(TwilioHttpClient):
            """Keeps the last answer, whose headers no error of the library tells."""

            def request(self, *args: Any, **kwargs: Any) -> Any:
                self.last_response = None
                self.last_response = super().request(*args, **kwargs)
                return self.last_response

        http = Listening(timeout=READ_SECONDS, logger=quiet, max_retries=0)
        client = Client(self._account.account_sid, self._account.auth_token, http_client=http)
        if self._account.api_base:
            client.api.base_url = self._account.api_base
        return client


def _sorted(status: int | str, code: int | str, wait: timedelta) -> Outcome:
    """What follows from an HTTP answer other than success; `wait` is how long it asks to wait."""
    error = str(code or status)
    if not isinstance(status, int) or not 400 <= status < 500:
        return Unclear(error)
    about = answers.about(error)
    if status == TOO_MANY or about == answers.LATER:
        return Later(error, wait)
    if status in (UNAUTHORIZED, FORBIDDEN, NOT_FOUND) or about == answers.ACCOUNT:
        return Stop(error)
    return Refused(error)


def _field(answer: Any, name: str) -> Any:
    """A field of an answer or an error; "" when it has none."""
    return getattr(answer, name, None) or ""


def _wait(client: Any) -> timedelta:
    """How long the last answer asks to wait (Retry-After, in seconds); nothing where it does not say."""
    answer = getattr(getattr(client, "http_client", None), "last_response", None)
    try:
        seconds = int((_field(answer, "headers") or {}).get("Retry-After", 0))
    except (TypeError, ValueError):
        return timedelta(0)
    return min(LONGEST_WAIT, timedelta(seconds=max(0, seconds)))


def _never_connected(error: Exception) -> bool:
    """Whether the connection was refused or the name unknown, so that not a byte went out."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))  # NameResolutionError is one of the former


def _copy(record: Any) -> Copy:
    created = record.date_created or datetime.now(UTC)
    return Copy(
        record.sid, record.to or "", record.body or "", created, str(record.status), str(record.error_code or "")
    )


def _answered(call: Callable[[], T]) -> T:
    """The answer to a question within the time limit. Raises AskFailed for whatever prevented it."""
    from clinic.messaging.watchdog import TimedOut, within

    try:
        return within(CALL_SECONDS, call)
    except TimedOut as late:
        raise AskFailed("time is up") from late
    except Exception as error:
        raise AskFailed(type(error).__name__) from error
