"""Visits that a closure, a retired room or new hours leave without their time: where each could go, and what is done.

Whoever is moved or stopped is told in her own language and cover, in the transaction that does it; whom
no message can reach is handed to the desk, and sees it under her code.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import appointments, availability, placing, telling
from clinic.booking.appointments import AppointmentView, DeskRow
from clinic.booking.availability import Slot
from clinic.booking.models import Appointment
from clinic.booking.refusals import SlotTaken
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.messaging import outbox, window
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, OpenPass

MOVE, STOP = "move", "stop"
_LATER, _EARLIER = 4, 2  # times offered
_NEWS = (telling.MOVED, telling.STOPPED)
_LOST = ("dropped", *outbox.TROUBLES)

Answers = Mapping[bytes, str]


@dataclass(frozen=True, slots=True)
class Touched:
    """A visit that loses its time: where it could go, and whether a message can reach her.

    `options` are free as things stand, the later ones first: whoever is not told comes at the old hour, and
    only then to an open door. `reachable`: a message tells her when it is taken off; `reachable_at`: for each
    option, when it is moved there.
    """

    row: DeskRow
    options: tuple[Slot, ...]
    reachable: bool
    reachable_at: tuple[bool, ...]

    @property
    def proposed(self) -> Slot | None:
        """What is done unless the desk says otherwise: a later time, of which a message tells her."""
        later = [slot for slot, told in zip(self.options, self.reachable_at, strict=True) if told]
        return next((slot for slot in later if slot.start > self.row.start), None)


@dataclass(frozen=True, slots=True)
class Rearranged:
    """What was done: visits as they are now and as they were, and those whom the desk has to tell itself."""

    moved: tuple[DeskRow, ...]
    stopped: tuple[DeskRow, ...]
    untold: tuple[DeskRow, ...]
    was: Mapping[bytes, DeskRow]


class MoreTouched(Exception):
    """Somebody booked since the preview; `touched` is the new one. What raises it must be rolled back."""

    def __init__(self, touched: tuple[Touched, ...]) -> None:
        super().__init__("more visits are touched")
        self.touched = touched


def to(start: datetime) -> str:
    """The answer that moves a visit to this very time."""
    return f"{MOVE}:{clock.cell(start)}"


def moves(answer: str) -> bool:
    """Whether an answer moves a visit: to a time that it names, or to the nearest."""
    return answer == MOVE or chosen_start(answer) is not None


def chosen_start(answer: str) -> datetime | None:
    """The time that an answer names."""
    found = re.fullmatch(rf"{MOVE}:(\d{{1,8}})", answer, re.ASCII)
    return None if found is None else clock.moment(int(found[1]))


def rids_of(s: Session, location_id: int, answers: Mapping[tuple[date, int], str]) -> dict[bytes, str]:
    """Answers by service day and ticket, as a page may name visits, by the visits' own keys."""
    found = s.execute(
        select(Appointment.rid, Appointment.day, Appointment.ticket).where(
            Appointment.location_id == location_id, Appointment.day.in_({day for day, _ticket in answers})
        )
    )
    return {rid: answers[day, ticket] for rid, day, ticket in found if (day, ticket) in answers}


def touched(s: Session, cat: Catalogue, loc: LocationInfo, rows: Sequence[Any], now: datetime) -> tuple[Touched, ...]:
    """Rows as a preview shows them; `loc` is the place as it will be."""
    return tuple(_touched(s, cat, loc, row, now) for row in rows)


def carry_out(s: Session, cat: Catalogue, rows: Sequence[Any], answers: Answers, now: datetime) -> Rearranged:
    """Move or stop each row as `answers` says; whoever finds no other time is stopped. `s` writes.

    A time that was chosen and is gone meanwhile is replaced by the nearest, later before earlier.

    `cat` already knows the change; the days were bumped before.
    """
    for row in rows:
        # all at once, so that they don't stand in each other's way, nor in their own
        appointments.stop(s, row, now, "closed")
    moved, stopped, untold = [], [], []
    for row in sorted(rows, key=lambda row: answers[row.rid] == MOVE):  # who has a time chosen comes first
        view = _move_near(s, cat, row, chosen_start(answers[row.rid]), now) if moves(answers[row.rid]) else None
        if view is None:
            told = tell_stopped(s, row, now)
            stopped.append(replace(appointments.desk_row(row), status="cancelled"))
        else:
            told = tell_moved(s, row, view, now)
            moved.append(as_row(row, view))
        if not told:
            untold.append((stopped if view is None else moved)[-1])
    was = {row.rid: appointments.desk_row(row) for row in rows}
    return Rearranged(tuple(moved), tuple(stopped), tuple(untold), was)


