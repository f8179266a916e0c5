"""Finding a place: the nearest that suit her wish, with what they say of their hours and their next free times.

Distances of a place that shows its district only are measured from the district's centre and rounded,
so that three searches find nobody's door. Unlisted and stopped places are never found.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import availability
from clinic.booking.availability import Slot
from clinic.db import LANGUAGES, Text3
from clinic.directory.catalogue import Catalogue, LocationInfo, PlaceInfo, listed, takes_bookings
from clinic.directory.gazetteer import Spot, distance_m
from clinic.directory.openness import Openness, openness

TIMES_SHOWN = 3
NEAR_M = 30_000
FAR_M = 50_000  # what lies farther is another city, and is never shown as near
DISTRICT_STEP_M = 500
OTHERWISE_SHOWN = 3
_LOOKED_AT = 60  # how many places farther away are looked at when nothing near is open
_FARTHEST_DAY = timedelta(days=91)
_NIGHT_END = 24 * 60 + 6 * 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What she looks for. `after` on a day runs on to 06:00; `days`: so many of them, one evening after the other;
    `within_m` None looks at the whole country."""

    services: frozenset[int] = frozenset()
    day: date | None = None
    days: int = 1
    after: time | None = None
    open_now: bool = False
    kind: str | None = None
    migrants: bool = False
    language: str | None = None
    limit: int = 20
    within_m: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A place for her wish.

    `slots` are the first free times of the wished evening (until 06:00), for the services in `services`:
    hers, or the place's usual one when she chose none. `next` is the first free time from then on, on
    whatever day, after the wished hour if any day has one. `distance_m` is None when there is nothing to
    measure from or to.
    """

    location: LocationInfo
    distance_m: int | None
    openness: Openness
    slots: tuple[Slot, ...]
    takes_bookings: bool
    day: date
    next: Slot | None
    services: frozenset[int]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """When nothing near is open: what is open farther away, and what opens soonest nearby."""

    farther: tuple[Offer, ...]
    sooner: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The nearest other city that has what she looks for, how far it is, and the places there."""

    city: Text3
    metres: int
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    location: LocationInfo
    point: tuple[float, float] | None
    vector: tuple[float, float, float]


def find(s: Session, cat: Catalogue, spot: Spot | None, wish: Wish, now: datetime) -> tuple[Offer, ...]:
    """Places that suit the wish, the nearest first (without a spot: bookable ones first), at most `limit`."""
    found: Iterable[tuple[LocationInfo, int | None]] = _ordered(cat, spot, wish, now)
    if wish.within_m is not None:
        found = ((loc, metres) for loc, metres in found if metres is None or metres <= wish.within_m)
    if wish.open_now:
        found = ((loc, metres) for loc, metres in found if openness(cat, loc, now).open)
    return _offers(s, cat, list(islice(found, wish.limit)), wish, now)


def otherwise(s: Session, cat: Catalogue, spot: Spot | None, wish: Wish, now: datetime) -> Otherwise:
    """What to show below a list without an open place; nothing that is another city."""
    near: list[tuple[LocationInfo, int | None]] = []
    far: list[tuple[LocationInfo, int | None]] = []
    for loc, metres in _ordered(cat, spot, wish, now):
        if metres is None or metres <= NEAR_M:
            near.append((loc, metres))
        elif metres <= FAR_M and len(far) < _LOOKED_AT:
            far.append((loc, metres))
    offers = _offers(s, cat, near[:_LOOKED_AT] + far, wish, now)
    here, there = offers[: min(len(near), _LOOKED_AT)], offers[min(len(near), _LOOKED_AT) :]
    sooner = sorted((offer for offer in here if _begins(offer)), key=lambda offer: _begins(offer) or now)
    farther = [offer for offer in there if offer.slots or (offer.openness.open and not offer.takes_bookings)]
    return Otherwise(tuple(farther[:OTHERWISE_SHOWN]), tuple(sooner[:OTHERWISE_SHOWN]))


def elsewhere(s: Session, cat: Catalogue, spot: Spot, wish: Wish, now: datetime) -> Elsewhere | None:
    """The nearest other city with a place that can be booked, or, for what is never booked, called; None for none."""
    today = clock.local(now).date()
    walk_in = any(cat.services[i].walk_in_only for i in wish.services)
    far = [
        (loc, metres)
        for loc, metres in _ordered(cat, spot, wish, now)
        if metres is not None and metres > FAR_M and (bool(loc.phone) if walk_in else takes_bookings(loc, today))
    ][:_LOOKED_AT]
    able = [offer for offer in _offers(s, cat, far, wish, now) if walk_in or offer.next is not None]
    if not able:
        return None
    city = able[0].location.city
    metres = to_city(cat, spot, able[0].location)
    there = [offer for offer in able if offer.location.city == city]
    there.sort(key=lambda offer: not (offer.openness.open if walk_in else offer.slots))
    return Elsewhere(city, able[0].distance_m or 0 if metres is None else metres, tuple(there[:OTHERWISE_SHOWN]))


def to_city(cat: Catalogue, spot: Spot, loc: LocationInfo) -> int | None:
    """Metres to the middle of the city a place is in, in whole kilometres: it finds nobody's door."""
    city = _city(cat, loc)
    return None if city is None else round(distance_m(spot.lat, spot.lng, city.lat, city.lng), -3)


