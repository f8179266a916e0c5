"""The city she is in: tapped once, remembered for the length of the visit, or carried in the address."""

from collections import Counter
from collections.abc import MutableMapping
from typing import Any

from clinic import clock
from clinic.directory.catalogue import Catalogue, LocationInfo, PlaceInfo, listed, takes_bookings
from clinic.directory.gazetteer import Spot
from clinic.privacy import limits

REMEMBERED = "city"
KINDS = ("city", "town")


def at_link(cat: Catalogue, slug: str) -> LocationInfo | None:
    """The place of a slug; none that is stopped. Whoever tries slug after slug finds no unlisted one."""
    found = cat.by_slug.get(slug)
    if found is not None and found.stopped_at is not None:
        found = None
    if found is not None and listed(found):
        return found
    return found if limits.may_guess(found is not None) else None


def cities(cat: Catalogue) -> list[PlaceInfo]:
    """Cities of the gazetteer that have places: most places with bookings first, then the larger."""
    today = clock.today()
    places = Counter(loc.city.ru for loc in cat.locations.values() if listed(loc))
    bookable = Counter(loc.city.ru for loc in cat.locations.values() if listed(loc) and takes_bookings(loc, today))
    largest: dict[str, PlaceInfo] = {}
    for place in cat.places:
        if place.kind in KINDS and place.name.ru in places:
            known = largest.get(place.name.ru)
            largest[place.name.ru] = place if known is None or place.weight > known.weight else known
    return sorted(largest.values(), key=lambda place: (-bookable[place.name.ru], -place.weight, place.key))


def named(known: list[PlaceInfo], name: str) -> PlaceInfo | None:
    """The one of these cities that has this very name, in whatever language; None for none."""
    return next((city for city in known if name and name in (city.name.kk, city.name.ru, city.name.en)), None)


def by_key(cat: Catalogue, key: object) -> PlaceInfo | None:
    """A city by its key; None when there is none (any more)."""
    return next((place for place in cat.places if place.key == key and place.kind in KINDS), None)


def remembered(cat: Catalogue, session: MutableMapping[str, Any]) -> PlaceInfo | None:
    """The city of this visit, if the browser took our cookie."""
    return by_key(cat, session.get(REMEMBERED))


def remember(session: MutableMapping[str, Any], city: PlaceInfo) -> None:
    """Keep the city, and nothing narrower, in the visit's cookie."""
    if session.get(REMEMBERED) != city.key:
        session[REMEMBERED] = city.key


def spot_of(city: PlaceInfo) -> Spot:
    """The middle of a city, to measure from."""
    return Spot(city.lat, city.lng, city.name, city.kind, city.key, city.key, city.weight)


def city_at(cat: Catalogue, spot: Spot) -> PlaceInfo | None:
    """The city that a found place is, or lies in."""
    return by_key(cat, spot.city) if spot.city else None
