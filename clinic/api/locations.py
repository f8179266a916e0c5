"""Places and services over the JSON face."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l

from clinic import clock
from clinic.api import meant, speech
from clinic.api.face import BODY_REFUSALS, answered, answers, operation, reading, refuses, takes_body, takes_query
from clinic.api.problems import Refusal, invalid
from clinic.api.schemas import (
    DAYS,
    LIMIT,
    LangQuery,
    Location,
    LocationList,
    LocationsQuery,
    LocationsSearch,
    ServiceList,
    SlotList,
    SlotsQuery,
)
from clinic.api.slots import Question, remembered
from clinic.api.times import span, spans
from clinic.booking import availability, cities, find
from clinic.db import db
from clinic.directory import catalogue, gazetteer
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.directory.gazetteer import NotFound, OutOfReach, Spot
from clinic.directory.openness import openness

AHEAD = 366  # days; nobody books further ahead
UNKNOWN_SERVICE = _l("We know no such service.")
NOT_HERE = _l("This place does not offer this.")
OVER = _l("This day is over.")
TOO_FAR_AHEAD = _l("This day is too far ahead.")
OUT_OF_REACH = _l("This position is not in Kazakhstan. Latitude comes first, then longitude.")


@operation("/locations", "GET")
@reading
@refuses({422: ("invalid",)})
@answers(200, LocationList)
@takes_query(LocationsQuery)
def list_locations(asked: dict[str, Any]) -> Response:
    """Places near a position or a town, with the next free time of each.

    `q` goes before `near`: who types a town means that town. Without either, all places, without
    distances. A place that is reached only by its link is never listed.
    """
    return _list(asked)


@operation("/locations/search", "POST")
@reading
@refuses({**BODY_REFUSALS, 422: ("invalid",)})
@answers(200, LocationList)
@takes_body(LocationsSearch)
def search_locations(asked: dict[str, Any]) -> Response:
    """The same as GET /locations, with a position that stands in no address and in no log."""
    return _list(asked)


@operation("/locations/<slug>", "GET")
@reading
@refuses({404: ("not_found",), 422: ("invalid",)})
@answers(200, Location)
@takes_query(LangQuery)
def one_location(_asked: dict[str, Any], slug: str) -> Response:
    """One place."""
    now, cat = clock.now(), catalogue.current(db.session())
    place = placed(cat, slug)
    bookable = catalogue.takes_bookings(place, clock.today())
    free = availability.next_slots(db.session(), cat, [place], frozenset(), now, 1, now)[place.id]
    return answered(_told(cat, place, None, openness(cat, place, now).open, bookable, free[0] if free else None))


@operation("/services", "GET")
@reading
@refuses({422: ("invalid",)})
@answers(200, ServiceList)
@takes_query(LangQuery)
def list_services(_asked: dict[str, Any]) -> Response:
    """What can be done in a visit, and how long it takes."""
    cat, language = catalogue.current(db.session()), speech.language()
    every = sorted(cat.services.values(), key=lambda s: s.number)
    return answered({"services": [{"slug": s.slug, "name": s.name[language], "minutes": s.minutes} for s in every]})


@operation("/locations/<slug>/slots", "GET")
@reading
@remembered
@refuses({404: ("not_found",), 422: ("invalid",)})
@answers(200, SlotList)
@takes_query(SlotsQuery)
def free_slots(asked: dict[str, Any], slug: str) -> Question:
    """The free times of a place for a visit that needs all of the services."""
    now, s = clock.now(), db.session()
    cat = catalogue.current(s)
    place = placed(cat, slug)
    wanted = chosen(cat, asked["service"], "service")
    if not wanted <= place.services.keys():
        raise invalid({"service": [NOT_HERE]})
    first, days = asked.get("from_", clock.today()), asked.get("days", DAYS)
    check_day("from", first)

    def answer() -> dict[str, Any]:
        free = availability.slots(s, cat, place, wanted, first, days, now)
        return {"minutes": availability.minutes(cat, wanted), "slots": spans(free)}

    return Question(place, cat.version, first, days, now, answer)


def placed(cat: Catalogue, slug: str) -> LocationInfo:
    """The place of a slug, unlisted ones too: who has the link has it. Raises Refusal 404."""
    place = cities.at_link(cat, slug)
    if place is None:
        raise Refusal(404, "not_found")
    return place


def chosen(cat: Catalogue, slugs: tuple[str, ...], field: str) -> frozenset[int]:
    """The services of some slugs. Raises Refusal 422 on `field`."""
    found = [cat.service_by_slug.get(slug) for slug in slugs]
    if None in found:
        raise invalid({field: [UNKNOWN_SERVICE]})
    return frozenset(service.id for service in found if service)


def check_day(field: str, day: date) -> None:
    """Raises Refusal 422 on `field` for a day that is over, or that no place would ever book."""
    today = clock.today()
    if day < today:
        raise invalid({field: [OVER]})
    if day > today + timedelta(days=AHEAD):
        raise invalid({field: [TOO_FAR_AHEAD]})


def _list(asked: Mapping[str, Any]) -> Response:
    if "lang" in asked:
        speech.use(asked["lang"])
    now, s = clock.now(), db.session()
    cat = catalogue.current(s)
    wanted = chosen(cat, asked.get("service", ()), "service")
    if "day" in asked:
        check_day("day", asked["day"])
    spot = spot_of(cat, asked)
    if isinstance(spot, NotFound):
        return answered({"locations": [], "understood": meant.understood(asked, spot)})
    wish = find.Wish(
        services=wanted,
        day=asked.get("day"),
        after=asked.get("after"),
        open_now=asked.get("open_now", False),
        kind=asked.get("kind"),
        migrants=False,
        language=None,
        limit=asked.get("limit", LIMIT),
    )
    rows = [_row(cat, offer) for offer in find.find(s, cat, spot, wish, now)]
    return answered({"locations": rows, "understood": meant.understood(asked, spot)})


def spot_of(cat: Catalogue, asked: Mapping[str, Any]) -> Spot | NotFound | None:
    """Where she asks from: the town `q`, else the position `near`. Raises Refusal 422 on `near`."""
    if "q" in asked:
        return gazetteer.locate(cat, asked["q"])
    return position_of(cat, asked["near"]) if "near" in asked else None


def position_of(cat: Catalogue, near: tuple[float, float]) -> Spot:
    """Her own position. Raises Refusal 422 on `near`."""
    try:
        return gazetteer.position(cat, *near)
    except OutOfReach as far:
        raise invalid({"near": [OUT_OF_REACH]}) from far


def _row(cat: Catalogue, offer: find.Offer) -> dict[str, Any]:
    return _told(cat, offer.location, offer.distance_m, offer.openness.open, offer.takes_bookings, offer.next)


def _told(
    cat: Catalogue,
    place: LocationInfo,
    distance_m: int | None,
    is_open: bool,
    bookable: bool,
    next_slot: availability.Slot | None,
) -> dict[str, Any]:
    """A place as the face tells it. Of one that shows its district only, neither address nor position."""
    language, hidden = speech.language(), place.visibility == "district"
    return {
        "slug": place.slug,
        "name": place.name[language],
        "kind": place.kind,
        "address": None if hidden else place.address[language] or None,
        "position": None if hidden or place.approximate else {"lat": place.lat, "lng": place.lng},
        "distance_m": distance_m,
        "open_now": is_open,
        "hours": place.hours,
        "services": [cat.services[number].slug for number in place.services],
        "bookable": bookable,
        "next_slot": span(next_slot) if next_slot else None,
    }
