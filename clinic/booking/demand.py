"""Searches that found no free time: by district or town and week, never by position, and by nobody.

A search tosses its coin before anything is written: four in five leave no trace at all. They are
counted as searches, not as people: who changes the day and searches again counts again.
"""

from datetime import datetime, time

from clinic import clock
from clinic.booking import cities, find, tally
from clinic.booking.find import Wish
from clinic.db import writing
from clinic.directory.catalogue import Catalogue, LocationInfo, PlaceInfo
from clinic.directory.gazetteer import Spot, distance_m

EVENING_FROM = time(17)


def area_of(cat: Catalogue, spot: Spot) -> str:
    """The key of the district that was searched for, else of the town; "" where no town is known."""
    here = next((p for p in cat.places if p.name == spot.label and (p.lat, p.lng) == (spot.lat, spot.lng)), None)
    if here is not None and here.kind == "district":
        return here.key
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


def count(area: str, part: str, now: datetime) -> None:
    """Count a search that found nothing."""
    if area and tally.coin():
        with writing() as s:
            tally.add_unmet(s, area, part, now)


def _nearest(cat: Catalogue, spot: Spot) -> PlaceInfo | None:
    towns = [place for place in cat.places if place.kind in cities.KINDS]
    return min(towns, key=lambda p: distance_m(spot.lat, spot.lng, p.lat, p.lng), default=None) if towns else None
