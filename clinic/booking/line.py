"""The line: who came without a time and waits, with a ticket and no time of a room, until one is free.

Her place in it is counted from the tickets of those who still wait; nothing else is kept of the order.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, inside, placing, taken, tickets
from clinic.booking.appointments import DeskRow
from clinic.booking.placing import APPOINTMENT, Details
from clinic.booking.refusals import Gone, NoTimeLeft, StatusChanged
from clinic.clock import CELL_MINUTES
from clinic.db import new_rid
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo, RoomInfo
from clinic.directory.openness import open_mask

SHORTEST = 2  # cells: nobody is called into a room for less


def wait(s: Session, loc: LocationInfo, minutes: int, now: datetime, actor: str) -> tuple[DeskRow, int]:
    """Give who stands at the desk a ticket and a place in the line. `s` writes.

    Returns the row and the number of the noun, to be said once. Raises NoTimeLeft at a place that is stopped.
    """
    day = clock.service_day(now)
    ticket = taken.bump(s, loc.id, day, tickets.step()).last_ticket
    if catalogue.current(s).locations[loc.id].stopped_at is not None:
        raise NoTimeLeft
    cells = -(-minutes // CELL_MINUTES)
    first_cell = clock.cell(now)
    rid, noun = new_rid(), tickets.any_noun()
    forget_on = placing.forget_day(clock.moment(first_cell + cells))
    row: dict[str, object] = {
        "rid": rid,
        "pass_id": None,
        "location_id": loc.id,
        "room_id": None,
        "day": day,
        "start_cell": first_cell,
        "visit_cells": cells,
        "own_cells": 0,
        "status": "here",
        "status_at": appointments.minute(now),
        "ticket": ticket,
        "noun": noun,
        "details": placing.seal(forget_on, rid, Details((), None)),
        "moves": 0,
        "forget_on": forget_on,
    }
    placing.insert_appointment(s, row)
    audit.record(s, now, actor, "visit.walk_in", day.isoformat(), loc.id)
    return appointments.desk_row(appointments.row_of(s, rid)), noun


def call_in(s: Session, location_id: int, rid: bytes, room_id: int, actor: str, now: datetime) -> DeskRow:
    """Bring who waits in the line into a room that is free now, for as long as it is free. `s` writes.

    Raises StatusChanged when she waits no more, StillInside when somebody is in the room, NoTimeLeft when
    it is not free.
    """
    try:
        row = appointments.row_of(s, rid)
        if row.location_id == location_id:
            row = appointments.locked(s, row)
    except Gone:
        raise StatusChanged("") from None
    if row.location_id != location_id or row.status != "here" or row.room_id is not None:
        raise StatusChanged(row.status if row.location_id == location_id else "")
    cat = catalogue.current(s)
    loc = cat.locations[location_id]
    room = next((r for r in loc.rooms if r.id == room_id), None)
    cells = 0
    inside.nobody_else(inside.rows(s, location_id, row.day), room_id, rid)
    if room is not None and row.day == clock.service_day(now):
        busy = taken.load(s, [loc.id], row.day, row.day).around(loc.id, room.id, row.day)
        cells = free_run(open_mask(cat, loc, room, row.day), busy, clock.cell(now) - taken.first_cell(row.day))
    if room is None or cells < min(SHORTEST, row.visit_cells):
        raise NoTimeLeft
    _bring(s, row, room, min(cells, row.visit_cells), cells, now)
    audit.record(s, now, actor, "visit.in_room", row.day.isoformat(), location_id)
    return appointments.desk_row(appointments.row_of(s, rid))


def _bring(s: Session, row: Any, room: RoomInfo, visit_cells: int, free: int, now: datetime) -> None:
    own_cells = min(visit_cells + placing.pause_cells(room), free)
    first_cell = clock.cell(now)
    forget_on = placing.forget_day(clock.moment(first_cell + visit_cells))
    details = placing.unseal(row.rid, row.details)
    values = {
        "room_id": room.id,
        "start_cell": first_cell,
        "visit_cells": visit_cells,
        "own_cells": own_cells,
        "status": "in_room",
        "status_at": appointments.minute(now),
        "forget_on": forget_on,
        "details": placing.reseal(forget_on, row, details),
    }
    s.execute(update(APPOINTMENT).where(APPOINTMENT.c.rid == row.rid).values(values))
    placing.take_cells(s, row.rid, room.id, first_cell, own_cells)


def free_run(open_: int, busy: int, at: int) -> int:
    """Length of the run of open and free bits that begins at `at`."""
    if at < 0:
        return 0
    shut = ~(open_ & ~busy) >> at
    return (shut & -shut).bit_length() - 1
