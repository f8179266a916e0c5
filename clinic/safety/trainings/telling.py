"""What she is told about a seat, in the transaction that causes it: only where she asked, in her cover."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.messaging import covers, outbox, wanted, window
from clinic.passes.passes import OpenPass
from clinic.safety.trainings.models import Seat, Training

SEATED, REMINDER, MOVED, CALLED_OFF = "seated", "reminder", "moved", "called_off"


def _states(s: Session, rids: Sequence[bytes]) -> dict[bytes, str]:
    rows = s.execute(
        select(Seat.rid, Seat.queue, Training.cancelled)
        .join(Training, Training.id == Seat.training_id)
        .where(Seat.rid.in_(rids))
    )
    return {rid: "called_off" if off else "seat" if queue is None else "waits" for rid, queue, off in rows}


# what the state of a seat leaves of its messages; one that was given up is gone with all of them
SEAT = wanted.thing("seat", {"seat": (SEATED, REMINDER, MOVED), "waits": (), "called_off": (CALLED_OFF,)}, _states)


def about(rid: bytes) -> str:
    """The name by which messages of a seat are found."""
    return SEAT.about(rid)


def seated(
    s: Session, pass_: OpenPass, rid: bytes, starts_at: datetime, at_once: bool, lead: int | None, forget_on: date,
    now: datetime,
) -> None:  # fmt: skip
    """Put what she asked for about a seat that is hers: a message at once (`at_once`), a reminder before it begins.

    A reminder that would go out with the first message says nothing new and is left out.
    """
    if pass_.phone is None:
        return
    text = covers.text(pass_.cover, pass_.language, starts_at)
    first = window.news_at(starts_at, now) if at_once else None
    if first is not None:
        outbox.put(s, pass_.rid, about(rid), SEATED, pass_.phone, text, first, starts_at, forget_on)
    due = None if lead is None else window.due(starts_at, lead, now)
    if due is not None and not (first is not None and due <= first):
        outbox.put(s, pass_.rid, about(rid), REMINDER, pass_.phone, text, due, starts_at, forget_on)


def reaches(pass_: OpenPass, before: datetime, now: datetime) -> datetime | None:
    """When a message to her would go out; None when she left no number, or it can't reach her before."""
    return None if pass_.phone is None else window.news_at(before, now)


def moved(
    s: Session, pass_: OpenPass, rid: bytes, was: datetime, starts_at: datetime, lead: int | None, forget_on: date,
    now: datetime,
) -> bool:  # fmt: skip
    """Say the new hour, and remind of it instead of the old one; False when no message reaches her before either."""
    outbox.drop(s, about(rid), (SEATED, REMINDER, MOVED), now, "moved")
    first = reaches(pass_, min(was, starts_at), now)
    if pass_.phone is None or first is None:
        return False
    text = covers.moved(pass_.language, starts_at)
    outbox.put(s, pass_.rid, about(rid), MOVED, pass_.phone, text, first, starts_at, forget_on)
    due = None if lead is None else window.due(starts_at, lead, now)
    if due is not None and due > first:
        words = covers.text(pass_.cover, pass_.language, starts_at)
        outbox.put(s, pass_.rid, about(rid), REMINDER, pass_.phone, words, due, starts_at, forget_on)
    return True


def called_off(s: Session, pass_: OpenPass, rid: bytes, starts_at: datetime, forget_on: date, now: datetime) -> bool:
    """Say that it does not take place; False when she left no number, or it can't reach her before."""
    SEAT.follow(s, rid, "called_off", now)
    first = reaches(pass_, starts_at, now)
    if pass_.phone is None or first is None:
        return False
    text = covers.called_off(pass_.language, starts_at)
    outbox.put(s, pass_.rid, about(rid), CALLED_OFF, pass_.phone, text, first, starts_at, forget_on)
    return True


def take_back(s: Session, rid: bytes, why: str, now: datetime) -> None:
    """Drop all that was not sent yet, and keep `why` with it."""
    outbox.drop(s, about(rid), None, now, why)
