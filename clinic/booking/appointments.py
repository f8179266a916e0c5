"""Appointments: what she sees under her pass, how she moves and cancels, what the desk sees of a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import placing, taken, telling, tickets
from clinic.booking.models import Appointment
from clinic.booking.placing import APPOINTMENT, Details
from clinic.booking.refusals import Gone, TooLate
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo, ServiceInfo
from clinic.passes import passes
from clinic.passes.passes import OpenPass

COLUMNS = (
    Appointment.rid,
    Appointment.pass_id,
    Appointment.location_id,
    Appointment.room_id,
    Appointment.day,
    Appointment.start_cell,
    Appointment.visit_cells,
    Appointment.own_cells,
    Appointment.status,
    Appointment.status_at,
    Appointment.ticket,
    Appointment.noun,
    Appointment.details,
    Appointment.moves,
    Appointment.forget_on,
    Appointment.by_place,
    Appointment.comes_late,
)
_OF_PASS = select(*COLUMNS).where(Appointment.pass_id == bindparam("pass")).order_by(Appointment.start_cell)
_ONE = select(*COLUMNS).where(Appointment.rid == bindparam("rid"))
_OF_DAY = (
    select(*COLUMNS)
    .where(
        Appointment.location_id == bindparam("location"),
        Appointment.day == bindparam("day"),
        Appointment.status != "cancelled",
    )
    .order_by(Appointment.start_cell, Appointment.ticket)
)


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """A visit as she may see it, under her code."""

    rid: bytes
    location: LocationInfo
    services: tuple[ServiceInfo, ...]
    room: RoomInfo | None  # None when the room has been given up since
    start: datetime
    end: datetime
    status: str
    ticket: int
    noun: int
    moves: int
    forget_on: date
    by_place: str = ""  # "moved", "closed" or "stopped": what the place, not she, did last
    comes_late: int = 0  # minutes by which she said that she comes later

    def noun_in(self, language: str) -> str:
        """The ticket's noun in one of the site's languages."""
        return tickets.noun_words(self.noun, language)


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A visit as the desk sees it: when, where and which number; no noun, no pass, no services."""

    rid: bytes
    room_id: int | None  # None: waits in the line
    start: datetime
    end: datetime
    ticket: int
    status: str
    status_at: datetime | None
    walk_in: bool
    freed: datetime | None = None  # a missed visit: from when on its time is others'
    promised: int = 0  # minutes by which a message told her to come later
    comes_late: int = 0  # minutes by which she says that she comes later

    @property
    def minutes(self) -> int:
        """Length of the visit."""
        return int((self.end - self.start).total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A visit as the clinician of its room sees it."""

    row: DeskRow
    services: tuple[ServiceInfo, ...]
    notes: str


@dataclass(frozen=True, slots=True)
class DeskDay:
    """A location's service day: its version changes with every change of a row."""

    version: int
    rows: tuple[DeskRow, ...]


def of_pass(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> tuple[AppointmentView, ...]:
    """Everything under a pass that is still remembered on the day of `now`, in order of time."""
    today = clock.local(now).date()
    rows = s.execute(_OF_PASS, {"pass": pass_.rid})
    return tuple(_view(cat, row) for row in rows if row.forget_on >= today)


def cancel(s: Session, cat: Catalogue, pass_: OpenPass, rid: bytes, now: datetime) -> AppointmentView:
    """Give the time back; what was not sent is dropped. Cancelling twice changes nothing.

    `s` writes. Raises Gone, TooLate.
    """
    row = locked(s, hers(s, pass_, rid))
    if row.status == "cancelled":
        return _view(cat, row)
    _in_time(cat, row, now)
    stop(s, row, now)
    return _view(cat, row_of(s, rid))


def comes_late(s: Session, cat: Catalogue, pass_: OpenPass, rid: bytes, minutes: int, now: datetime) -> AppointmentView:
    """She says that she comes `minutes` later; 0: on time after all. The desk sees it, her time stays as it is.

    `s` writes. Raises Gone, TooLate where it is said too early, or nobody waits for her any more.
    """
    row = locked(s, hers(s, pass_, rid))
    if row.status == "cancelled":
        raise Gone
    if row.status != "booked" or not may_say_late(cat.locations[row.location_id], clock.moment(row.start_cell), now):
        raise TooLate
    s.execute(update(APPOINTMENT).where(APPOINTMENT.c.rid == rid).values(comes_late=minutes))
    return _view(cat, row_of(s, rid))


def may_say_late(loc: LocationInfo, start: datetime, now: datetime) -> bool:
    """Whether the desk would still be glad to hear that she comes later: from an hour before, while it waits."""
    return start - timedelta(hours=1) <= now <= waited_until(loc, start)


def stop(s: Session, row: Any, now: datetime, by_place: str = "") -> None:
    """Take a visit off: its cells are free, its waiting messages dropped. Its day was bumped before.

    `by_place`: "closed" or "stopped" where the place did it, not she.
    """
    placing.give_back_cells(s, row.rid)
    s.execute(
        update(APPOINTMENT)
        .where(APPOINTMENT.c.rid == row.rid)
        .values(status="cancelled", status_at=minute(now), by_place=by_place)
    )
    telling.take_back(s, row.rid, "cancelled", now)


def move(s: Session, cat: Catalogue, pass_: OpenPass, rid: bytes, start: datetime, now: datetime) -> AppointmentView:
    """Bring a visit to another slot of the same place; moving it to where it is changes nothing.

    Who is late may move within the evening, as long as she is waited for.

    The ticket stays within the service day; another day gives another number, the noun stays. `s`
    writes. Raises Gone, TooLate, SlotTaken, NotASlot, TooSoon, TooFar, NotBookable.
    """
    row = hers(s, pass_, rid)
    if row.status == "cancelled":
        raise Gone
    if clock.moment(row.start_cell) == start:
        return _view(cat, row)
    _in_time(cat, row, now, start)
    services = frozenset(placing.unseal(rid, row.details).services)
    placing.candidates(s, cat, cat.locations[row.location_id], services, start, now)
    row = locked(s, row, clock.service_day(start))
    if row.status == "cancelled":
        raise Gone
    _in_time(cat, row, now, start)
    fresh = catalogue.current(s)
    rooms = placing.candidates(s, fresh, fresh.locations[row.location_id], services, start, now)
    rooms = tuple(sorted(rooms, key=lambda room: room.id != row.room_id))
    was_to_confirm = telling.take_back(s, rid, "moved", now)
    moved = replace_time(s, fresh, row, rooms, start, pass_, now)
    if was_to_confirm:
        telling.confirm(s, pass_, rid, start, moved.forget_on, now)
    return moved


def replace_time(
    s: Session,
    cat: Catalogue,
    row: Any,
    rooms: Sequence[RoomInfo],
    start: datetime,
    pass_: OpenPass | None,
    now: datetime,
    by_place: str = "",
) -> AppointmentView:
    """Move a visit to `start` in the first free one of `rooms`, with its reminder. Its days were bumped before.

    Raises SlotTaken. Cells are deleted and written anew: `SET cell = cell + 1` would break on the key.
    """
    loc = cat.locations[row.location_id]
    details = placing.unseal(row.rid, row.details)
    services = frozenset(details.services)
    first_cell, day = clock.cell(start), clock.service_day(start)
    placing.give_back_cells(s, row.rid)
    room = placing.free_room(s, rooms, first_cell, row.visit_cells)
    if room is None:
        raise placing.slot_taken(s, cat, loc, services, start, now)
    forget_on = placing.forget_day(clock.moment(first_cell + row.visit_cells))
    values: dict[str, object] = {
        "room_id": room.id,
        "day": day,
        "start_cell": first_cell,
        "own_cells": row.visit_cells + placing.pause_cells(room),
        "moves": row.moves + 1,
        "forget_on": forget_on,
        "status": "booked",
        "status_at": None,
        "by_place": by_place,
        "comes_late": 0,
    }
    if day != row.day:
        values["ticket"] = taken.bump(s, loc.id, day, tickets.step()).last_ticket
        details = replace(details, was=(row.day.isoformat(), row.ticket))
    if forget_on != row.forget_on or day != row.day:
        values["details"] = placing.reseal(forget_on, row, details)
    s.execute(update(APPOINTMENT).where(APPOINTMENT.c.rid == row.rid).values(values))
    try:
        placing.take_cells(s, row.rid, room.id, first_cell, row.visit_cells + placing.pause_cells(room))
    except IntegrityError as error:
        raise placing.slot_lost(error) from error
    if pass_ is not None:
        pass_ = passes.keep_until(s, pass_, forget_on)
        if details.remind_minutes is not None:
            telling.remind(s, pass_, row.rid, start, details.remind_minutes, forget_on, now)
    return _view(cat, row_of(s, row.rid))


def for_desk(s: Session, cat: Catalogue, location_id: int, service_day: date) -> DeskDay:  # noqa: ARG001
    """The roster of a service day: every visit that was not cancelled, in order of time."""
    version = taken.version(s, location_id, service_day)
    rows = s.execute(_OF_DAY, {"location": location_id, "day": service_day})
    return DeskDay(version, tuple(desk_row(row) for row in rows))


def for_room(s: Session, cat: Catalogue, room: RoomInfo, service_day: date) -> tuple[RoomRow, ...]:
    """One room's day with the services of each visit, for the clinician in it alone."""
    rows = s.execute(_OF_DAY, {"location": room.location_id, "day": service_day})
    return tuple(_room_row(cat, row) for row in rows if row.room_id == room.id)


def find_by_ticket(
    s: Session,
    cat: Catalogue,  # noqa: ARG001
    location_id: int,
    day: date,
    number: int,
    first_letter: str,
) -> DeskRow | None:
    """The visit of a ticket on a service day; the noun's first letter, in any language, must be right too."""
    row = _by_ticket(s, location_id, day, number, first_letter)
    return None if row is None or row.status == "cancelled" else desk_row(row)


def was_taken_off(s: Session, location_id: int, day: date, number: int, first_letter: str) -> bool:
    """Whether this ticket was cancelled, by her or by the place: she may stand there and not know it."""
    row = _by_ticket(s, location_id, day, number, first_letter)
    return row is not None and row.status == "cancelled"


def moved_from(s: Session, location_id: int, day: date, number: int, first_letter: str) -> DeskRow | None:
    """Where the visit of a ticket stands now that was moved to another day; she may still hold the old one."""
    rows = s.execute(
        select(*COLUMNS).where(
            Appointment.location_id == location_id, Appointment.moves > 0, Appointment.status != "cancelled"
        )
    )
    for row in rows:
        was = placing.unseal(row.rid, row.details).was
        if was == (day.isoformat(), number) and tickets.fold(first_letter) in tickets.letters(row.noun):
            return desk_row(row)
    return None


def on_other_day(s: Session, location_id: int, day: date, number: int, first_letter: str) -> DeskRow | None:
    """The visit of this ticket on another day than `day`, the nearest; she may have come on the wrong one."""
    rows = s.execute(
        select(*COLUMNS).where(
            Appointment.location_id == location_id,
            Appointment.ticket == number,
            Appointment.day != day,
            Appointment.status != "cancelled",
        )
    )
    found = [row for row in rows if tickets.fold(first_letter) in tickets.letters(row.noun)]
    nearest = min(found, key=lambda row: (abs(row.day - day), row.day), default=None)
    return None if nearest is None else desk_row(nearest)


def _by_ticket(s: Session, location_id: int, day: date, number: int, first_letter: str) -> Any:
    row = s.execute(
        select(*COLUMNS).where(
            Appointment.location_id == location_id, Appointment.day == day, Appointment.ticket == number
        )
    ).one_or_none()
    return None if row is None or tickets.fold(first_letter) not in tickets.letters(row.noun) else row


def desk_row(row: Any) -> DeskRow:
    """A database row as the desk may see it."""
    start = clock.moment(row.start_cell)
    end = start + timedelta(minutes=clock.CELL_MINUTES * row.visit_cells)
    walk_in = row.pass_id is None
    freed = clock.moment(row.start_cell + row.own_cells) if row.status == "missed" else None
    return DeskRow(
        row.rid,
        row.room_id,
        start,
        end,
        row.ticket,
        row.status,
        row.status_at,
        walk_in,
        freed,
        comes_late=row.comes_late if row.status == "booked" else 0,
    )


def live_between(s: Session, location_id: int, first: date, last: date) -> Iterator[Any]:
    """Visits still to come or under way on some service days of a location, as rows, in order of time."""
    return iter(
        s.execute(
            select(*COLUMNS)
            .where(
                Appointment.location_id == location_id,
                Appointment.day.between(first, last),
                Appointment.status == "booked",
            )
            .order_by(Appointment.start_cell, Appointment.ticket)
        )
    )


def hers(s: Session, pass_: OpenPass, rid: bytes) -> Any:
    """The database row of a visit of this pass. Raises Gone."""
    row = s.execute(_ONE, {"rid": rid}).one_or_none()
    if row is None or row.pass_id != pass_.rid:
        raise Gone
    return row


def locked(s: Session, row: Any, *more: date) -> Any:
    """Bump the visit's service day and others, in order, then read the row again: only now it holds still."""
    while True:
        days = {row.day, *more}
        taken.bump_days(s, row.location_id, days)
        row = row_of(s, row.rid)
        if row.day in days:
            return row


def row_of(s: Session, rid: bytes) -> Any:
    """The database row of a visit. Raises Gone."""
    row = s.execute(_ONE, {"rid": rid}).one_or_none()
    if row is None:
        raise Gone
    return row


def in_time(loc: LocationInfo, start: datetime, now: datetime) -> bool:
    """Whether a visit at `start` may still be moved to any day, or cancelled, by her."""
    return now <= start - timedelta(minutes=loc.cancel_minutes)


def waited_until(loc: LocationInfo, start: datetime) -> datetime:
    """Until when the place waits for one who is late."""
    return start + timedelta(minutes=loc.grace_minutes)


def _in_time(cat: Catalogue, row: Any, now: datetime, to: datetime | None = None) -> None:
    """Raises TooLate. Who is late and still waited for may move to another time (`to`) of the same evening."""
    loc, start = cat.locations[row.location_id], clock.moment(row.start_cell)
    tonight = to is not None and clock.service_day(to) == row.day and now <= waited_until(loc, start)
    if row.status != "booked" or not (in_time(loc, start, now) or tonight):
        raise TooLate


def minute(now: datetime) -> datetime:
    """A moment as it is written down: to the minute."""
    return now.replace(second=0, microsecond=0)


def _room_row(cat: Catalogue, row: Any) -> RoomRow:
    return RoomRow(desk_row(row), _services(cat, row), placing.unseal(row.rid, row.details).notes)


def _services(cat: Catalogue, row: Any) -> tuple[ServiceInfo, ...]:
    details: Details = placing.unseal(row.rid, row.details)
    return tuple(cat.services[number] for number in details.services if number in cat.services)


def _view(cat: Catalogue, row: Any) -> AppointmentView:
    loc = cat.locations[row.location_id]
    start = clock.moment(row.start_cell)
    return AppointmentView(
        row.rid,
        loc,
        _services(cat, row),
        next((room for room in loc.rooms if room.id == row.room_id), None),
        start,
        start + timedelta(minutes=clock.CELL_MINUTES * row.visit_cells),
        row.status,
        row.ticket,
        row.noun,
        row.moves,
        row.forget_on,
        row.by_place,
        row.comes_late,
    )
