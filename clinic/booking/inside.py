"""Who is in a room right now: a room with somebody inside is free for nobody, whatever the plan says.

A visit runs over, or begins early; its cells tell only what was planned. While "in the room" stands open,
the room is held for as long as she may still be there.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import appointments, taken
from clinic.booking.appointments import DeskRow
from clinic.booking.refusals import StillInside
from clinic.directory import catalogue

SOON = 3  # cells: who runs over is expected to be out after a quarter of an hour, from now on and on


def rows(s: Session, location_id: int, day: date) -> tuple[DeskRow, ...]:
    """The visits of a service day that are in a room now."""
    found = appointments.for_desk(s, catalogue.current(s), location_id, day).rows
    return tuple(row for row in found if row.status == "in_room" and row.room_id is not None)


def held(inside: Iterable[DeskRow], day: date, now: datetime) -> dict[int, int]:
    """Per room id the time it is held from now on, as bits from 06:00 of `day`, for those who are in a room."""
    base = taken.first_cell(day)
    at = clock.cell(now) - base
    masks: dict[int, int] = {}
    for row in inside:
        if row.room_id is not None and row.status == "in_room" and at >= 0:
            until = max(clock.cell(row.end) - base, at + SOON)
            masks[row.room_id] = masks.get(row.room_id, 0) | (1 << until) - (1 << at)
    return masks


def held_today(s: Session, location_id: int, day: date, now: datetime) -> dict[int, int]:
    """The same from the database; nothing is held on another service day than the present one."""
    return held(rows(s, location_id, day), day, now) if day == clock.service_day(now) else {}


def nobody_else(inside: Sequence[DeskRow], room_id: int, rid: bytes) -> None:
    """Raises StillInside when another visit than `rid` is in this room."""
    for row in inside:
        if row.room_id == room_id and row.rid != rid:
            raise StillInside(row.ticket)
