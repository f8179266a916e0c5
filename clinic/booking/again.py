"""The next visit, made on the spot: it hangs from the pass of the present one, so her code shows it.

Its number and word are said once, as for a walk-in. Who came without a pass gets no more than these:
there is nothing it could hang from.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, by_desk, placing, rearranging, taken, telling, tickets
from clinic.booking.by_desk import Made
from clinic.booking.refusals import Gone
from clinic.directory import catalogue
from clinic.passes import passes


def book_again(
    s: Session,
    location_id: int,
    rid: bytes,
    start: datetime,
    services: frozenset[int] | None,
    remind: bool,
    actor: str,
    now: datetime,
) -> Made:
    """Book the next visit at `start`, for `services` (None: the same once more); `remind` as before, if she asked then.

    `s` writes. Raises Gone, NotASlot, SlotTaken.
    """
    before = appointments.row_of(s, rid)
    if before.location_id != location_id:
        raise Gone
    day = clock.service_day(start)
    before = appointments.locked(s, before, day)
    if before.status == "cancelled":
        raise Gone
    cat = catalogue.current(s)
    was = placing.unseal(rid, before.details)
    chosen = frozenset(was.services) if services is None else services
    visit_cells = before.visit_cells if services is None else by_desk.cells(cat, services, 0)
    forget_on = placing.forget_day(clock.moment(clock.cell(start) + visit_cells))
    pass_ = rearranging.pass_of(s, before)
    if pass_ is not None:
        pass_ = passes.keep_until(s, passes.hold(s, pass_), forget_on)
    minutes = was.remind_minutes if remind and pass_ is not None and pass_.phone is not None else None
    ticket = taken.bump(s, location_id, day, tickets.step()).last_ticket
    loc = cat.locations[location_id]
    made, noun = by_desk.place(s, cat, loc, chosen, visit_cells, start, pass_, minutes, ticket, now)
    reminded = False
    if pass_ is not None and minutes is not None:
        reminded = telling.remind(s, pass_, made.rid, start, minutes, forget_on, now)
    audit.record(s, now, actor, "visit.again", day.isoformat(), location_id)
    return Made(made, noun, None, reminded)


def may_be_reminded(s: Session, row: Any) -> bool:
    """Whether she asked for a reminder of this visit, and there is still a number to send one to."""
    pass_ = rearranging.pass_of(s, row)
    if pass_ is None or pass_.phone is None:
        return False
    return placing.unseal(row.rid, row.details).remind_minutes is not None
