"""Answers about free times, remembered: chat bots ask for the same days again and again.

What is kept is the whole answer, headers and compression included, under the exact address that was
asked. It is true as long as four things are the same: the catalogue's version, the versions of the
place's days, the cell in which the soonest bookable moment lies, and the Date. One small query reads
all the versions at once; an answer that is still true is sent before Flask is entered.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, request
from sqlalchemy import Engine

from clinic import clock
from clinic.api.face import PREFIX, answered
from clinic.clock import CELL_MINUTES
from clinic.db import db
from clinic.directory.catalogue import LocationInfo

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

EXTENSION = "keshki.api.slots"
TRUTH = "keshki.api.slots.truth"  # in the WSGI environment: what the answer to this request depends on
MOST_BYTES = 24 * 1024 * 1024
OVERHEAD = 1_500  # bytes of an entry beside its body, about
LONGEST_KEY = 400
_CELL = CELL_MINUTES * 60
_VERSIONS = (
    "SELECT c.version, d.day, d.version FROM catalogue c LEFT JOIN location_day d"
    " ON d.location_id = {0} AND d.day BETWEEN {0} AND {0} WHERE c.id = 1 ORDER BY d.day"
)

Wsgi = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]
Key = tuple[str, str, str]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Free times of a place from Date `first` for `days` Dates, and how to find them."""

    place: LocationInfo
    catalogue_version: int
    first: date
    days: int
    now: datetime  # as of which it is answered
    answer: Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Truth:
    """What an answer depends on."""

    location_id: int
    first: str | date  # service days, as the driver wants them
    last: str | date
    versions: list[Any]
    lead_seconds: int
    boundary: int  # the cell boundary at or after the soonest bookable moment
    midnight: float  # the end of the Date on which it was asked


class Versions:
    """Reads [(catalogue version, day, day version)…] over the driver's own cursor, in one query."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._query = _VERSIONS.format("?" if engine.dialect.paramstyle == "qmark" else "%s")
        self._as_text = engine.dialect.name == "sqlite"

    def day(self, day: date) -> str | date:
        """A day as the driver wants it."""
        return day.isoformat() if self._as_text else day

    def read(self, location_id: int, first: str | date, last: str | date) -> list[Any]:
        """The versions on which answers about these service days depend; empty without a catalogue."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(self._query, (location_id, first, last))
            return list(cursor.fetchall())
        finally:
            connection.close()


class Front:
    """A WSGI layer before the app that answers from memory what is still true."""

    def __init__(self, app: Wsgi, versions: Versions) -> None:
        self.app = app
        self.versions = versions
        self._kept: dict[Key, tuple[Truth, Headers, bytes]] = {}
        self._headers: dict[Headers, Headers] = {}  # the same few in almost every answer
        self._size = 0
        self._lock = Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.endswith("/slots") or not path.startswith(PREFIX) or environ["REQUEST_METHOD"] != "GET":
            return self.app(environ, start_response)
        key = (path, environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT_ENCODING", ""))
        kept = self._kept.get(key)
        if kept is not None and self._holds(kept[0], clock.now()):
            start_response("200 OK", list(kept[1]))
            return [kept[2]]
        return self._ask(key, environ, start_response)

    def _holds(self, truth: Truth, now: datetime) -> bool:
        return (
            truth.boundary == boundary(now, truth.lead_seconds)
            and 0 < truth.midnight - now.timestamp() <= 86400
            and truth.versions == self.versions.read(truth.location_id, truth.first, truth.last)
        )

    def _ask(self, key: Key, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        begun: list[Any] = []

        def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            begun[:] = [status, headers]
            return start_response(status, headers, exc_info)

        answer = self.app(environ, begin)
        truth = environ.get(TRUTH)
        if truth is None or not begun or begun[0] != "200 OK" or sum(map(len, key)) > LONGEST_KEY:
            return answer
        headers: list[tuple[str, str]] = list(begun[1])
        if any(name.lower() == "set-cookie" for name, _ in headers):
            return answer
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        self._keep(key, truth, headers, body)
        return [body]

    def _keep(self, key: Key, truth: Truth, headers: list[tuple[str, str]], body: bytes) -> None:
        """Keep an answer; when there are too many, the oldest go."""
        with self._lock:
            self._drop(key)
            while self._size > MOST_BYTES:
                self._drop(next(iter(self._kept)))
            if len(self._headers) > 256:
                self._headers.clear()
            shared = self._headers.setdefault(tuple(headers), tuple(headers))
            self._kept[key] = (truth, shared, body)
            self._size += len(body) + OVERHEAD

    def _drop(self, key: Key) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._size -= len(found[2]) + OVERHEAD


def init(app: Flask) -> None:
    """Put the memory before the app; each app has its own, since it may be on another database."""
    with app.app_context():
        versions = Versions(db.engine)
    app.extensions[EXTENSION] = versions
    app.wsgi_app = Front(app.wsgi_app, versions)  # type: ignore[method-assign]


def remembered(view: Callable[..., Any]) -> Callable[..., Response]:
    """Answer the question that `view` returns, and note what the answer depends on."""

    @wraps(view)
    def answer(slug: str) -> Response:
        question: Question = view(slug=slug)
        versions: Versions = current_app.extensions[EXTENSION]
        # The night before `first` belongs to the service day before, a pause may overhang from one more,
        # and what begins on the last day may reach into the next.
        first = versions.day(question.first - timedelta(days=2))
        last = versions.day(question.first + timedelta(days=question.days))
        seen = versions.read(question.place.id, first, last)  # before the times: never newer than they are
        now = question.now
        if seen and seen[0][0] == question.catalogue_version:
            lead = question.place.lead_minutes * 60
            midnight = clock.at(clock.local(now).date() + timedelta(days=1), 0).timestamp()
            place = question.place.id
            request.environ[TRUTH] = Truth(place, first, last, seen, lead, boundary(now, lead), midnight)
        return answered(question.answer())

    return answer


def boundary(now: datetime, lead_seconds: int) -> int:
    """Slots start on cell boundaries, so what may still be booked changes only when this number does."""
    return -int(-(now.timestamp() + lead_seconds) // _CELL)
