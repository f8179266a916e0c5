"""Trainings as they are read: what is still to come, one of them, and the lock under which its seats change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import Text3
from clinic.privacy import sealing
from clinic.safety.trainings.models import Seat, Training

WAY = "training.way"
TRAINING = cast(Table, Training.__table__)
SEAT = cast(Table, Seat.__table__)


class NoTraining(Exception):
    """There is no such training."""


@dataclass(frozen=True, slots=True)
class TrainingView:
    """A training as staff and she may see it; `way` opens to staff and under her code only."""

    id: int
    location_id: int
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
    taken: int
    cancelled: bool
    attended: int | None

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)

    def begun(self, now: datetime) -> bool:
        """Whether it is too late for a seat."""
        return now >= self.starts_at


def forget_day(starts_at: datetime) -> date:
    """The last day on which a seat and what is told under its code are remembered: the Date after it."""
    return clock.local(starts_at).date() + timedelta(days=1)


def ahead(s: Session, now: datetime) -> tuple[TrainingView, ...]:
    """What is still to come and takes place, the nearest first."""
    rows = s.execute(
        select(TRAINING)
        .where(TRAINING.c.starts_at > now, TRAINING.c.cancelled.is_(False))
        .order_by(TRAINING.c.starts_at, TRAINING.c.id)
    )
    return tuple(_view(row) for row in rows)


def any_ahead(s: Session, now: datetime) -> bool:
    """Whether anything is to come."""
    chosen = select(TRAINING.c.id).where(TRAINING.c.starts_at > now, TRAINING.c.cancelled.is_(False))
    return s.execute(chosen.limit(1)).first() is not None


def of_location(s: Session, location_id: int) -> tuple[TrainingView, ...]:
    """All of a place's trainings, the latest first."""
    chosen = select(TRAINING).where(TRAINING.c.location_id == location_id)
    return tuple(_view(row) for row in s.execute(chosen.order_by(TRAINING.c.starts_at.desc(), TRAINING.c.id.desc())))


def one(s: Session, number: int) -> TrainingView:
    """The training of a number. Raises NoTraining."""
    row = s.execute(select(TRAINING).where(TRAINING.c.id == number)).one_or_none()
    if row is None:
        raise NoTraining
    return _view(row)


def several(s: Session, numbers: Sequence[int]) -> dict[int, TrainingView]:
    """Trainings by their numbers."""
    rows = s.execute(select(TRAINING).where(TRAINING.c.id.in_(numbers)))
    return {row.id: _view(row) for row in rows}


def lock(s: Session, number: int) -> TrainingView:
    """The training, and nobody else changes it or its seats until the transaction ends. Raises NoTraining."""
    s.execute(update(TRAINING).where(TRAINING.c.id == number).values(version=TRAINING.c.version + 1))
    return one(s, number)


def waiting(s: Session, number: int) -> int:
    """How many stand in its line."""
    chosen = select(func.count()).where(SEAT.c.training_id == number, SEAT.c.queue.is_not(None))
    return int(s.execute(chosen).scalar_one())


def tickets(s: Session, number: int) -> tuple[int, ...]:
    """The numbers that have a seat, in order: what is printed for the door."""
    chosen = select(SEAT.c.ticket).where(SEAT.c.training_id == number, SEAT.c.queue.is_(None))
    return tuple(s.execute(chosen.order_by(SEAT.c.ticket)).scalars())


def write_way(s: Session, number: int, starts_at: datetime, way: str) -> None:
    """Keep the address or link that is told under the code, until the day after; "" for none."""
    box = sealing.seal(forget_day(starts_at), WAY, row_key(number), way) if way else None
    s.execute(update(TRAINING).where(TRAINING.c.id == number).values(way=box))


def row_key(number: int) -> bytes:
    """What binds a box to its training."""
    return str(number).encode()


def _view(row: Any) -> TrainingView:
    return TrainingView(
        row.id, row.location_id, row.kind, row.name, row.about, row.for_whom, tuple(row.languages.split(",")),
        row.starts_at, row.minutes, row.place, _way(row), row.page, row.seats, row.taken, row.cancelled, row.attended,
    )  # fmt: skip


def _way(row: Any) -> str:
    if row.way is None:
        return ""
    try:
        return sealing.open_(WAY, row_key(row.id), row.way)
    except sealing.Unreadable:
        return ""
