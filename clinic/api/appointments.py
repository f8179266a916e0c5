"""Booking, finding, cancelling and moving a visit over the JSON face."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import Response, request
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from clinic import clock
from clinic.api import speech
from clinic.api.face import BODY_REFUSALS, answered, answers, operation, read_json, refuses, takes_body
from clinic.api.idempotency import PARAMETER, key, once_per_key
from clinic.api.locations import NOT_HERE, chosen
from clinic.api.problems import Refusal, Span, invalid
from clinic.api.schemas import NEEDS_PHONE, Appointment, AppointmentBody, Booked, CodeBody, MoveBody
from clinic.api.times import iso, spans
from clinic.booking import appointments, book, cities, refusals
from clinic.booking.appointments import AppointmentView
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.messaging import enabled as messages_enabled
from clinic.passes import passes, phones
from clinic.passes.passes import OpenPass, PhoneNeeded
from clinic.privacy.limits import BOOKINGS, limit, missed

UNKNOWN_PLACE = _l("We know no such place.")
NO_SLOT = _l("This is no free time of this place.")
PAST = _l("This time is over.")
NO_MESSAGES = _l("No messages are sent from here.")
USELESS = _l("Messages are sent during the day only: this one would come too late.")

LIVE = ("booked", "here", "in_room")
T = TypeVar("T")

_CHANGE_REFUSALS = {**BODY_REFUSALS, 404: ("not_found",), 422: ("invalid",), 429: ("too_many",)}


@operation("/appointments", "POST", [PARAMETER])
@limit(BOOKINGS, "book")
@refuses(
    {
        **BODY_REFUSALS,
        404: ("not_found",),
        409: ("slot_taken", "too_soon", "not_bookable", "idempotency_busy"),
        422: ("invalid", "idempotency_reused"),
        429: ("too_many",),
    }
)
@answers(201, Booked)
@takes_body(AppointmentBody)
def book_appointment(asked: dict[str, Any]) -> Response:
    """Book one visit. Her code is in this answer and nowhere else: show it to her alone.

    Repeat the request with the same Idempotency-Key when the answer was lost: it books once. A `start`
    that is no slot is refused with 422, one that was a slot and is taken with 409, both with alternatives.
    """
    key()
    language = asked.get("language", speech.language())
    speech.use(language)
    now, phone = clock.now(), _phone(asked)

    def make(s: Session) -> dict[str, Any]:
        cat = catalogue.current(s)
        place = cities.at_link(cat, asked["location"])
        if place is None:
            raise invalid({"location": [UNKNOWN_PLACE]})
        wanted = chosen(cat, asked["services"], "services")
        if not wanted <= place.services.keys():
            raise invalid({"services": [NOT_HERE]})
        wish = book.Request(
            location=place,
            services=wanted,
            start=asked["start"],
            language=language,
            cover=asked.get("cover", "plain"),
            phone=phone,
            remind_minutes=asked.get("remind_minutes"),
            confirm=asked.get("confirm", False),
            code=asked.get("code"),
        )
        done = _kindly(place, asked["start"], now, lambda: book.confirm(s, cat, wish, now))
        return {"ticket": _ticket(done.appointment, language), "code": done.code, **_visit(done.appointment)}

    return answered(once_per_key(read_json(request.get_data()), now, make), 201)


@operation("/appointments/find", "POST")
@refuses(_CHANGE_REFUSALS)
@answers(200, Appointment)
@takes_body(CodeBody)
def find_appointment(asked: dict[str, Any]) -> Response:
    """The visit that her code opens: the next one, or the latest when none is ahead."""
    with reading() as s:
        pass_, _cat, visit = _opened(s, asked, clock.now())
        return answered(_told(visit, pass_.language))


@operation("/appointments/cancel", "POST")
@refuses({**_CHANGE_REFUSALS, 409: ("too_late",)})
@answers(200, Appointment)
@takes_body(CodeBody)
def cancel_appointment(asked: dict[str, Any]) -> Response:
    """Cancel it; the time is free for others at once. Cancelling again changes nothing."""
    now = clock.now()
    with writing() as s:
        pass_, cat, visit = _opened(s, asked, now)
        done = _kindly(visit.location, now, now, lambda: appointments.cancel(s, cat, pass_, visit.rid, now))
    return answered(_told(done, pass_.language))


@operation("/appointments/move", "POST")
@refuses({**_CHANGE_REFUSALS, 409: ("slot_taken", "too_late", "too_soon", "not_bookable")})
@answers(200, Appointment)
@takes_body(MoveBody)
def move_appointment(asked: dict[str, Any]) -> Response:
    """Move it to another free time of the same place. Moving it to where it is changes nothing."""
    now, start = clock.now(), asked["start"]
    with writing() as s:
        pass_, cat, visit = _opened(s, asked, now)
        done = _kindly(visit.location, start, now, lambda: appointments.move(s, cat, pass_, visit.rid, start, now))
    return answered(_told(done, pass_.language))


def _phone(asked: dict[str, Any]) -> str | None:
    """Her number, if a message was asked for and can be sent; a number for nothing is not kept."""
    wanted = [name for name in ("remind_minutes", "confirm") if asked.get(name)]
    if wanted and not messages_enabled():
        raise invalid({name: [NO_MESSAGES] for name in wanted})
    if "phone" not in asked:
        return None
    try:
        number = phones.parse(asked["phone"])
    except phones.PhoneError as error:
        raise invalid({"phone": [error.message]}) from error
    return number if wanted else None


def _opened(s: Session, asked: dict[str, Any], now: datetime) -> tuple[OpenPass, Catalogue, AppointmentView]:
    """What her code opens, and which visit is meant. Raises Refusal 404, the same for every reason."""
    try:
        pass_ = passes.find(s, asked["code"])
    except passes.CodeUnknown as unknown:
        missed()
        raise Refusal(404, "not_found") from unknown
    cat = catalogue.current(s)
    visits = appointments.of_pass(s, cat, pass_, now)
    if "ticket" in asked:
        visits = tuple(visit for visit in visits if visit.ticket == asked["ticket"])
    if not visits:
        raise Refusal(404, "not_found")
    ahead = [visit for visit in visits if visit.status in LIVE and visit.end > now]
    return pass_, cat, ahead[0] if ahead else visits[-1]


def _kindly(place: LocationInfo, start: datetime, now: datetime, act: Callable[[], T]) -> T:
    """Do `act`, and turn what can happen to her wish into the face's refusals, alternatives included."""
    try:
        return act()
    except refusals.SlotTaken as taken:
        raise Refusal(409, "slot_taken", alternatives=_alternatives(place, taken.alternatives)) from taken
    except refusals.NotASlot as none:
        nearest = _alternatives(place, none.alternatives)
        if isinstance(none, refusals.TooSoon) and start >= now:
            raise Refusal(409, "too_soon", alternatives=nearest) from none
        raise Refusal(422, "invalid", {"start": [PAST if start < now else NO_SLOT]}, nearest) from none
    except refusals.NotBookable as closed:
        raise Refusal(409, "not_bookable") from closed
    except refusals.TooLate as late:
        raise Refusal(409, "too_late") from late
    except passes.CodeUnknown as unknown:
        missed()
        raise Refusal(404, "not_found") from unknown
    except refusals.Gone as gone:
        raise Refusal(404, "not_found") from gone
    except refusals.ReminderUseless as useless:
        raise invalid({"remind_minutes": [USELESS]}) from useless
    except PhoneNeeded as needed:
        raise invalid({"phone": [NEEDS_PHONE]}) from needed


def _alternatives(place: LocationInfo, offers: refusals.Alternatives) -> list[Span]:
    """The nearest free times of the place that was asked; an answer has no room to name another."""
    return spans(slot for location, slot in offers if location.id == place.id)


def _told(visit: AppointmentView, language: str) -> dict[str, Any]:
    return {"ticket": _ticket(visit, language), "status": visit.status, **_visit(visit)}


def _ticket(visit: AppointmentView, language: str) -> dict[str, Any]:
    return {"number": visit.ticket, "noun": visit.noun_in(language)}


def _visit(visit: AppointmentView) -> dict[str, Any]:
    return {
        "start": iso(visit.start),
        "end": iso(visit.end),
        "location": visit.location.slug,
        "services": [service.slug for service in visit.services],
    }
