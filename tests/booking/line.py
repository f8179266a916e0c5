"""A full evening, women who wait for it, and what they were told: for the tests of the waiting list."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from clinic import clock
from clinic.booking import appointments, calling, fitting, waiting
from clinic.booking.book import Booked
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.messaging import outbox
from clinic.passes import passes
from tests.booking.place import booked, open_place, wish

TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "Keshki",
    "TWILIO_API_BASE": "http://127.0.0.1:1",
}  # fmt: skip
WED, THU = date(2026, 11, 25), date(2026, 11, 26)
TEN = clock.at(WED, 10 * 60)  # Wednesday morning, SMS may go
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Waits:
    """A woman who waits: her code and her wish."""

    code: str
    rid: bytes


def full_evening(rooms: int = 1, hours: str = "Mo-Su 18:00-19:00") -> tuple[int, frozenset[int], list[Booked]]:
    """A place whose Wednesday has no free time: its id, its service, the visits that fill it, by time."""
    place, kind = open_place(hours=hours, minutes=20, rooms=rooms)
    starts = [clock.at(WED, minutes) for minutes in (18 * 60, 18 * 60 + 20, 18 * 60 + 40)]
    return place, kind, [booked(wish(place, kind, start)) for start in starts for _ in range(rooms)]


def waits(
    place: int | tuple[int, ...],
    services: frozenset[int],
    part: str = "evening",
    days: tuple[date, date] = (WED, WED),
    tell: bool = True,
    code: str | None = None,
) -> Waits:
    """She stands in line, with a number of her own when she wants to be told."""
    phone = f"+7701{next(_numbers):07}" if tell and code is None else None
    with writing() as s:
        cat = catalogue.current(s)
        places = tuple(cat.locations[one] for one in (place if isinstance(place, tuple) else (place,)))
        request = waiting.Request(places, services, part, *days, "ru", "plain", phone, tell, code)
        put = waiting.put(s, cat, request, clock.now())
    return Waits(put.code or code or "", put.wish.rid)


def cancel(visit: Booked) -> None:
    with writing() as s:
        cat = catalogue.current(s)
        appointments.cancel(s, cat, passes.find(s, visit.code or ""), visit.appointment.rid, clock.now())


def run(at: datetime | None = None) -> int:
    """What the worker does, at the present moment."""
    return calling.run(at or clock.now())


def messages(one: Waits) -> list[str]:
    """The states of what she was sent, in order; "dropped" for what was taken back."""
    with reading() as s:
        return ["dropped" if view.dropped else view.state for view in outbox.of(s, waiting.about(one.rid)) if view.kind]


def told(*women: Waits) -> list[int]:
    """How many messages each of them has got."""
    return [len(messages(one)) for one in women]


def free_for(one: Waits) -> list[str]:
    """The times that she sees under her code."""
    with reading() as s:
        cat = catalogue.current(s)
        views = waiting.of_pass(s, cat, passes.find(s, one.code), clock.now())
        found = [free for view in views for free in fitting.fitting(s, cat, view, clock.now())]
        return [clock.local(free.slot.start).strftime("%H:%M") for free in found]


def book_free(one: Waits, place: int, services: frozenset[int], start: datetime) -> Booked:
    """She takes a time, under the code with which she waits."""
    return booked(wish(place, services, start, code=one.code))
