"""Placing a visit: which room takes it, and the cells that make the time its own.

Works inside the caller's writing transaction, after the location's day was bumped. The primary key of
`cell` is what makes a double booking impossible; all that stands here only finds a good answer first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import availability
from clinic.booking.models import Appointment, Cell
from clinic.booking.refusals import NotASlot, NotBookable, SlotTaken, TooFar, TooSoon
from clinic.clock import CELL_MINUTES
from clinic.db import Prepared
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo, takes_bookings
from clinic.privacy import sealing

DETAILS = "appointment.details"

APPOINTMENT = cast(Table, Appointment.__table__)
_INSERT = Prepared(APPOINTMENT.insert(), APPOINTMENT.c.keys())
_DELETE_CELLS = cast(Table, Cell.__table__).delete().where(Cell.appointment_id == bindparam("appointment"))
_CELLS = cast(Table, Cell.__table__).c
# One statement for any number of cells, the same on both databases.
_INSERT_CELLS = Prepared(
    text(
        "INSERT INTO cell (room_id, cell, appointment_id) "
        "WITH RECURSIVE run(n) AS (SELECT CAST(:first AS integer) UNION ALL SELECT n + 1 FROM run WHERE n < :last) "
        "SELECT :room, n, :appointment FROM run"
    )
)


@dataclass(frozen=True, slots=True)
class Details:
    """What a visit is for: sealed, since services say more about her than anything else we keep."""

    services: tuple[int, ...]
    remind_minutes: int | None
    notes: str = ""
    felt: bool = False  # she has said how it was: once for each visit
    was: tuple[str, int] | None = None  # day and number of the ticket she may still hold
    lost: bool = False  # the box does not open: all the rest is unknown, the visit itself stands


def seal(forget_on: date, rid: bytes, details: Details) -> bytes:
    """Details as a box of this appointment, opened until the end of `forget_on`."""
    content: dict[str, Any] = {
        "services": details.services,
        "remind": details.remind_minutes,
        "notes": details.notes,
        "felt": int(details.felt),  # a digit, so that the box is as long either way
    }
    if details.was is not None:
        content["was"] = details.was
    return sealing.seal(forget_on, DETAILS, rid, json.dumps(content, separators=(",", ":"), ensure_ascii=False))


def unseal(rid: bytes, box: bytes) -> Details:
    """The details of an appointment; `lost` where the box does not open."""
    try:
        content = json.loads(sealing.open_(DETAILS, rid, box))
    except sealing.Unreadable:
        return Details((), None, lost=True)
    felt = bool(content.get("felt", 0))
    was = content.get("was")
    ticket = (str(was[0]), int(was[1])) if was else None
    return Details(tuple(content["services"]), content["remind"], content["notes"], felt, ticket)


def reseal(forget_on: date, row: Any, details: Details) -> bytes:
    """The box of a visit whose details changed or are kept for longer; one that does not open stays as it is."""
    box: bytes = row.details
    return box if details.lost else seal(forget_on, row.rid, details)


def forget_day(end: datetime) -> date:
    """The last day on which a visit that ends at `end` is remembered: the Date after it."""
    return clock.local(end).date() + timedelta(days=1)


def candidates(
    s: Session, cat: Catalogue, loc: LocationInfo, services: frozenset[int], start: datetime, now: datetime
) -> tuple[RoomInfo, ...]:
    """Rooms in which `start` is a slot, whether taken or not; the least versatile first.

    Raises NotBookable, TooSoon, TooFar, NotASlot.
    """
    today = clock.local(now).date()
    if not takes_bookings(loc, today):
        raise NotBookable(NotBookable.NOBODY_LOOKS)
    if not availability.rooms_for(cat, loc, services):
        known = [cat.services[number] for number in services if number in cat.services]
        walk_in = any(service.walk_in_only for service in known)
        raise NotBookable(NotBookable.WALK_IN_ONLY if walk_in else NotBookable.NO_ROOM_FOR_ALL)
    if start < now + timedelta(minutes=loc.lead_minutes):
        raise TooSoon(availability.alternatives(s, cat, loc, services, now, now))
    horizon = clock.at(today + timedelta(days=loc.days_ahead + 1), 0)
    if start >= horizon:
        raise TooFar(availability.alternatives(s, cat, loc, services, horizon, now))
    rooms = availability.open_rooms(cat, loc, services, start)
    if not rooms:
        raise NotASlot(availability.alternatives(s, cat, loc, services, start, now))
    return tuple(sorted(rooms, key=lambda room: (len(room.services), room.id)))


def free_room(s: Session, rooms: Sequence[RoomInfo], first_cell: int, visit_cells: int) -> RoomInfo | None:
    """The first of these rooms that is free for the visit and its own pause; one indexed query."""
    longest = visit_cells + max(pause_cells(room) for room in rooms)
    wanted = {f"room{n}": room.id for n, room in enumerate(rooms)}
    wanted |= {"first": first_cell, "last": first_cell + longest - 1}
    found: Any = _first_taken(len(rooms)).run(s, wanted)
    taken_from: dict[int, int] = dict(found.all())
    for room in rooms:
        if taken_from.get(room.id, first_cell + longest) >= first_cell + visit_cells + pause_cells(room):
            return room
    return None


@cache
def _first_taken(rooms: int) -> Prepared:
    """The first taken cell in each of so many rooms between two cells."""
    named: list[ColumnElement[int]] = [bindparam(f"room{n}") for n in range(rooms)]
    return Prepared(
        select(_CELLS.room_id, func.min(_CELLS.cell))
        .where(_CELLS.room_id.in_(named), _CELLS.cell.between(bindparam("first"), bindparam("last")))
        .group_by(_CELLS.room_id)
    )


def pause_cells(room: RoomInfo) -> int:
    """Cells that a room rests after each visit."""
    return room.pause // CELL_MINUTES


def insert_appointment(s: Session, row: dict[str, object]) -> None:
    """Write one appointment; nobody has moved or stopped it yet."""
    _INSERT.run(s, {"by_place": "", "late": False, "comes_late": 0, **row})


def take_cells(s: Session, rid: bytes, room_id: int, first_cell: int, own_cells: int) -> None:
    """Make time an appointment's own. Raises IntegrityError when another has a part of it."""
    _INSERT_CELLS.run(s, {"first": first_cell, "last": first_cell + own_cells - 1, "room": room_id, "appointment": rid})


def give_back_cells(s: Session, rid: bytes) -> None:
    """Free the time of an appointment."""
    s.execute(_DELETE_CELLS, {"appointment": rid})


def slot_taken(
    s: Session, cat: Catalogue, loc: LocationInfo, services: frozenset[int], start: datetime, now: datetime
) -> SlotTaken:
    """The refusal for a time that is gone, with what is free nearest to it."""
    return SlotTaken(availability.alternatives(s, cat, loc, services, start, now))


def slot_lost(error: IntegrityError) -> SlotTaken:
    """The same, when the database refused, which the lock of the day lets happen to nobody.

    That transaction can read no more, and a second one beside it would take a connection while it holds one: with
    all of them held so, nobody would get any. So nothing else is offered.
    """
    if "cell" not in str(error.orig).lower():
        raise error
    return SlotTaken(())
