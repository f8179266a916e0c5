"""What she is told about an order, in the transaction that causes it: only where she asked, in her cover.

The order itself keeps whether she asked (`tell`, `remind`), so that a restock weeks later still knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.kits.models import KitOrder
from clinic.messaging import covers, outbox, wanted, window
from clinic.passes.passes import OpenPass

READY, REMINDER, DELAYED = "ready", "reminder", "delayed"
REMIND_MINUTES = 24 * 60  # before the end of the last day


@dataclass(frozen=True, slots=True)
class Asked:
    """What she wants to be told: when her kits are ready, and before their last day ends."""

    tell: bool
    remind: bool


def _states(s: Session, rids: Sequence[bytes]) -> dict[bytes, str]:
    rows = s.execute(select(KitOrder.rid, KitOrder.status).where(KitOrder.rid.in_(rids)))
    return {row.rid: row.status for row in rows}


# what an order's state leaves of its messages; a point that is closed for the moment delays what is set aside
ORDERED = wanted.thing(
    "order",
    {
        "reserved": (READY, REMINDER, DELAYED),
        "backordered": (DELAYED,),
        "collected": (),
        "cancelled": (),
        "released": (),
    },
    _states,
)


def about(rid: bytes) -> str:
    """The name by which messages of an order are found."""
    return ORDERED.about(rid)


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
    if first is None or due is None or due > first:
        remind(s, pass_, rid, asked, until, forget_on, now)


def remind(
    s: Session, pass_: OpenPass, rid: bytes, asked: Asked, until: datetime, forget_on: date, now: datetime
) -> None:
    """Put the reminder before `until`, if she asked for it and it comes in time; also after a handover was undone."""
    due = window.due(until, REMIND_MINUTES, now)
    if pass_.phone is None or not asked.remind or due is None:
        return
    text = covers.ready(pass_.cover, pass_.language, until)
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
