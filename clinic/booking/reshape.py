"""Reshaping: closures and new hours that move or stop visits. First a preview of who is touched, then the act.

Every day that is touched is bumped first, in order of date, so that a booking under way either comes
before the change (and is then touched by it) or sees it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, desk_times, placing, rearranging, taken
from clinic.booking.appointments import DeskRow
from clinic.booking.rearranging import MOVE, STOP, Answers, MoreTouched, Rearranged, Touched
from clinic.booking.refusals import Gone, MovedMeanwhile, StatusChanged
from clinic.db import Text3
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, ClosureInfo, LocationInfo
from clinic.directory.models import Closure
from clinic.directory.openness import open_mask

__all__ = [
    "MOVE", "STOP", "MoreTouched", "Shut", "Touched", "ahead", "bump_ahead", "change", "close", "foresee", "move_one",
    "preview", "reopen", "stop_one", "stranded",
]  # fmt: skip

MOVABLE = ("booked", "here", "missed")  # who is in the room, or was, stays where she is
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shut:
    """A location, or one of its rooms, closed from `starts_at` until `ends_at`; the reason is for staff."""

    location_id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime
    reason: Text3


@dataclass(frozen=True, slots=True)
class Reshaped(Rearranged):
    """What a closure did."""

    closure_id: int


def preview(s: Session, cat: Catalogue, shut: Shut, now: datetime) -> tuple[Touched, ...]:
    """Who would be touched, in order of time. Changes nothing."""
    loc = _shut(cat.locations[shut.location_id], shut)
    return rearranging.touched(s, cat, loc, _rows(s, shut), now)


def close(s: Session, cat: Catalogue, shut: Shut, answers: Answers, actor: str, now: datetime) -> Reshaped:
    """Close, and move or stop each touched visit as `answers` says (its key → MOVE or STOP).

    A visit that finds no other time is stopped. `s` writes. Raises MoreTouched when a visit is touched
    for which there is no answer.
    """
    # whoever moves may move to any day, and days are bumped in order
    days = ahead(cat.locations[shut.location_id], now)
    taken.bump_days(s, shut.location_id, days if any(map(rearranging.moves, answers.values())) else _within(shut, days))
    before = catalogue.current(s)
    rows = _rows(s, shut)
    if any(row.rid not in answers for row in rows):
        loc = _shut(before.locations[shut.location_id], shut)
        raise MoreTouched(rearranging.touched(s, before, loc, rows, now))
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
    done = rearranging.carry_out(s, catalogue.current(s), rows, answers, now)
    audit.record(s, now, actor, "closure.add", f"closure:{closure_id}", shut.location_id)
    return Reshaped(done.moved, done.stopped, done.untold, done.was, closure_id)


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
    taken.bump_days(s, location_id, _within(shut, ahead(cat.locations[location_id], now)))
    s.execute(delete(Closure).where(Closure.id == closure_id))
    catalogue.changed(s)
    audit.record(s, now, actor, "closure.remove", f"closure:{closure_id}", location_id)


def foresee(s: Session, loc: LocationInfo, write: Callable[[Session], object], now: datetime) -> tuple[Touched, ...]:
    """Whom `write`, a change of hours or rooms, would leave without a time. `s` writes and must be rolled back."""
    write(s)
    catalogue.changed(s)
    after = catalogue.current(s)
    here = replace(after.locations[loc.id], stopped_at=None)  # a stop is no matter of hours
    return rearranging.touched(s, after, here, _stranded(s, after, here, now), now)


def change(
    s: Session, loc: LocationInfo, write: Callable[[Session], object], answers: Answers, now: datetime
) -> Rearranged:
    """Change hours or rooms of a place by `write`, and move or stop whom that leaves without a time. `s` writes.

    Raises MoreTouched when there is no answer for one of them; that must roll back what was written.
    """
    bump_ahead(s, loc, now)
    write(s)
    catalogue.changed(s)
    after = catalogue.current(s)
    here = replace(after.locations[loc.id], stopped_at=None)  # a stop is no matter of hours
    rows = _stranded(s, after, here, now)
    if any(row.rid not in answers for row in rows):
        raise MoreTouched(rearranging.touched(s, after, here, rows, now))
    return rearranging.carry_out(s, after, rows, answers, now)


def bump_ahead(s: Session, loc: LocationInfo, now: datetime) -> None:
    """Bump every day on which one can book here: before a change of hours, rooms or services. `s` writes."""
    taken.bump_days(s, loc.id, ahead(loc, now))


def stranded(s: Session, cat: Catalogue, loc: LocationInfo, now: datetime) -> tuple[DeskRow, ...]:
    """Visits to come that no longer lie in open time, after hours or rooms were changed."""
    return tuple(appointments.desk_row(row) for row in _stranded(s, cat, loc, now))


def move_one(
    s: Session,
    cat: Catalogue,
    location_id: int,
    rid: bytes,
    start: datetime,
    actor: str,
    now: datetime,
    seen: datetime | None = None,
) -> tuple[DeskRow, bool]:
    """The desk moves one visit; the row, and whether a message will reach her. No limit of hers applies.

    `seen` is the time at which the desk saw it. `s` writes. Raises Gone, MovedMeanwhile, StatusChanged,
    SlotTaken, NotASlot.
    """
    row = _one(s, location_id, rid, seen, clock.service_day(start))
    if clock.moment(row.start_cell) == start and row.status == "booked":
        return appointments.desk_row(row), True
    cat = catalogue.current(s)
    services = frozenset(placing.unseal(rid, row.details).services)
    rooms = desk_times.rooms(s, cat, cat.locations[location_id], services, row.visit_cells, start, now)
    rooms = tuple(sorted(rooms, key=lambda room: room.id != row.room_id))
    view = rearranging.move(s, cat, row, rooms, start, now)
    audit.record(s, now, actor, "visit.move", row.day.isoformat(), location_id)
    return rearranging.as_row(row, view), rearranging.tell_moved(s, row, view, now)


def stop_one(s: Session, location_id: int, rid: bytes, actor: str, now: datetime, seen: datetime | None = None) -> bool:
    """The desk takes one visit off; whether a message will reach her.

    `s` writes. Raises Gone, MovedMeanwhile, StatusChanged.
    """
    row = _one(s, location_id, rid, seen)
    audit.record(s, now, actor, "visit.stop", row.day.isoformat(), location_id)
    appointments.stop(s, row, now, "closed")
    return rearranging.tell_stopped(s, row, now)


def ahead(loc: LocationInfo, now: datetime) -> list[date]:
    """The service days on which somebody may be booked here, by the desk as well."""
    first = clock.service_day(now)
    return [first + n * _DAY for n in range(max(loc.days_ahead, desk_times.MOST_DAYS) + 2)]


def _one(s: Session, location_id: int, rid: bytes, seen: datetime | None, *more: date) -> Any:
    row = appointments.row_of(s, rid)
    if row.location_id != location_id:
        raise Gone
    row = appointments.locked(s, row, *more)
    if row.status == "cancelled":
        raise Gone
    if seen is not None and clock.moment(row.start_cell) != seen:
        raise MovedMeanwhile(clock.moment(row.start_cell))
    if row.status not in MOVABLE or row.room_id is None:
        raise StatusChanged(row.status)
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


def _stranded(s: Session, cat: Catalogue, loc: LocationInfo, now: datetime) -> list[Any]:
    days = ahead(loc, now)
    rows = appointments.live_between(s, loc.id, days[0], days[-1])
    return [row for row in rows if clock.moment(row.start_cell) > now and not _lies_open(cat, loc, row)]


def _lies_open(cat: Catalogue, loc: LocationInfo, row: Any) -> bool:
    room = next((room for room in loc.rooms if room.id == row.room_id), None)
    if room is None:
        return False
    visit: int = ((1 << row.visit_cells) - 1) << row.start_cell - taken.first_cell(row.day)
    return visit & ~open_mask(cat, loc, room, row.day) == 0


def _within(shut: Shut, days: list[date]) -> list[date]:
    """Those of `days` that a closure touches."""
    first, last = clock.service_day(shut.starts_at), clock.service_day(shut.ends_at)
    return [day for day in days if first <= day <= last]
