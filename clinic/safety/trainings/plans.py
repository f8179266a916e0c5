"""What the coordinators of a place do with its trainings: plan one, change it, cancel it, say how many came."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.db import Text3
from clinic.safety.trainings import reading, seats
from clinic.safety.trainings.models import Training
from clinic.safety.trainings.reading import TRAINING, TrainingView

FEW = 5  # fewer than these are never written down


class SeatsTaken(Exception):
    """More seats are taken than there would be; `taken` says how many."""

    def __init__(self, taken: int) -> None:
        super().__init__("seats are taken")
        self.taken = taken


class NotAhead(Exception):
    """It has begun, or was cancelled: nothing of it is changed any more."""


class NotOver(Exception):
    """It has not begun yet, or does not take place: nobody has come."""


class OtherDay(Exception):
    """A class stays on its day."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A training as a coordinator plans it, parsed."""

    kind: str
    name: Text3
    about: Text3
    for_whom: Text3
    languages: tuple[str, ...]
    starts_at: datetime
    minutes: int
    place: str
    way: str
    page: int | None
    seats: int


def plan(s: Session, location_id: int, wanted: Plan, actor: str, now: datetime) -> int:
    """Publish a training; its number. `s` writes."""
    row = Training(
        location_id=location_id, kind=wanted.kind, name=wanted.name, about=wanted.about, for_whom=wanted.for_whom,
        languages=",".join(wanted.languages), starts_at=wanted.starts_at, minutes=wanted.minutes, place=wanted.place,
        page=wanted.page, seats=wanted.seats,
    )  # fmt: skip
    s.add(row)
    s.flush()
    reading.write_way(s, row.id, wanted.starts_at, wanted.way)
    audit.record(s, now, actor, "training planned", str(row.id), location_id)
    return row.id


def change(s: Session, number: int, seats_wanted: int, way: str, actor: str, now: datetime) -> TrainingView:
    """Another number of seats, another address or link under the code; new seats go to the line first.

    `s` writes. Raises NoTraining, NotAhead, SeatsTaken.
    """
    found = _ahead(s, number, now)
    if seats_wanted < found.taken:
        raise SeatsTaken(found.taken)
    s.execute(update(TRAINING).where(TRAINING.c.id == number).values(seats=seats_wanted))
    reading.write_way(s, number, found.starts_at, way)
    seats.promote(s, number, now)
    audit.record(s, now, actor, "training changed", str(number), found.location_id)
    return reading.one(s, number)


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a training, and at which hour of its day it begins."""

    name: Text3
    about: Text3
    for_whom: Text3
    languages: tuple[str, ...]
    starts_at: datetime
    minutes: int
    page: int | None


def reword(s: Session, number: int, wanted: Words, actor: str, now: datetime) -> tuple[int, int]:
    """Another name, description or hour of the same day; a new hour is told: (told by a message, not reached).

    Another day would be another class: who took a seat chose that day. `s` writes. Raises NoTraining, NotAhead,
    OtherDay.
    """
    found = _ahead(s, number, now)
    if wanted.starts_at <= now:
        raise NotAhead
    if clock.local(wanted.starts_at).date() != clock.local(found.starts_at).date():
        raise OtherDay
    s.execute(
        update(TRAINING)
        .where(TRAINING.c.id == number)
        .values(
            name=wanted.name, about=wanted.about, for_whom=wanted.for_whom, languages=",".join(wanted.languages),
            starts_at=wanted.starts_at, minutes=wanted.minutes, page=wanted.page,
        )
    )  # fmt: skip
    told = (0, 0)
    if wanted.starts_at != found.starts_at:
        told = seats.tell_moved(s, found, wanted.starts_at, now)
    audit.record(s, now, actor, "training changed", str(number), found.location_id)
    return told


def cancel(s: Session, number: int, actor: str, now: datetime) -> tuple[int, int]:
    """It does not take place: whoever left a number is told at once, the others see it under their code.

    `s` writes. How many are told by a message, and how many are not. Raises NoTraining, NotAhead.
    """
    found = _ahead(s, number, now)
    s.execute(update(TRAINING).where(TRAINING.c.id == number).values(cancelled=True))
    told = seats.call_off(s, found, now)
    audit.record(s, now, actor, "training cancelled", str(number), found.location_id)
    return told


def came(s: Session, number: int, n: int, actor: str, now: datetime) -> TrainingView:
    """Write down how many came; fewer than 5 are kept as "fewer than 5". Raises NoTraining, NotOver."""
    found = reading.lock(s, number)
    if found.cancelled or not found.begun(now):
        raise NotOver
    s.execute(update(TRAINING).where(TRAINING.c.id == number).values(attended=n if n >= FEW else 0))
    audit.record(s, now, actor, "training counted", str(number), found.location_id)
    return reading.one(s, number)


def _ahead(s: Session, number: int, now: datetime) -> TrainingView:
    found = reading.lock(s, number)
    if found.cancelled or found.begun(now):
        raise NotAhead
    return found
