"""What she is told about a visit, in the transaction that causes it: her language, her cover, nothing else.

Messages know no appointment; `about` ties them to it, so that their owner can drop them. Nothing here
goes out by itself outside the operator's hours: what is due then waits for the morning, and where that
would be too late the caller is told so.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking.models import Appointment
from clinic.messaging import covers, outbox, wanted, window
from clinic.passes.passes import OpenPass

REMINDER, CONFIRMATION, MOVED, STOPPED = "reminder", "confirmation", "moved", "stopped"
LATE = "late"  # "late:20" says twenty minutes: what she knows is read from what went out


def _states(s: Session, rids: Sequence[bytes]) -> dict[bytes, str]:
    rows = s.execute(select(Appointment.rid, Appointment.status).where(Appointment.rid.in_(rids)))
    return {row.rid: row.status for row in rows}


# what a visit's state leaves of its messages: who is there, was there or does not come needs none
VISIT = wanted.thing(
    "appointment",
    {
        "booked": (REMINDER, CONFIRMATION, MOVED, LATE),
        "here": (),
        "in_room": (),
        "done": (),
        "missed": (),
        "cancelled": (STOPPED,),
    },
    _states,
)


def about(rid: bytes) -> str:
    """The name by which messages of an appointment are found."""
    return VISIT.about(rid)


def remind(
    s: Session, pass_: OpenPass, rid: bytes, start: datetime, minutes: int, forget_on: date, now: datetime
) -> bool:
    """Put a reminder `minutes` before `start`; False when it would be of no use or she has no number."""
    due = window.due(start, minutes, now)
    if due is None or pass_.phone is None:
        return False
    text = covers.text(pass_.cover, pass_.language, start)
    outbox.put(s, pass_.rid, about(rid), REMINDER, pass_.phone, text, due, start, forget_on)
    return True


def remind_again(
    s: Session, pass_: OpenPass, rid: bytes, start: datetime, minutes: int, forget_on: date, now: datetime
) -> bool:
    """Put the reminder that was taken back, since the visit takes place after all; never a second one.

    Where its moment has passed meanwhile, it goes at once, if that is still of use.
    """
    there = any(m.kind == REMINDER and not m.dropped and m.state != "dropped" for m in outbox.of(s, about(rid)))
    if there or pass_.phone is None:
        return False
    due = window.due(start, minutes, now) or window.news_at(start - timedelta(minutes=window.USEFUL_MINUTES), now)
    if due is None:
        return False
    text = covers.text(pass_.cover, pass_.language, start)
    outbox.put(s, pass_.rid, about(rid), REMINDER, pass_.phone, text, due, start, forget_on)
    return True


def confirm(s: Session, pass_: OpenPass, rid: bytes, start: datetime, forget_on: date, now: datetime) -> bool:
    """Put the one message she may ask for at once; False when it would come after the visit began."""
    due = window.news_at(start, now)
    if due is None or pass_.phone is None:
        return False
    text = covers.text(pass_.cover, pass_.language, start)
    outbox.put(s, pass_.rid, about(rid), CONFIRMATION, pass_.phone, text, due, start, forget_on)
    return True


def tell_moved(
    s: Session, pass_: OpenPass, rid: bytes, old: datetime, new: datetime, forget_on: date, now: datetime
) -> bool:
    """Say that others moved her visit from `old` to `new`; False when it can't reach her before either."""
    due = window.news_at(min(old, new), now)
    if due is None or pass_.phone is None:
        return False
    text = covers.moved(pass_.language, new)
    outbox.put(s, pass_.rid, about(rid), MOVED, pass_.phone, text, due, new, forget_on)
    return True


def tell_stopped(s: Session, pass_: OpenPass, rid: bytes, start: datetime, forget_on: date, now: datetime) -> bool:
    """Say that her visit at `start` does not take place; False when it can't reach her before.

    It goes out as soon as it may. "Today" is said where it goes out on the Date of the visit; to whoever
    is to come after midnight, or on another day, the Date is said.
    """
    due = window.news_at(start, now)
    if due is None or pass_.phone is None:
        return False
    text = stopped_words(pass_.language, start, due)
    outbox.put(s, pass_.rid, about(rid), STOPPED, pass_.phone, text, due, start, forget_on)
    return True


def stopped_words(language: str, start: datetime, due: datetime) -> str:
    """The text, put to go out at `due`, that says that a visit at `start` does not take place."""
    today = clock.local(due).date() == clock.local(start).date()
    return (covers.stopped if today else covers.called_off)(language, start)


def late_minutes(kind: str) -> int | None:
    """The minutes that a message of a delay says, 0 for "on time again"; None for a message of another kind."""
    word, _, minutes = kind.partition(":")
    return int(minutes) if word == LATE and minutes else None


def late_at(pass_: OpenPass, start: datetime, known: int, minutes: int, now: datetime) -> datetime | None:
    """When the news goes out that a visit at `start` begins `minutes` late; None when it reaches her too late.

    `known` are the minutes she was told before.
    """
    return None if pass_.phone is None else window.news_at(_late_until(start, known, minutes), now)


def tell_late(
    s: Session, pass_: OpenPass, rid: bytes, start: datetime, known: int, minutes: int, forget_on: date, now: datetime
) -> bool:
    """Say that her visit at `start` begins `minutes` late, or (0) at its time again; False when it can't reach her."""
    due = late_at(pass_, start, known, minutes, now)
    if due is None or pass_.phone is None:
        return False
    text, until = (
        covers.late(pass_.language, start, start + timedelta(minutes=minutes)),
        _late_until(start, known, minutes),
    )
    outbox.put(s, pass_.rid, about(rid), f"{LATE}:{minutes}", pass_.phone, text, due, until, forget_on)
    return True


def _late_until(start: datetime, known: int, minutes: int) -> datetime:
    return start + timedelta(minutes=min(known, minutes))


def take_back(s: Session, rid: bytes, why: str, now: datetime) -> bool:
    """Drop all that was not sent yet and keep `why` with it; whether a confirmation was among it."""
    waiting = any(message.kind == CONFIRMATION and message.state == "waiting" for message in outbox.of(s, about(rid)))
    outbox.drop(s, about(rid), None, now, why)
    return waiting
