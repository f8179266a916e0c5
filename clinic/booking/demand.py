"""Searches that found no free time: by district or town and week, never by position, and by nobody.

A search tosses its coin before anything is kept: four in five leave no trace at all. They are
counted as searches, not as people: who changes the day and searches again counts again. What is counted
stands in memory and is written a minute later, apart from any page: nobody waits for it, no page fails
for it, and an address that somebody opens changes nothing. What a process had not written when it ends is lost.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time
from threading import Lock, Timer

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from clinic import clock
from clinic.booking import cities, find, tally
from clinic.booking.find import Wish
from clinic.db import writing
from clinic.directory.catalogue import Catalogue, LocationInfo, PlaceInfo
from clinic.directory.gazetteer import Spot, distance_m

EVENING_FROM = time(17)
EXTENSION = "keshki.booking.demand"
WRITTEN_AFTER = 60.0  # seconds
_log = logging.getLogger(__name__)


@dataclass
class _Waiting:
    """What one process has counted and not written yet, by area and part of the day."""

    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)


def area_of(cat: Catalogue, spot: Spot) -> str:
    """The key of the district that was searched for, else of the town; "" where no town is known."""
    if spot.kind == "district":
        return spot.key
    town = cities.city_at(cat, spot) or _nearest(cat, spot)
    return town.key if town is not None else ""


def areas_of(cat: Catalogue, loc: LocationInfo) -> tuple[str, ...]:
    """Under which areas searches near a place are counted: its district, if it has one, and its town."""
    near = find.district(cat, loc)
    if near is None:
        return ()
    return (near.key,) if near.kind in cities.KINDS else (near.key, near.within)


def part_of(wish: Wish, now: datetime) -> str:
    """Whether a time in the evening was looked for."""
    here = clock.local(now)
    today = wish.day in (None, here.date())
    if (wish.after or time(0)) >= EVENING_FROM or (today and here.time() >= EVENING_FROM):
        return tally.EVENING
    return tally.DAY


def count(area: str, part: str) -> None:
    """Count a search that found nothing; it is written later."""
    if not area or not tally.coin():
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    waiting: _Waiting = app.extensions.setdefault(EXTENSION, _Waiting())
    with waiting.lock:
        first = not waiting.counted
        waiting.counted[area, part] += 1
    if first:
        later = Timer(WRITTEN_AFTER, settle, (app,))
        later.daemon = True
        later.start()


def settle(app: Flask) -> None:
    """Write what was counted; where the database can't be written now, it is let go."""
    waiting: _Waiting = app.extensions.setdefault(EXTENSION, _Waiting())
    with waiting.lock:
        counted, waiting.counted = waiting.counted, Counter()
    if not counted:
        return
    try:
        with app.app_context(), writing() as s:
            for (area, part), times in sorted(counted.items()):
                tally.add_unmet(s, area, part, clock.now(), times)
    except SQLAlchemyError as error:
        _log.info("searches without a free time were not written: %s", type(error).__name__)


def _nearest(cat: Catalogue, spot: Spot) -> PlaceInfo | None:
    towns = [place for place in cat.places if place.kind in cities.KINDS]
    return min(towns, key=lambda p: distance_m(spot.lat, spot.lng, p.lat, p.lng), default=None) if towns else None
