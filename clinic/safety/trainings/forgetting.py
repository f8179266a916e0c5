"""What is over leaves the tables: seats on the second day after a training, and how many there were with them."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import writing
from clinic.messaging.models import Message
from clinic.safety.trainings import reading, seats, telling
from clinic.safety.trainings.reading import SEAT, TRAINING

BATCH = 200


def run(now: datetime) -> int:
    """One batch of everything that is to be forgotten, and seats that nobody has any more given on; how many rows."""
    gone = 0
    for step in (forget_seats, forget_counts, free_orphaned):
        with writing() as s:
            gone += step(s, now)
    return gone


def forget_seats(s: Session, now: datetime) -> int:
    """Delete seats whose day has passed, with their messages."""
    today = clock.local(now).date()
    rids = s.execute(select(SEAT.c.rid).where(SEAT.c.forget_on < today).limit(BATCH)).scalars().all()
    if rids:
        s.execute(delete(Message).where(Message.about.in_([telling.about(rid) for rid in rids])))
        s.execute(delete(SEAT).where(SEAT.c.rid.in_(rids)))
    return len(rids)


def forget_counts(s: Session, now: datetime) -> int:
    """What a training whose seats are forgotten still tells of them: how many there were, and where it was."""
    over = clock.at(clock.local(now).date() - timedelta(days=1), 0)
    kept = (TRAINING.c.taken > 0) | (TRAINING.c.last_ticket > 0) | TRAINING.c.way.is_not(None)
    chosen = update(TRAINING).where(TRAINING.c.starts_at < over, kept)
    return int(s.execute(chosen.values(taken=0, last_ticket=0, way=None)).rowcount)  # type: ignore[attr-defined]


def free_orphaned(s: Session, now: datetime) -> int:
    """Give on the seats of passes that were deleted in the very moment in which they took one."""
    held = (
        select(func.count())
        .where(SEAT.c.training_id == TRAINING.c.id, SEAT.c.queue.is_(None))
        .correlate(TRAINING)
        .scalar_subquery()
    )
    wrong = select(TRAINING.c.id).where(TRAINING.c.starts_at > now, TRAINING.c.taken > held).order_by(TRAINING.c.id)
    found = s.execute(wrong.limit(BATCH)).scalars().all()
    for number in found:
        reading.lock(s, number)
        s.execute(update(TRAINING).where(TRAINING.c.id == number).values(taken=held))
        seats.promote(s, number, now)
    return len(found)
