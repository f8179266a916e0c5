"""Something is ready for her: one sentence under her code, the same for every result, and never the result.

The desk says of a visit that something will come; days later, when the visit itself has long been
forgotten, it finds the day and number in its list and says that it is ready. Both hang from her pass,
which is kept as long; who else reads the database sees that this place has something for somebody.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, rearranging
from clinic.booking.models import Awaited
from clinic.booking.refusals import Gone
from clinic.db import new_rid
from clinic.passes import passes
from clinic.privacy import sealing

LABEL = "awaited.label"
AWAITED_DAYS = 45  # a laboratory takes two weeks; then it is looked for
READY_DAYS = 30


@dataclass(frozen=True, slots=True)
class Thing:
    """What a place has, or will have, for the visit of a day and number."""

    day: date
    ticket: int
    ready: bool
    forget_on: date


def expect(s: Session, location_id: int, rid: bytes, ready: bool, actor: str, now: datetime) -> None:
    """Something of this visit will come, or is `ready` already; said twice it counts once. `s` writes.

    Raises Gone, also for one who has no pass: under no code it could be shown.
    """
    row = appointments.row_of(s, rid)
    if row.location_id != location_id:
        raise Gone
    row = appointments.locked(s, row)
    pass_ = rearranging.pass_of(s, row)
    if pass_ is None or row.status == "cancelled":
        raise Gone
    if _find(s, location_id, row.day, row.ticket) is not None:
        if ready:
            set_ready(s, location_id, row.day, row.ticket, actor, now)
        return
    forget_on = clock.local(now).date() + timedelta(days=READY_DAYS if ready else AWAITED_DAYS)
    passes.keep_until(s, passes.hold(s, pass_), forget_on)
    thing = new_rid()
    label = sealing.seal(forget_on, LABEL, thing, f"{row.day.isoformat()} {row.ticket}")
    s.execute(
        insert(Awaited).values(
            rid=thing, pass_id=pass_.rid, location_id=location_id, label=label, ready=ready, forget_on=forget_on
        )
    )
    audit.record(s, now, actor, "visit.ready" if ready else "visit.awaited", row.day.isoformat(), location_id)


def set_ready(s: Session, location_id: int, day: date, ticket: int, actor: str, now: datetime) -> None:
    """What was awaited for a day and number is ready now. `s` writes. Raises Gone."""
    row = _find(s, location_id, day, ticket)
    if row is None:
        raise Gone
    forget_on = max(row.forget_on, clock.local(now).date() + timedelta(days=READY_DAYS))
    passes.keep_until(s, passes.of(s, row.pass_id), forget_on)
    s.execute(
        update(Awaited)
        .where(Awaited.rid == row.rid)
        .values(ready=True, forget_on=forget_on, label=sealing.reseal(forget_on, LABEL, row.rid, row.label))
    )
    audit.record(s, now, actor, "visit.ready", day.isoformat(), location_id)


def take_off(s: Session, location_id: int, day: date, ticket: int, actor: str, now: datetime) -> None:
    """It was fetched, or was a mistake: nothing is shown any more. `s` writes. Raises Gone."""
    row = _find(s, location_id, day, ticket)
    if row is None:
        raise Gone
    s.execute(delete(Awaited).where(Awaited.rid == row.rid))
    audit.record(s, now, actor, "visit.fetched", day.isoformat(), location_id)


def of_location(s: Session, location_id: int, now: datetime) -> tuple[Thing, ...]:
    """All that a place awaits or has ready, by day and number."""
    today = clock.local(now).date()
    things = [Thing(*_label(row), row.ready, row.forget_on) for row in _rows(s, location_id) if row.forget_on >= today]
    return tuple(sorted(things, key=lambda thing: (thing.day, thing.ticket)))


def of_pass(s: Session, pass_id: bytes, now: datetime) -> tuple[tuple[int, Thing], ...]:
    """What places (their ids) have, or will have, for the holder of a pass: what is ready first, then by day."""
    rows = s.execute(
        select(Awaited.rid, Awaited.location_id, Awaited.label, Awaited.ready, Awaited.forget_on).where(
            Awaited.pass_id == pass_id, Awaited.forget_on >= clock.local(now).date()
        )
    )
    things = [(row.location_id, Thing(*_label(row), row.ready, row.forget_on)) for row in rows]
    return tuple(sorted(things, key=lambda one: (not one[1].ready, one[1].day, one[1].ticket)))


def _find(s: Session, location_id: int, day: date, ticket: int) -> Any:
    return next((row for row in _rows(s, location_id) if _label(row) == (day, ticket)), None)


def _rows(s: Session, location_id: int) -> list[Any]:
    return list(
        s.execute(
            select(Awaited.rid, Awaited.pass_id, Awaited.label, Awaited.ready, Awaited.forget_on).where(
                Awaited.location_id == location_id
            )
        )
    )


def _label(row: Any) -> tuple[date, int]:
    """Day and number; those of no visit where the box does not open."""
    try:
        day, ticket = sealing.open_(LABEL, row.rid, row.label).split()
    except sealing.Unreadable:
        return date.min, 0
    return date.fromisoformat(day), int(ticket)