def untold(s: Session, location_id: int, now: datetime) -> tuple[DeskRow, ...]:
    """Visits from today on that the place moved or took off, and whom no message tells so: the desk does."""
    rows = list(
        s.execute(
            select(*appointments.COLUMNS)
            .where(
                Appointment.location_id == location_id,
                Appointment.day >= clock.service_day(now),
                Appointment.by_place != "",
            )
            .order_by(Appointment.start_cell, Appointment.ticket)
        )
    )
    messages = outbox.of_all(s, [telling.about(row.rid) for row in rows])
    return tuple(
        appointments.desk_row(row)
        for row in rows
        if not any(m.kind in _NEWS and m.state not in _LOST for m in messages.get(telling.about(row.rid), ()))
    )


def move(s: Session, cat: Catalogue, row: Any, rooms: Any, start: datetime, now: datetime) -> AppointmentView:
    """Bring one visit to `start` in the first free one of `rooms`. Raises SlotTaken."""
    telling.take_back(s, row.rid, "moved", now)
    return appointments.replace_time(s, cat, row, rooms, start, pass_of(s, row), now, "moved")


def tell_stopped(s: Session, row: Any, now: datetime) -> bool:
    """Tell her that her visit does not take place; whether a message will reach her."""
    pass_ = pass_of(s, row)
    start = clock.moment(row.start_cell)
    return pass_ is not None and telling.tell_stopped(s, pass_, row.rid, start, row.forget_on, now)


def tell_moved(s: Session, row: Any, view: AppointmentView, now: datetime) -> bool:
    """Tell her the new time; whether a message will reach her."""
    pass_ = pass_of(s, row)
    old = clock.moment(row.start_cell)
    return pass_ is not None and telling.tell_moved(s, pass_, row.rid, old, view.start, view.forget_on, now)


def remind_again(s: Session, row: Any, now: datetime) -> None:
    """A visit takes place after all: its reminder is put again, if she asked for one."""
    minutes = placing.unseal(row.rid, row.details).remind_minutes
    pass_ = pass_of(s, row) if minutes is not None else None
    if minutes is not None and pass_ is not None:
        telling.remind_again(s, pass_, row.rid, clock.moment(row.start_cell), minutes, row.forget_on, now)


def pass_of(s: Session, row: Any) -> OpenPass | None:
    """The pass of a visit; None for a walk-in, or when it is forgotten."""
    if row.pass_id is None:
        return None
    try:
        return passes.of(s, row.pass_id)
    except CodeUnknown:
        return None


def reachable(s: Session, row: Any, now: datetime, new: datetime | None = None) -> bool:
    """Whether a message put now would reach her before her visit, and before the `new` time of it."""
    pass_ = pass_of(s, row)
    start = clock.moment(row.start_cell)
    before = start if new is None else min(start, new)
    return pass_ is not None and pass_.phone is not None and window.news_at(before, now) is not None


def as_row(row: Any, view: AppointmentView) -> DeskRow:
    """The row of a visit after it was moved."""
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


def _touched(s: Session, cat: Catalogue, loc: LocationInfo, row: Any, now: datetime) -> Touched:
    options = tuple(_near(s, cat, loc, row, now))
    there = tuple(reachable(s, row, now, slot.start) for slot in options)
    return Touched(appointments.desk_row(row), options, reachable(s, row, now), there)


def _near(s: Session, cat: Catalogue, loc: LocationInfo, row: Any, now: datetime) -> list[Slot]:
    """Free times at this place: the next later ones, then the last earlier ones."""
    services = frozenset(placing.unseal(row.rid, row.details).services)
    start = clock.moment(row.start_cell)
    first = clock.local(now).date()
    found = availability.slots(s, cat, loc, services, first, loc.days_ahead + 1, now)
    later = [slot for slot in found if slot.start > start][:_LATER]
    earlier = [slot for slot in reversed(found) if slot.start < start][:_EARLIER]
    return later + earlier


def _move_near(s: Session, cat: Catalogue, row: Any, chosen: datetime | None, now: datetime) -> AppointmentView | None:
    loc = cat.locations[row.location_id]
    services = frozenset(placing.unseal(row.rid, row.details).services)
    starts = [slot.start for slot in _near(s, cat, loc, row, now)]
    last = clock.at(clock.local(now).date() + timedelta(days=loc.days_ahead + 1), 0)
    for start in ([chosen] if chosen is not None and now < chosen < last else []) + starts:
        rooms = availability.open_rooms(cat, loc, services, start)
        try:
            if rooms:
                return move(s, cat, row, rooms, start, now)
        except SlotTaken:
            continue
    return None
