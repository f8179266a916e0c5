"""Booking a visit: one transaction from the lock on the day to the message, few statements, no snapshot trusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import availability, inside, placing, taken, tally, telling, tickets, waiting
from clinic.booking.appointments import AppointmentView, DeskRow
from clinic.booking.placing import Details
from clinic.booking.refusals import (
    NotASlot,
    NotBookable,
    NoTimeLeft,
    ReminderUseless,
    SlotTaken,
    TooFar,
    TooSoon,
)
from clinic.clock import CELL_MINUTES
from clinic.db import new_rid
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo
from clinic.directory.openness import open_mask
from clinic.messaging import window
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, PhoneNeeded

__all__ = [
    "Booked",
    "CodeUnknown",
    "NoTimeLeft",
    "NotASlot",
    "NotBookable",
    "PhoneNeeded",
    "ReminderUseless",
    "Request",
    "SlotTaken",
    "TooFar",
    "TooSoon",
    "confirm",
    "walk_in",
]


@dataclass(frozen=True, slots=True)
class Request:
    """What she asks for, parsed: services by id, `start` aware, `phone` in E.164, `code` of an open pass."""

    location: LocationInfo
    services: frozenset[int]
    start: datetime
    language: str
    cover: str
    phone: str | None
    remind_minutes: int | None
    confirm: bool
    code: str | None


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit that is hers, and the code of its pass: None when she came with one."""

    code: str | None
    appointment: AppointmentView


def confirm(s: Session, cat: Catalogue, request: Request, now: datetime) -> Booked:
    """Book. `s` writes, and the caller commits; what is raised here must roll it back.

    Raises SlotTaken, NotASlot (TooSoon, TooFar), NotBookable, CodeUnknown, ReminderUseless, PhoneNeeded.
    """
    loc, services, start = request.location, request.services, request.start
    # Refuse first what needs no lock; then lock the day, and look again at what may have changed.
    rooms = placing.candidates(s, cat, loc, services, start, now)
    _useful(request, now)
    day = clock.service_day(start)
    ticket = taken.bump(s, loc.id, day, tickets.step()).last_ticket
    fresh = catalogue.current(s)
    if fresh.version != cat.version:
        if loc.id not in fresh.locations:
            raise NotBookable(NotBookable.NOBODY_LOOKS)
        cat, loc = fresh, fresh.locations[loc.id]
        rooms = placing.candidates(s, cat, loc, services, start, now)
    visit_cells = availability.minutes(cat, services) // CELL_MINUTES
    first_cell = clock.cell(start)
    room = placing.free_room(s, rooms, first_cell, visit_cells)
    if room is None:
        raise placing.slot_taken(s, cat, loc, services, start, now)
    end = start + timedelta(minutes=visit_cells * CELL_MINUTES)
    forget_on = placing.forget_day(end)
    asks = request.confirm or request.remind_minutes is not None
    pass_, code = passes.for_more(s, request.code, request.language, request.cover, request.phone, asks, forget_on)
    rid, noun = new_rid(), tickets.any_noun()
    details = Details(tuple(sorted(services)), request.remind_minutes)
    own_cells = visit_cells + placing.pause_cells(room)
    placing.insert_appointment(
        s,
        {
            "rid": rid,
            "pass_id": pass_.rid,
            "location_id": loc.id,
            "room_id": room.id,
            "day": day,
            "start_cell": first_cell,
            "visit_cells": visit_cells,
            "own_cells": own_cells,
            "status": "booked",
            "status_at": None,
            "ticket": ticket,
            "noun": noun,
            "details": placing.seal(forget_on, rid, details),
            "moves": 0,
            "forget_on": forget_on,
        },
    )
    try:
        placing.take_cells(s, rid, room.id, first_cell, own_cells)
    except IntegrityError as error:
        raise placing.slot_lost(error) from error
    if request.remind_minutes is not None and not telling.remind(
        s, pass_, rid, start, request.remind_minutes, forget_on, now
    ):
        raise ReminderUseless
    if request.confirm and not telling.confirm(s, pass_, rid, start, forget_on, now):
        raise ReminderUseless
    tally.booked_before(s, loc.id, start, now)
    if code is None:
        waiting.served(s, pass_.rid, loc.id, start)
    chosen = tuple(cat.services[number] for number in details.services)
    view = AppointmentView(rid, loc, chosen, room, start, end, "booked", ticket, noun, 0, forget_on)
    return Booked(code, view)


