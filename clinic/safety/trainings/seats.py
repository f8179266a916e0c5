"""Seats: taken, waited for, seen under her pass, given up.

Everything that moves a seat first locks its training. A seat that becomes free belongs at once to
whoever waits the longest: a seat held for somebody who reads a message too late would stay empty.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import tickets
from clinic.db import new_rid
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, OpenPass, PhoneNeeded
from clinic.safety.trainings import reading, telling
from clinic.safety.trainings.reading import SEAT, TRAINING, TrainingView


class Full(Exception):
    """No seat is free; she may wait in line."""


class Begun(Exception):
    """It has begun already, or is over."""


class CalledOff(Exception):
    """It does not take place."""


class Gone(Exception):
    """There is no such seat under this pass any more."""


@dataclass(frozen=True, slots=True)
class Request:
    """What she asks for, parsed: `phone` in E.164, `code` of a pass she has, `tell` when a seat becomes hers."""

    training: int
    language: str
    cover: str
    phone: str | None
    tell: bool
    lead: int | None
    code: str | None


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat (or a place in line: `waits`) as she may see it, under her code."""

    rid: bytes
    training: TrainingView
    ticket: int
    noun: int
    waits: bool
    before: int  # how many stand in line before her
    forget_on: date

    def noun_in(self, language: str) -> str:
        """The ticket's noun in one of the site's languages."""
        return tickets.noun_words(self.noun, language)


@dataclass(frozen=True, slots=True)
class Taken:
    """A seat that is hers, and the code of its pass: None when she came with one."""

    code: str | None
    seat: SeatView


def take(s: Session, request: Request, now: datetime) -> Taken:
    """Take a seat that is free. `s` writes, and the caller commits; what is raised here must roll it back.

    A second seat under one code is the first one again. Raises Full, Begun, CalledOff, CodeUnknown,
    PhoneNeeded, NoTraining.
    """
    training = _open(s, request.training, now)
    if request.code is not None and (mine := _mine(s, request, now)):
        return mine
    if training.taken >= training.seats or reading.waiting(s, training.id):
        raise Full
    return _write(s, training, request, None, now)


def wait(s: Session, request: Request, now: datetime) -> Taken:
    """Stand at the end of the line, or take a seat where there is one after all. Raises as `take`, but never Full."""
    training = _open(s, request.training, now)
    if request.code is not None and (mine := _mine(s, request, now)):
        return mine
    if training.taken < training.seats and not reading.waiting(s, training.id):
        return _write(s, training, request, None, now)
    last = s.execute(select(func.max(SEAT.c.queue)).where(SEAT.c.training_id == training.id)).scalar()
    return _write(s, training, request, (last or 0) + 1, now)


def of_pass(s: Session, pass_: OpenPass, now: datetime) -> tuple[SeatView, ...]:
    """Every seat under a pass that is still remembered on the day of `now`, the nearest first."""
    today = clock.local(now).date()
    rows = s.execute(select(SEAT).where(SEAT.c.pass_id == pass_.rid, SEAT.c.forget_on >= today)).all()
    trainings = reading.several(s, [row.training_id for row in rows])
    views = [_view(s, row, trainings[row.training_id]) for row in rows]
    return tuple(sorted(views, key=lambda view: (view.training.starts_at, view.training.id)))


def leave(s: Session, pass_: OpenPass, rid: bytes, now: datetime) -> TrainingView:
    """Give a seat or a place in line up; a freed seat is given on. `s` writes. Raises Gone, Begun."""
    known = s.execute(select(SEAT.c.training_id).where(SEAT.c.rid == rid, SEAT.c.pass_id == pass_.rid)).scalar()
    if known is None:
        raise Gone
    training = reading.lock(s, known)
    if training.begun(now) and not training.cancelled:
        raise Begun
    queue = s.execute(delete(SEAT).where(SEAT.c.rid == rid).returning(SEAT.c.queue)).one_or_none()
    if queue is None:
        raise Gone
    telling.take_back(s, rid, "cancelled", now)
    if queue[0] is None:
        s.execute(update(TRAINING).where(TRAINING.c.id == known).values(taken=TRAINING.c.taken - 1))
        promote(s, known, now)
    return training


def promote(s: Session, number: int, now: datetime) -> int:
    """Give free seats to those who wait, in their order; how many. The training is locked."""
    training = reading.one(s, number)
    free = training.seats - training.taken
    if free <= 0 or training.cancelled or training.begun(now):
        return 0
    line = s.execute(
        select(SEAT).where(SEAT.c.training_id == number, SEAT.c.queue.is_not(None)).order_by(SEAT.c.queue).limit(free)
    ).all()
    for row in line:
        s.execute(update(SEAT).where(SEAT.c.rid == row.rid).values(queue=None))
        with suppress(CodeUnknown):  # her pass is forgotten, her seat stands
            pass_ = passes.of(s, row.pass_id)
            telling.seated(s, pass_, row.rid, training.starts_at, row.tell, row.lead, row.forget_on, now)
    s.execute(update(TRAINING).where(TRAINING.c.id == number).values(taken=TRAINING.c.taken + len(line)))
    return len(line)


