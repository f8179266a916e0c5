"""What she is told about a seat, in the transaction that causes it: only where she asked, in her cover."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from clinic.messaging import covers, outbox, window
from clinic.passes.passes import OpenPass

SEATED, REMINDER, CALLED_OFF = "seated", "reminder", "called_off"


def about(rid: bytes) -> str:
    """The name by which messages of a seat are found."""
    return f"seat:{rid.hex()}"


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


def called_off(s: Session, pass_: OpenPass, rid: bytes, starts_at: datetime, forget_on: date, now: datetime) -> bool:
    """Say that it does not take place; False when she left no number, or it can't reach her before."""
    take_back(s, rid, "cancelled", now)
    first = window.news_at(starts_at, now)
    if pass_.phone is None or first is None:
        return False
    text = covers.called_off(pass_.language, starts_at)
    outbox.put(s, pass_.rid, about(rid), CALLED_OFF, pass_.phone, text, first, starts_at, forget_on)
    return True


def take_back(s: Session, rid: bytes, why: str, now: datetime) -> None:
    """Drop all that was not sent yet, and keep `why` with it."""
    outbox.drop(s, about(rid), None, now, why)
