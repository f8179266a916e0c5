"""What people at the desk mark on a visit: here, in the room, done, did not come; each undone by setting it back.

Nothing marks by itself: whether somebody came is only ever what a person has seen.

Who did not come gives the rest of her time to others, from this minute on; undone, the time is hers
again where nobody has taken it.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, inside, placing, rearranging, telling
from clinic.booking.models import STATUSES, Cell
from clinic.booking.placing import APPOINTMENT
from clinic.booking.refusals import Gone, StatusChanged, TimeGiven
from clinic.directory import catalogue

DESK_STATUSES = tuple(status for status in STATUSES if status != "cancelled")

NOT_THERE = ("booked", "missed")
LATE = timedelta(minutes=10)  # who comes so long after her time is counted as late

_CELLS = cast(Table, Cell.__table__)


def set_status(s: Session, location_id: int, rid: bytes, was: str, to: str, actor: str, now: datetime) -> None:
    """Set a visit's status, if it still is what the desk saw.

    `s` writes. Raises StatusChanged with the present status ("" when the visit is gone), TimeGiven when
    somebody else has the time of one who comes after all, StillInside when she is called into a room that
    another has not left, ValueError for a word that is none of the desk's.
    """
    if to not in DESK_STATUSES:
        raise ValueError(to)
    row = _locked(s, location_id, rid)
    if row.status != was or row.status == "cancelled" or row.room_id is None:
        raise StatusChanged(row.status)
    if to == "in_room" and was != "done":  # taken back, she has been in it all the time
        inside.nobody_else(inside.rows(s, location_id, row.day), row.room_id, rid)
    _write(s, row, to, appointments.minute(now), now)
    audit.record(s, now, actor, f"visit.{to}", row.day.isoformat(), location_id)


def _locked(s: Session, location_id: int, rid: bytes) -> Any:
    try:
        found = appointments.row_of(s, rid)
        if found.location_id != location_id:
            raise StatusChanged("")
        return appointments.locked(s, found)  # on the day it is on now: she may just have moved it
    except Gone:
        raise StatusChanged("") from None


def _write(s: Session, row: Any, to: str, at: datetime | None, now: datetime) -> None:
    values: dict[str, object] = {"status": to, "status_at": at}
    if to in NOT_THERE or (to == "done" and row.status in NOT_THERE):
        values["late"] = False  # at the end of the day nobody knows any more when she came
    elif row.status in NOT_THERE:
        values["late"] = now - clock.moment(row.start_cell) >= LATE
    if to == "missed":
        values["own_cells"] = _given_back(s, row, now)
    elif row.status == "missed":
        values["own_cells"] = _taken_again(s, row)
    s.execute(update(APPOINTMENT).where(APPOINTMENT.c.rid == row.rid).values(values))
    telling.VISIT.follow(s, row.rid, to, now)
    if to == "booked":
        rearranging.remind_again(s, row, now)


def _given_back(s: Session, row: Any, now: datetime) -> int:
    """Free the cells from now on; how many stay: those that nobody can use any more."""
    kept = min(row.own_cells, max(0, clock.cell(now) - row.start_cell))
    s.execute(_CELLS.delete().where(_CELLS.c.appointment_id == row.rid, _CELLS.c.cell >= row.start_cell + kept))
    return int(kept)


def _taken_again(s: Session, row: Any) -> int:
    """Take back what a missed visit has given; the pause after it only where it is free. Raises TimeGiven."""
    room = next((r for r in catalogue.current(s).locations[row.location_id].rooms if r.id == row.room_id), None)
    pause = placing.pause_cells(room) if room is not None else 0
    first, whole = row.start_cell + row.own_cells, row.visit_cells + pause
    if row.own_cells >= row.visit_cells:
        return int(row.own_cells)
    others = s.scalar(
        select(func.min(_CELLS.c.cell)).where(
            _CELLS.c.room_id == row.room_id, _CELLS.c.cell.between(first, row.start_cell + whole - 1)
        )
    )
    own = whole if others is None else others - row.start_cell
    if own < row.visit_cells:
        raise TimeGiven
    placing.take_cells(s, row.rid, row.room_id, first, own - row.own_cells)
    return int(own)
