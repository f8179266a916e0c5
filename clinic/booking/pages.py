"""Lists of places, remembered within the minute: on a busy evening many ask for the same town.

Only a page that is everybody's is kept: asked for by its address, or by what a bare address remembers, with no
code and no position in it. It is drawn again when the minute is over, when the catalogue has changed, or when a
time of one of its places was taken or given back; one small query tells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, request, session
from sqlalchemy import Engine
from werkzeug.datastructures import MultiDict

from clinic import clock, wording
from clinic.booking import cities
from clinic.db import db
from clinic.directory.catalogue import PlaceInfo

EXTENSION = "keshki.booking.pages"
MOST_BYTES = 4 * 1024 * 1024
MOST_PAGES = 1000  # also of those of which only the address is known so far
LONGEST_KEY = 400
HERS = ("code", "lat", "lng")
_VERSIONS = (
    "SELECT c.version, COUNT(d.day), COALESCE(SUM(d.version), 0) FROM catalogue c LEFT JOIN location_day d"
    " ON d.location_id IN ({places}) AND d.day >= {mark} WHERE c.id = 1 GROUP BY c.version"
)

Key = tuple[bytes, str, str, object]
Truth = tuple[int, ...]
Unmet = tuple[str, str]  # area, part of the day


@dataclass(frozen=True, slots=True)
class _Kept:
    """A page of one minute: the places it is about, and once it is sure what it depends on, its text."""

    minute: int
    places: tuple[int, ...]
    truth: Truth
    city: PlaceInfo | None  # which the visit remembers
    unmet: Unmet | None  # as what this search is counted, when it found no free time
    body: bytes


class _Memory:
    def __init__(self) -> None:
        self._pages: dict[Key, _Kept] = {}
        self._lock = Lock()

    def get(self, key: Key, minute: int) -> _Kept | None:
        found = self._pages.get(key)
        return found if found is not None and found.minute == minute else None

    def keep(self, key: Key, page: _Kept) -> None:
        """Keep a page of this minute; those of earlier ones are forgotten, and all when there are too many."""
        with self._lock:
            self._pages = {k: kept for k, kept in self._pages.items() if kept.minute == page.minute}
            size = sum(len(kept.body) for kept in self._pages.values()) + len(page.body)
            if size > MOST_BYTES or len(self._pages) >= MOST_PAGES:
                self._pages.clear()
            self._pages[key] = page


def about(place_ids: Sequence[int], city: PlaceInfo | None) -> None:
    """Say which places the page being drawn is about, and that it depends on nothing else: it may be kept."""
    g.keshki_page_about = tuple(place_ids), city


def found_nothing(area: str, part: str) -> None:
    """Say that the search of this request found no free time."""
    g.keshki_unmet = (area, part)


def unmet() -> Unmet | None:
    """As what the search of this request is counted, whether its page was drawn or kept; None when it found a time."""
    found: Unmet | None = g.get("keshki_unmet")
    return found


def remembered(draw: Callable[[], Any], fields: MultiDict[str, str]) -> Any:
    """The page of this request: kept from this minute if it is still true, else what `draw` returns.

    `fields` are those that the page is drawn from.
    """
    asked = request.query_string or urlencode(list(fields.items(multi=True))).encode()
    key: Key = (asked, request.script_root, wording.language_now(), session.get(cities.REMEMBERED))
    if request.method != "GET" or len(key[0]) > LONGEST_KEY or any(name in request.args for name in HERS):
        return draw()
    memory: _Memory = current_app.extensions.setdefault(EXTENSION, _Memory())
    minute = int(clock.now().timestamp()) // 60
    kept = memory.get(key, minute)
    # What a page depends on is read before it is drawn: never newer than the page. The first time it is not
    # known yet which places that is about.
    truth = _read(db.engine, kept.places) if kept is not None else ()
    if kept is not None and kept.body and kept.truth == truth:
        if kept.city is not None:
            cities.remember(session, kept.city)
        if kept.unmet is not None:
            found_nothing(*kept.unmet)
        return Response(kept.body, mimetype="text/html")
    page = draw()
    places, city = g.get("keshki_page_about", ((), None))
    if isinstance(page, str) and places:
        sure = kept is not None and kept.places == places
        memory.keep(key, _Kept(minute, places, truth, city, unmet(), page.encode() if sure else b""))
    return page


def _read(engine: Engine, places: Sequence[int]) -> Truth:
    """The version of the catalogue, and how many days of these places were written how often, from last night on."""
    sqlite = engine.dialect.name == "sqlite"
    since = clock.service_day(clock.now()) - timedelta(days=1)
    query = _VERSIONS.format(places=",".join(map(str, places)), mark="?" if sqlite else "%s")
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(query, (since.isoformat() if sqlite else since,))
        row = cursor.fetchone()
    finally:
        connection.close()
    return tuple(int(number) for number in row) if row else ()
