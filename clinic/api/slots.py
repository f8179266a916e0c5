"""Answers about free times, remembered: chat bots ask for the same day again and again.

What is remembered is a ready answer under the exact address that was asked. It is true as long as
four things are: the catalogue's version, the versions of the place's days, the cell in which the
soonest bookable moment lies, and the Date. One small query per request reads all the versions at once;
an answer that is still true is sent without parsing, computing or writing anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any

from flask import Flask, Response, current_app, request
from sqlalchemy import Engine

from clinic import clock
from clinic.api.face import answered
from clinic.clock import CELL_MINUTES
from clinic.db import db
from clinic.directory.catalogue import LocationInfo

EXTENSION = "keshki.api.slots"
MOST_BYTES = 4 * 1024 * 1024
LONGEST_ADDRESS = 300
_CELL = CELL_MINUTES * 60
_VERSIONS = (
    "SELECT c.version, d.day, d.version FROM catalogue c LEFT JOIN location_day d"
    " ON d.location_id = {0} AND d.day BETWEEN {0} AND {0} WHERE c.id = 1 ORDER BY d.day"
)

Versions = list[Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Free times of a place from Date `first` for `days` Dates, and how to find them."""

    place: LocationInfo
    catalogue_version: int
    first: date
    days: int
    answer: Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Kept:
    body: bytes
    location_id: int
    first: str | date  # service days that the answer depends on, as the driver wants them
    last: str | date
    versions: Versions
    lead_seconds: int
    boundary: int  # the cell boundary at or after the soonest bookable moment
    midnight: float


class _Memory:
    def __init__(self) -> None:
        self.answers: dict[tuple[str, bytes], _Kept] = {}
        self.size = 0

    def keep(self, key: tuple[str, bytes], kept: _Kept) -> None:
        """Keep an answer; when there are too many, all are dropped, which costs one computation each."""
        if self.size > MOST_BYTES:
            self.answers.clear()
            self.size = 0
        self.answers[key] = kept
        self.size += len(kept.body) + 600


def init(app: Flask) -> None:
    """Each app remembers for itself: it may be on another database."""
    app.extensions[EXTENSION] = _Memory()


def remembered(view: Callable[..., Any]) -> Callable[..., Response]:
    """Answer from memory what is still true; else ask `view`, and remember."""

    @wraps(view)
    def answer(slug: str) -> Response:
        memory: _Memory = current_app.extensions[EXTENSION]
        key = (slug, request.query_string)
        now = clock.now()
        kept = memory.answers.get(key)
        if kept is not None and _is_true(kept, now):
            return Response(kept.body, 200, mimetype="application/json")
        question: Question = view(slug=slug)
        first, last = _service_days(question)
        versions = _versions(question.place.id, first, last)  # before the times: never older than them
        told = answered(question.answer())
        if versions and versions[0][0] == question.catalogue_version and len(key[1]) <= LONGEST_ADDRESS:
            lead = question.place.lead_minutes * 60
            midnight = clock.at(clock.local(now).date() + timedelta(days=1), 0).timestamp()
            body = told.get_data()
            memory.keep(
                key, _Kept(body, question.place.id, first, last, versions, lead, _boundary(now, lead), midnight)
            )
        return told

    return answer


def _is_true(kept: _Kept, now: datetime) -> bool:
    return (
        kept.boundary == _boundary(now, kept.lead_seconds)
        and 0 < kept.midnight - now.timestamp() <= 86400
        and kept.versions == _versions(kept.location_id, kept.first, kept.last)
    )


def _boundary(now: datetime, lead_seconds: int) -> int:
    """Slots start on cell boundaries, so what may still be booked changes only when this number does."""
    return -int(-(now.timestamp() + lead_seconds) // _CELL)


def _service_days(question: Question) -> tuple[str | date, str | date]:
    """The service days on which a booking could change the answer.

    The night before `first` belongs to the service day before, a pause may overhang from one more, and
    one that begins on the last day may reach into the next.
    """
    first, last = question.first - timedelta(days=2), question.first + timedelta(days=question.days)
    if db.engine.dialect.name == "sqlite":
        return first.isoformat(), last.isoformat()
    return first, last


def _versions(location_id: int, first: str | date, last: str | date) -> Versions:
    """[(catalogue version, day, day version)…]: the driver's own cursor, which is most of the speed here."""
    engine: Engine = db.engine
    mark = "?" if engine.dialect.paramstyle == "qmark" else "%s"
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(_VERSIONS.format(mark), (location_id, first, last))
        return list(cursor.fetchall())
    finally:
        connection.close()
