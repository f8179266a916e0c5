"""Booked by the desk: somebody calls or stands there, and gets a time of her choice, a number and its word.

What the desk books hangs from a pass like what she books herself, so that her messages, the move, the
result and the figures work the same; whoever is here already and needs none of it gets no pass.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, availability, desk_times, placing, taken, tally, telling, tickets
from clinic.booking.appointments import DeskRow
from clinic.booking.placing import Details
from clinic.booking.refusals import Gone, ReminderUseless, StatusChanged
from clinic.clock import CELL_MINUTES
from clinic.db import new_rid
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.messaging import outbox
from clinic.passes import passes
from clinic.passes.passes import OpenPass

_NOT_OUT = ("waiting", "dropped")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the desk books: `services` by id, or `minutes` where none is named; `start` is a moment on five minutes.

    `room_id` None: any room. `phone` in E.164 with `remind_minutes` before the start; `here`: she stands there.
    """

    location_id: int
    services: frozenset[int]
    minutes: int
    start: datetime
    room_id: int | None
    language: str
    cover: str
    phone: str | None
    remind_minutes: int | None
    here: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A visit that the desk has made, the number of its noun, the code of a new pass, whether a reminder will come."""

    row: DeskRow
    noun: int
    code: str | None
    reminded: bool


def book(s: Session, wanted: Wanted, actor: str, now: datetime) -> Made:
    """Give her this very time. `s` writes. Raises NotASlot, SlotTaken, ReminderUseless."""
    day = clock.service_day(wanted.start)
    ticket = taken.bump(s, wanted.location_id, day, tickets.step()).last_ticket
    cat = catalogue.current(s)
    loc = cat.locations[wanted.location_id]
    visit_cells = cells(cat, wanted.services, wanted.minutes)
    desk_times.rooms(s, cat, loc, wanted.services, visit_cells, wanted.start, now, wanted.room_id)  # refused first
    forget_on = placing.forget_day(wanted.start + timedelta(minutes=visit_cells * CELL_MINUTES))
    pass_, code = None, None
    if not wanted.here:
        pass_, code = passes.open_pass(s, wanted.language, wanted.cover, wanted.phone, forget_on)
    remind = wanted.remind_minutes if pass_ is not None and wanted.phone is not None else None
    made, noun = place(
        s, cat, loc, wanted.services, visit_cells, wanted.start, pass_, remind, ticket, now, wanted.room_id, wanted.here
    )
    reminded = False
    if pass_ is not None and remind is not None:
        reminded = telling.remind(s, pass_, made.rid, wanted.start, remind, forget_on, now)
        if not reminded:
            raise ReminderUseless
    if not wanted.here:
        tally.booked_before(s, loc.id, wanted.start, now)
    audit.record(s, now, actor, "visit.walk_in" if wanted.here else "visit.book", day.isoformat(), loc.id)
    return Made(made, noun, code, reminded)


def cells(cat: Catalogue, services: frozenset[int], minutes: int) -> int:
    """Cells of a visit: of its services, or of so many minutes where none is named."""
    known = frozenset(number for number in services if number in cat.services)
    return -(-(availability.minutes(cat, known) if known else minutes) // CELL_MINUTES)


def place(
    s: Session,
    cat: Catalogue,
    loc: LocationInfo,
    services: frozenset[int],
    visit_cells: int,
    start: datetime,
    pass_: OpenPass | None,
    remind: int | None,
    ticket: int,
    now: datetime,
    room_id: int | None = None,
    here: bool = False,
) -> tuple[DeskRow, int]:
    """Write a visit into the first room that is free at `start`; the row, and the number of its noun.

    Its day was bumped before, which gave `ticket`. Raises NotASlot, SlotTaken.
    """
    rooms = desk_times.rooms(s, cat, loc, services, visit_cells, start, now, room_id)
    first_cell = clock.cell(start)
    room = placing.free_room(s, rooms, first_cell, visit_cells)
    if room is None:
        raise placing.slot_taken(s, cat, loc, services, start, now)
    rid, noun = new_rid(), tickets.any_noun()
    forget_on = placing.forget_day(clock.moment(first_cell + visit_cells))
    own_cells = visit_cells + placing.pause_cells(room)
    row: dict[str, Any] = {
        "rid": rid,
        "pass_id": None if pass_ is None else pass_.rid,
        "location_id": loc.id,
        "room_id": room.id,
        "day": clock.service_day(start),
        "start_cell": first_cell,
        "visit_cells": visit_cells,
        "own_cells": own_cells,
        "status": "here" if here else "booked",
        "status_at": appointments.minute(now) if here else None,
        "ticket": ticket,
        "noun": noun,
        "details": placing.seal(forget_on, rid, Details(tuple(sorted(services)), remind)),
        "moves": 0,
        "forget_on": forget_on,
    }
    placing.insert_appointment(s, row)
    try:
        placing.take_cells(s, rid, room.id, first_cell, own_cells)
    except IntegrityError as error:
        raise placing.slot_lost(error) from error
    return appointments.desk_row(appointments.row_of(s, rid)), noun


def take_back(s: Session, location_id: int, rid: bytes, actor: str, now: datetime) -> DeskRow:
    """Undo what the desk has just booked: nothing stays of it, and nobody is told, since nobody was.

    `s` writes. Raises Gone, StatusChanged when she has come, or a message has gone out.
    """
    row = appointments.row_of(s, rid)
    if row.location_id != location_id:
        raise Gone
    row = appointments.locked(s, row)
    told = [m for m in outbox.of(s, telling.about(rid)) if m.state not in _NOT_OUT]
    if row.status not in ("booked", "here") or told:
        raise StatusChanged(row.status)
    appointments.stop(s, row, now)
    audit.record(s, now, actor, "visit.cancelled", row.day.isoformat(), location_id)
    return appointments.desk_row(row)
