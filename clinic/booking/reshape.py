"""Reshaping: closures and new hours that move or stop visits. First a preview of who is touched, then the act.

Every day that is touched is bumped first, in order of date, so that a booking under way either comes
before the closure (and is then touched by it) or sees it. Who is moved or stopped is told in her own
language and cover, in the same transaction; whom no message can reach is handed to the desk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, availability, placing, taken, telling
from clinic.booking.appointments import AppointmentView, DeskRow
from clinic.booking.availability import Slot
from clinic.booking.refusals import Gone, SlotTaken
from clinic.db import Text3
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, ClosureInfo, LocationInfo
from clinic.directory.models import Closure
from clinic.directory.openness import open_mask
from clinic.messaging import window
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, OpenPass

MOVE, STOP = "move", "stop"
_DAY = timedelta(days=1)
_TRIED = 5


@dataclass(frozen=True, slots=True)
class Shut:
    """A location, or one of its rooms, closed from `starts_at` until `ends_at`; the reason is for staff."""

    location_id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime
    reason: Text3


@dataclass(frozen=True, slots=True)
class Touched:
    """A visit that a closure touches: where it could go, and whether a message can reach her.

    `nearest` is free as things stand; once all touched visits are off, a nearer time may be.
    """

    row: DeskRow
    nearest: Slot | None
    reachable: bool


@dataclass(frozen=True, slots=True)
class Reshaped:
    """What was done: visits as they are now, and those whom the desk has to tell itself."""

    closure_id: int
    moved: tuple[DeskRow, ...]
    stopped: tuple[DeskRow, ...]
    untold: tuple[DeskRow, ...]


class MoreTouched(Exception):
    """Somebody booked since the preview; `touched` is the new one."""

    def __init__(self, touched: tuple[Touched, ...]) -> None:
        super().__init__("more visits are touched")
        self.touched = touched


def preview(s: Session, cat: Catalogue, shut: Shut, now: datetime) -> tuple[Touched, ...]:
    """Who would be touched, in order of time. Changes nothing."""
    loc = _shut(cat.locations[shut.location_id], shut)
    return tuple(_touched(s, cat, loc, row, now) for row in _rows(s, shut))


def close(s: Session, cat: Catalogue, shut: Shut, answers: Mapping[bytes, str], actor: str, now: datetime) -> Reshaped:
    """Close, and move or stop each touched visit as `answers` says (its key → MOVE or STOP).

    A visit that finds no other time is stopped. `s` writes. Raises MoreTouched when a visit is touched
    for which there is no answer.
    """
    # whoever moves may move to any day, and days are bumped in order
    days = _ahead(cat.locations[shut.location_id], now)
    taken.bump_days(s, shut.location_id, days if MOVE in answers.values() else _within(shut, days))
    before = catalogue.current(s)
    rows = _rows(s, shut)
    if any(row.rid not in answers for row in rows):
        loc = _shut(before.locations[shut.location_id], shut)
        raise MoreTouched(tuple(_touched(s, before, loc, row, now) for row in rows))
    closure_id = s.execute(
        insert(Closure)
        .values(
            location_id=shut.location_id,
            room_id=shut.room_id,
            starts_at=shut.starts_at,
            ends_at=shut.ends_at,
            reason=shut.reason,
        )
        .returning(Closure.id)
    ).scalar_one()
    catalogue.changed(s)
    after = catalogue.current(s)
    for row in rows:
        appointments.stop(s, row, now)  # all at once, so that they don't stand in each other's way, nor in their own
    moved, stopped, untold = [], [], []
    for row in rows:
        view = _move_near(s, after, row, now) if answers[row.rid] == MOVE else None
        if view is None:
            told = _tell_stopped(s, row, now)
            stopped.append(replace(appointments.desk_row(row), status="cancelled"))
        else:
            told = _tell_moved(s, row, view, now)
            moved.append(_as_row(row, view))
        if not told:
            untold.append((stopped if view is None else moved)[-1])
    audit.record(s, now, actor, "closure.add", f"closure:{closure_id}", shut.location_id)
    return Reshaped(closure_id, tuple(moved), tuple(stopped), tuple(untold))


def reopen(s: Session, cat: Catalogue, location_id: int, closure_id: int, actor: str, now: datetime) -> None:
    """Take a closure back; visits that it moved or stopped stay so. Raises Gone. `s` writes."""
    row = s.execute(
        select(Closure.room_id, Closure.starts_at, Closure.ends_at).where(
            Closure.id == closure_id, Closure.location_id == location_id
        )
    ).one_or_none()
    if row is None:
        raise Gone
    shut = Shut(location_id, row[0], row[1], row[2], Text3())
    taken.bump_days(s, location_id, _within(shut, _ahead(cat.locations[location_id], now)))
    s.execute(delete(Closure).where(Closure.id == closure_id))
    catalogue.changed(s)
    audit.record(s, now, actor, "closure.remove", f"closure:{closure_id}", location_id)


def bump_ahead(s: Session, loc: LocationInfo, now: datetime) -> None:
    """Bump every day on which one can book here: before a change of hours, rooms or services. `s` writes."""
    taken.bump_days(s, loc.id, _ahead(loc, now))


def stranded(s: Session, cat: Catalogue, loc: LocationInfo, now: datetime) -> tuple[DeskRow, ...]:
    """Visits to come that no longer lie in open time, after hours or rooms were changed."""
    days = _ahead(loc, now)
    rows = appointments.live_between(s, loc.id, days[0], days[-1])
    return tuple(appointments.desk_row(row) for row in rows if not _lies_open(cat, loc, row))


def move_one(
    s: Session, cat: Catalogue, location_id: int, rid: bytes, start: datetime, actor: str, now: datetime
) -> tuple[DeskRow, bool]:
    """The desk moves one visit; the row, and whether a message will reach her. No limit of hers applies.

    `s` writes. Raises Gone, SlotTaken, NotASlot, NotBookable.
    """
    row = _one(s, location_id, rid, clock.service_day(start))
    cat = catalogue.current(s)
    loc = cat.locations[location_id]
    services = frozenset(placing.unseal(rid, row.details).services)
    rooms = placing.candidates(s, cat, loc, services, start, now)
    view = _move(s, cat, row, rooms, start, now)
    audit.record(s, now, actor, "visit.move", row.day.isoformat(), location_id)
    return _as_row(row, view), _tell_moved(s, row, view, now)


def stop_one(s: Session, location_id: int, rid: bytes, actor: str, now: datetime) -> bool:
    """The desk takes one visit off; whether a message will reach her. `s` writes. Raises Gone."""
    row = _one(s, location_id, rid)
    audit.record(s, now, actor, "visit.stop", row.day.isoformat(), location_id)
    return _stop(s, row, now)


def _one(s: Session, location_id: int, rid: bytes, *more: date) -> Any:
    row = appointments.row_of(s, rid)
    if row.location_id != location_id:
        raise Gone
    row = appointments.locked(s, row, *more)
    if row.status == "cancelled":
        raise Gone
    return row


def _rows(s: Session, shut: Shut) -> list[Any]:
    """Visits that overlap a closure; the pause after a visit may overhang it, so it does not count."""
    first, last = clock.service_day(shut.starts_at), clock.service_day(shut.ends_at)
    return [
        row
        for row in appointments.live_between(s, shut.location_id, first, last)
        if shut.room_id in (None, row.room_id)
        and clock.moment(row.start_cell) < shut.ends_at
        and clock.moment(row.start_cell + row.visit_cells) > shut.starts_at
    ]


def _shut(loc: LocationInfo, shut: Shut) -> LocationInfo:
    """The location as if it were closed already."""
    closure = ClosureInfo(0, shut.room_id, shut.starts_at, shut.ends_at)
    return replace(loc, closures=(*loc.closures, closure))


def _touched(s: Session, cat: Catalogue, loc: LocationInfo, row: Any, now: datetime) -> Touched:
    start = clock.moment(row.start_cell)
    nearest = next(iter(_near(s, cat, loc, row, now)), None)
    pass_ = _pass(s, row)
    return Touched(
        appointments.desk_row(row),
        nearest,
        pass_ is not None and pass_.phone is not None and window.next_opening(now) < start,
    )


def _near(s: Session, cat: Catalogue, loc: LocationInfo, row: Any, now: datetime) -> list[Slot]:
    services = frozenset(placing.unseal(row.rid, row.details).services)
    start = clock.moment(row.start_cell)
    found = availability.alternatives(s, cat, loc, services, start, now, _TRIED)
    here = [slot for where, slot in found if where.id == loc.id]
    return sorted(here, key=lambda slot: (abs(slot.start - start), slot.start))


def _move_near(s: Session, cat: Catalogue, row: Any, now: datetime) -> AppointmentView | None:
    loc = cat.locations[row.location_id]
    services = frozenset(placing.unseal(row.rid, row.details).services)
    for slot in _near(s, cat, loc, row, now):
        rooms = availability.open_rooms(cat, loc, services, slot.start)
        try:
            return _move(s, cat, row, rooms, slot.start, now)
        except SlotTaken:
            continue
    return None


def _move(s: Session, cat: Catalogue, row: Any, rooms: Any, start: datetime, now: datetime) -> AppointmentView:
    telling.take_back(s, row.rid, "moved", now)
    return appointments.replace_time(s, cat, row, rooms, start, _pass(s, row), now)


def _stop(s: Session, row: Any, now: datetime) -> bool:
    appointments.stop(s, row, now)
    return _tell_stopped(s, row, now)


def _tell_stopped(s: Session, row: Any, now: datetime) -> bool:
    pass_ = _pass(s, row)
    start = clock.moment(row.start_cell)
    return pass_ is not None and telling.tell_stopped(s, pass_, row.rid, start, row.forget_on, now)


def _tell_moved(s: Session, row: Any, view: AppointmentView, now: datetime) -> bool:
    pass_ = _pass(s, row)
    old = clock.moment(row.start_cell)
    return pass_ is not None and telling.tell_moved(s, pass_, row.rid, old, view.start, view.forget_on, now)


def _pass(s: Session, row: Any) -> OpenPass | None:
    if row.pass_id is None:
        return None
    try:
        return passes.of(s, row.pass_id)
    except CodeUnknown:
        return None


def _as_row(row: Any, view: AppointmentView) -> DeskRow:
    room_id = view.room.id if view.room else row.room_id
    return replace(
        appointments.desk_row(row),
        room_id=room_id,
        start=view.start,
        end=view.end,
        ticket=view.ticket,
        status=view.status,
        status_at=None,
    )


def _lies_open(cat: Catalogue, loc: LocationInfo, row: Any) -> bool:
    room = next((room for room in loc.rooms if room.id == row.room_id), None)
    if room is None:
        return False
    visit: int = ((1 << row.visit_cells) - 1) << row.start_cell - taken.first_cell(row.day)
    return visit & ~open_mask(cat, loc, room, row.day) == 0


def _ahead(loc: LocationInfo, now: datetime) -> list[date]:
    first = clock.service_day(now)
    return [first + n * _DAY for n in range(loc.days_ahead + 2)]


def _within(shut: Shut, days: list[date]) -> list[date]:
    """Those of `days` that a closure touches."""
    first, last = clock.service_day(shut.starts_at), clock.service_day(shut.ends_at)
    return [day for day in days if first <= day <= last]