def would_tell(s: Session, training: TrainingView, starts_at: datetime, now: datetime) -> tuple[int, int]:
    """Whom a new hour would be told by a message, and whom not; changes nothing."""
    rows = _seated(s, training.id)
    told = 0
    for row in rows:
        with suppress(CodeUnknown):
            reached = telling.reaches(passes.of(s, row.pass_id), min(training.starts_at, starts_at), now)
            told += reached is not None
    return told, len(rows) - told


def tell_moved(s: Session, was: TrainingView, starts_at: datetime, now: datetime) -> tuple[int, int]:
    """Tell everybody who has a seat the new hour of the same day: (told, not reached). The training is locked."""
    rows = _seated(s, was.id)
    told = 0
    for row in rows:
        with suppress(CodeUnknown):
            pass_ = passes.of(s, row.pass_id)
            told += telling.moved(s, pass_, row.rid, was.starts_at, starts_at, row.lead, row.forget_on, now)
    return told, len(rows) - told


def _seated(s: Session, number: int) -> Sequence[Any]:
    chosen = select(SEAT).where(SEAT.c.training_id == number, SEAT.c.queue.is_(None))
    return s.execute(chosen.order_by(SEAT.c.ticket)).all()


def call_off(s: Session, training: TrainingView, now: datetime) -> tuple[int, int]:
    """Tell everybody who has a seat or waits that it does not take place: (told, not reached by a message)."""
    rows = s.execute(select(SEAT).where(SEAT.c.training_id == training.id).order_by(SEAT.c.ticket)).all()
    told = 0
    for row in rows:
        with suppress(CodeUnknown):
            pass_ = passes.of(s, row.pass_id)
            told += telling.called_off(s, pass_, row.rid, training.starts_at, row.forget_on, now)
    return told, len(rows) - told


def _open(s: Session, number: int, now: datetime) -> TrainingView:
    """The training, locked, while seats of it may still be taken."""
    training = reading.lock(s, number)
    if training.cancelled:
        raise CalledOff
    if training.begun(now):
        raise Begun
    return training


def _mine(s: Session, request: Request, now: datetime) -> Taken | None:
    """The seat that this code already has there."""
    pass_ = passes.find(s, request.code or "")
    found = next((view for view in of_pass(s, pass_, now) if view.training.id == request.training), None)
    return None if found is None else Taken(None, found)


def _write(s: Session, training: TrainingView, request: Request, queue: int | None, now: datetime) -> Taken:
    """The rows of a seat, or of a place in line; then what she is told."""
    forget_on = reading.forget_day(training.starts_at)
    asks = request.tell or request.lead is not None
    pass_, code = passes.for_more(s, request.code, request.language, request.cover, request.phone, asks, forget_on)
    step = tickets.step()
    counted = {"last_ticket": TRAINING.c.last_ticket + step, "taken": TRAINING.c.taken + int(queue is None)}
    chosen = update(TRAINING).where(TRAINING.c.id == training.id)
    ticket = s.execute(chosen.values(counted).returning(TRAINING.c.last_ticket)).scalar_one()
    rid = new_rid()
    row = {
        "rid": rid, "training_id": training.id, "pass_id": pass_.rid, "ticket": ticket, "noun": tickets.any_noun(),
        "queue": queue, "tell": request.tell, "lead": request.lead, "forget_on": forget_on,
    }  # fmt: skip
    s.execute(SEAT.insert(), row)
    if queue is None:
        telling.seated(s, pass_, rid, training.starts_at, False, request.lead, forget_on, now)
    written = s.execute(select(SEAT).where(SEAT.c.rid == rid)).one()
    return Taken(code, _view(s, written, training))


def _view(s: Session, row: Any, training: TrainingView) -> SeatView:
    before = 0
    if row.queue is not None:
        ahead = select(func.count()).where(SEAT.c.training_id == row.training_id, SEAT.c.queue < row.queue)
        before = int(s.execute(ahead).scalar_one())
    return SeatView(row.rid, training, row.ticket, row.noun, row.queue is not None, before, row.forget_on)


__all__ = [
    "Begun",
    "CalledOff",
    "CodeUnknown",
    "Full",
    "Gone",
    "PhoneNeeded",
    "Request",
    "SeatView",
    "Taken",
    "call_off",
    "leave",
    "of_pass",
    "promote",
    "take",
    "wait",
]
