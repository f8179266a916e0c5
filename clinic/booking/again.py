"""The next visit, made on the spot: it hangs from the pass of the present one, so her code shows it.

Who came without a pass gets a number and a day, and no more: there is nothing it could hang from.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, desk_times, placing, rearranging, taken, telling, tickets
from clinic.booking.appointments import DeskRow
from clinic.booking.placing import Details
from clinic.booking.refusals import Gone
from clinic.db import new_rid
from clinic.directory import catalogue
from clinic.passes import passes


@dataclass(frozen=True, slots=True)
class Next:
    """The next visit; `noun` is to be said, once, to one without a code; `reminded`: a message will come."""

    row: DeskRow
    noun: int | None
    reminded: bool


def book_again(
    s: Session, location_id: int, rid: bytes, start: datetime, remind: bool, actor: str, now: datetime
) -> Next:
    """Book the same once more at `start`; `remind` as before, if she asked for it then.

    `s` writes. Raises Gone, NotASlot, SlotTaken.
    """
    before = appointments.row_of(s, rid)
    if before.location_id != location_id:
        raise Gone
    day = clock.service_day(start)
    before = appointments.locked(s, before, day)
    if before.status == "cancelled":
        raise Gone
    cat = catalogue.current(s)
    loc = cat.locations[location_id]
    was = placing.unseal(rid, before.details)
    services, first_cell = frozenset(was.services), clock.cell(start)
    rooms = desk_times.rooms(s, cat, loc, services, before.visit_cells, start, now)
    room = placing.free_room(s, rooms, first_cell, before.visit_cells)
    if room is None:
        raise placing.slot_taken(s, cat, loc, services, start, now)
    forget_on = placing.forget_day(clock.moment(first_cell + before.visit_cells))
    pass_ = rearranging.pass_of(s, before)
    if pass_ is not None:
        passes.hold(s, pass_)
        pass_ = passes.keep_until(s, pass_, forget_on)
    minutes = was.remind_minutes if remind and pass_ is not None and pass_.phone is not None else None
    own_cells = before.visit_cells + placing.pause_cells(room)
    new = new_rid()
    row: dict[str, Any] = {
        "rid": new,
        "pass_id": None if pass_ is None else pass_.rid,
        "location_id": location_id,
        "room_id": room.id,
        "day": day,
        "start_cell": first_cell,
        "visit_cells": before.visit_cells,
        "own_cells": own_cells,
        "status": "booked",
        "status_at": None,
        "ticket": taken.bump(s, location_id, day, tickets.step()).last_ticket,
        "noun": tickets.any_noun(),
        "details": placing.seal(forget_on, new, Details(was.services, minutes)),
        "moves": 0,
        "forget_on": forget_on,
    }
    placing.insert_appointment(s, row)
    try:
        placing.take_cells(s, new, room.id, first_cell, own_cells)
    except IntegrityError as error:
        raise placing.slot_lost(error, cat, loc, services, start, now) from error
    reminded = False
    if pass_ is not None and minutes is not None:
        reminded = telling.remind(s, pass_, new, start, minutes, forget_on, now)
    audit.record(s, now, actor, "visit.again", day.isoformat(), location_id)
    made = appointments.desk_row(appointments.row_of(s, new))
    return Next(made, row["noun"] if pass_ is None else None, reminded)


def may_be_reminded(s: Session, row: Any) -> bool:
    """Whether she asked for a reminder of this visit, and there is still a number to send one to."""
    pass_ = rearranging.pass_of(s, row)
    if pass_ is None or pass_.phone is None:
        return False
    return placing.unseal(row.rid, row.details).remind_minutes is not None
