"""A place, and a wish for a time there, in one line each."""

from datetime import date, datetime

from clinic import clock
from clinic.booking import availability, book
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo
from tests.factories import EVENINGS, a_location, a_room, a_service

PHONE = "+77010000001"


def open_place(
    hours: str = EVENINGS, minutes: int = 20, pause: int = 0, rooms: int = 1, lead_minutes: int = 0
) -> tuple[int, frozenset[int]]:
    """The id of a place with so many rooms, and its one service."""
    with writing() as s:
        service = a_service(s, slug=f"kind-{minutes}", minutes=minutes)
        place = a_location(s, hours=hours, lead_minutes=lead_minutes)
        for _ in range(rooms):
            a_room(s, place, (service,), pause=pause)
        catalogue.changed(s)
        return place.id, frozenset({service.id})


def now_at(place: int) -> tuple[Catalogue, LocationInfo]:
    with reading() as s:
        cat = catalogue.current(s)
    return cat, cat.locations[place]


def free(place: int, services: frozenset[int], day: date, days: int = 1) -> list[str]:
    """Free times as a clock in Almaty shows them."""
    cat, loc = now_at(place)
    with reading() as s:
        slots = availability.slots(s, cat, loc, services, day, days, clock.now())
    return [clock.local(slot.start).strftime("%H:%M") for slot in slots]


def wish(
    place: int,
    services: frozenset[int],
    start: datetime,
    phone: str | None = None,
    remind: int | None = None,
    confirm: bool = False,
    language: str = "ru",
    code: str | None = None,
) -> book.Request:
    _, loc = now_at(place)
    return book.Request(loc, services, start, language, "plain", phone, remind, confirm, code)


def booked(request: book.Request) -> book.Booked:
    cat, _ = now_at(request.location.id)
    with writing() as s:
        return book.confirm(s, cat, request, clock.now())