def walk_in(
    s: Session,
    cat: Catalogue,
    loc: LocationInfo,
    room_id: int | None,
    what: int | frozenset[int],
    now: datetime,
    actor: str,
    earliest: datetime | None = None,
) -> tuple[DeskRow, int]:
    """Give who stands at the desk the next free time of this service day, and a ticket; no pass.

    `what` is minutes, or services by id (those for walk-ins only too); `room_id` None means any room;
    `earliest` is a later time that the desk pointed at.
    Returns the row and the number of the noun, to be said once. Raises NoTimeLeft.
    """
    day = clock.service_day(now)
    ticket = taken.bump(s, loc.id, day, tickets.step()).last_ticket
    cat = catalogue.current(s)
    loc = cat.locations[loc.id]
    services = frozenset[int]() if isinstance(what, int) else what
    minutes = what if isinstance(what, int) else availability.minutes(cat, what)
    rooms = [room for room in loc.rooms if services <= room.services and room_id in (None, room.id)]
    held = inside.held_today(s, loc.id, day, now)
    found = _next_free(s, cat, loc, rooms, held, -(-minutes // CELL_MINUTES), max(now, earliest or now), day)
    if minutes <= 0 or found is None:
        raise NoTimeLeft
    room, first_cell = found
    visit_cells = -(-minutes // CELL_MINUTES)
    start = clock.moment(first_cell)
    end = start + timedelta(minutes=visit_cells * CELL_MINUTES)
    rid, noun, forget_on = new_rid(), tickets.any_noun(), placing.forget_day(end)
    own_cells = visit_cells + placing.pause_cells(room)
    here_since = now.replace(second=0, microsecond=0)
    placing.insert_appointment(
        s,
        {
            "rid": rid,
            "pass_id": None,
            "location_id": loc.id,
            "room_id": room.id,
            "day": day,
            "start_cell": first_cell,
            "visit_cells": visit_cells,
            "own_cells": own_cells,
            "status": "here",
            "status_at": here_since,
            "ticket": ticket,
            "noun": noun,
            "details": placing.seal(forget_on, rid, Details(tuple(sorted(services)), None)),
            "moves": 0,
            "forget_on": forget_on,
        },
    )
    placing.take_cells(s, rid, room.id, first_cell, own_cells)
    audit.record(s, now, actor, "visit.walk_in", day.isoformat(), loc.id)
    return DeskRow(rid, room.id, start, end, ticket, "here", here_since, True), noun


def _useful(request: Request, now: datetime) -> None:
    if request.remind_minutes is None and not request.confirm:
        return
    if request.phone is None and request.code is None:
        raise PhoneNeeded
    if request.remind_minutes is not None and window.due(request.start, request.remind_minutes, now) is None:
        raise ReminderUseless
    if request.confirm and window.news_at(request.start, now) is None:
        raise ReminderUseless


def _next_free(
    s: Session,
    cat: Catalogue,
    loc: LocationInfo,
    rooms: list[RoomInfo],
    held: Mapping[int, int],
    visit_cells: int,
    earliest: datetime,
    day: date,
) -> tuple[RoomInfo, int] | None:
    """The room and cell of the first time left on a service day from `earliest` on, the running cell included."""
    if not rooms or visit_cells <= 0:
        return None
    base = taken.first_cell(day)
    known = taken.load(s, [loc.id], day, day)
    passed = (1 << clock.cell(earliest) - base) - 1
    times: list[tuple[int, int, RoomInfo]] = []
    for room in rooms:
        busy = known.around(loc.id, room.id, day) | held.get(room.id, 0)
        starts = availability.room_starts(open_mask(cat, loc, room, day), busy, visit_cells, placing.pause_cells(room))
        first = next(availability.bits(starts & ~passed), None)
        if first is not None:
            times.append((first, room.id, room))
    if not times:
        return None
    first, _, room = min(times)
    return room, base + first
