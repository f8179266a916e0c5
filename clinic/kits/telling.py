"""What she is told about an order, in the transaction that causes it: only where she asked, in her cover.

The order itself keeps whether she asked (`tell`, `remind`), so that a restock weeks later still knows.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from clinic.messaging import covers, outbox, window
from clinic.passes.passes import OpenPass

READY, REMINDER, DELAYED = "ready", "reminder", "delayed"
REMIND_MINUTES = 24 * 60  # before the end of the last day


@dataclass(frozen=True, slots=True)
class Asked:
    """What she wants to be told: when her kits are ready, and before their last day ends."""

    tell: bool
    remind: bool


def about(rid: bytes) -> str:
    """The name by which messages of an order are found."""
    return f"order:{rid.hex()}"


def ready(
    s: Session, pass_: OpenPass, rid: bytes, asked: Asked, until: datetime, forget_on: date, now: datetime
) -> None:
    """Say that her kits wait until `until`, now and before it: each if she asked and it reaches her in time.

    A reminder that would go out with the first message says nothing new and is left out.
    """
    if pass_.phone is None:
        return
    text = covers.ready(pass_.cover, pass_.language, until)
    first = window.news_at(until, now) if asked.tell else None
    if first is not None:
        outbox.put(s, pass_.rid, about(rid), READY, pass_.phone, text, first, until, forget_on)
    due = window.due(until, REMIND_MINUTES, now)
    if asked.remind and due is not None and not (first is not None and due <= first):
        outbox.put(s, pass_.rid, about(rid), REMINDER, pass_.phone, text, due, until, forget_on)


def delayed(
    s: Session, pass_: OpenPass, rid: bytes, asked: Asked, until: datetime, forget_on: date, now: datetime
) -> None:
    """Take back that her kits are ready; told to whoever asked for any message."""
    take_back(s, rid, "delayed", now)
    first = window.news_at(until, now)
    if pass_.phone is None or not (asked.tell or asked.remind) or first is None:
        return
    text = covers.delayed(pass_.language)
    outbox.put(s, pass_.rid, about(rid), DELAYED, pass_.phone, text, first, until, forget_on)


def take_back(s: Session, rid: bytes, why: str, now: datetime) -> None:
    """Drop all that was not sent yet, and keep `why` with it."""
    outbox.drop(s, about(rid), None, now, why)