def measured_from(cat: Catalogue, loc: LocationInfo) -> tuple[float, float] | None:
    """Latitude and longitude from which distances to a place are told; never a hidden place's own."""
    if loc.visibility == "open":
        return (loc.lat, loc.lng)
    if loc.visibility == "district":
        place = district(cat, loc)
        return None if place is None else (place.lat, place.lng)
    return None


def evening(wish: Wish, now: datetime) -> tuple[date, datetime, datetime]:
    """The wished Date, and from when until when times count for it: until 06:00 of the next morning."""
    today = clock.local(now).date()
    day = min(wish.day or today, today + _FARTHEST_DAY)
    after = wish.after or time(0)
    return (
        day,
        max(now, clock.at(day, after.hour * 60 + after.minute)),
        clock.at(day + timedelta(days=wish.days - 1), _NIGHT_END),
    )


def _offers(
    s: Session, cat: Catalogue, found: Sequence[tuple[LocationInfo, int | None]], wish: Wish, now: datetime
) -> tuple[Offer, ...]:
    day, earliest, end = evening(wish, now)
    locs = [loc for loc, _ in found]
    times = availability.next_slots(s, cat, locs, wish.services, earliest, TIMES_SHOWN, now, wish.after)
    if wish.after is not None and (without := [loc for loc in locs if not times[loc.id]]):
        times |= availability.next_slots(s, cat, without, wish.services, earliest, TIMES_SHOWN, now)
    today = clock.local(now).date()
    return tuple(
        Offer(
            loc,
            metres,
            openness(cat, loc, now),
            tuple(slot for slot in times[loc.id] if slot.start < end),
            takes_bookings(loc, today),
            day,
            times[loc.id][0] if times[loc.id] else None,
            wish.services or availability.usual(cat, loc),
        )
        for loc, metres in found
    )


def _begins(offer: Offer) -> datetime | None:
    """When a place can next be used: its next free time, or, where none is booked, its next opening."""
    return offer.next.start if offer.next else offer.openness.next_open


def _ordered(cat: Catalogue, spot: Spot | None, wish: Wish, now: datetime) -> Iterator[tuple[LocationInfo, int | None]]:
    """Places of the wished kind by distance; exact metres are worked out only for those that are looked at."""
    chosen = [entry for entry in _entries(cat) if _suits(entry.location, wish)]
    if spot is None:
        today = clock.local(now).date()
        chosen.sort(key=lambda entry: (not takes_bookings(entry.location, today), entry.location.id))
        return ((entry.location, None) for entry in chosen)
    x, y, z = _vector(spot.lat, spot.lng)
    # The smaller the angle between two unit vectors, the larger their product; no point at all comes last.
    keys = [-(x * v[0] + y * v[1] + z * v[2]) for v in (entry.vector for entry in chosen)]
    order = sorted(range(len(chosen)), key=keys.__getitem__)
    return (
        (chosen[i].location, None if (point := chosen[i].point) is None else _told(spot, chosen[i].location, point))
        for i in order
    )


def _suits(loc: LocationInfo, wish: Wish) -> bool:
    return (
        (wish.kind is None or loc.kind == wish.kind)
        and (not wish.services or wish.services <= loc.services.keys())
        and (not wish.migrants or bool(loc.with_migrants))
        and (wish.language is None or wish.language in loc.languages)
    )


def _told(spot: Spot, loc: LocationInfo, point: tuple[float, float]) -> int:
    metres = distance_m(spot.lat, spot.lng, *point)
    if loc.visibility == "open":
        return metres
    return round(metres / DISTRICT_STEP_M) * DISTRICT_STEP_M


_held: tuple[Catalogue, tuple[_Entry, ...]] | None = None


def _entries(cat: Catalogue) -> tuple[_Entry, ...]:
    """Every place that may be found, with the point it is measured from; worked out once per catalogue."""
    global _held
    held = _held
    if held is None or held[0] is not cat:
        points = [(loc, measured_from(cat, loc)) for loc in cat.locations.values() if listed(loc)]
        nowhere = (0.0, 0.0, 0.0)
        entries = tuple(_Entry(loc, point, _vector(*point) if point else nowhere) for loc, point in points)
        held = _held = (cat, entries)
    return held[1]


def _vector(lat: float, lng: float) -> tuple[float, float, float]:
    a, b = math.radians(lat), math.radians(lng)
    return (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))


def district(cat: Catalogue, loc: LocationInfo) -> PlaceInfo | None:
    """The gazetteer's entry of a place's district, else of its town."""
    city = _city(cat, loc)
    if city is not None and loc.district:
        for place in cat.places:
            if place.kind == "district" and place.within == city.key and _same(place, loc.district):
                return place
    return city


def _city(cat: Catalogue, loc: LocationInfo) -> PlaceInfo | None:
    cities = [place for place in cat.places if place.kind in ("city", "town") and _same(place, loc.city)]
    return max(cities, key=lambda place: place.weight, default=None)


def _same(place: PlaceInfo, name: Text3) -> bool:
    return any(name[word] and name[word].casefold() == place.name[word].casefold() for word in LANGUAGES)
