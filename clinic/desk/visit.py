"""One visit at the desk: where it stands, and all that can be done with it. No noun, no service, no phone."""

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import again, appointments, awaiting, by_desk, desk_times, placing, rearranging, reshape, telling
from clinic.booking.availability import Slot
from clinic.booking.desk_times import Own
from clinic.booking.forms import MOST_SERVICES
from clinic.booking.refusals import Gone
from clinic.db import db
from clinic.desk import answers, board, bookings, bp, pages, roster, times
from clinic.desk.pages import Desk, Note
from clinic.desk.views import ROSTER_ROLES
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.messaging import covers, window
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

MOVE, NEXT = "move", "next"


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as the desk's page of it needs it; `row` is the database's."""

    row: Any
    card: roster.Card
    services: frozenset[int]
    notes: str
    reachable: bool  # a message can tell her before her time
    coded: bool  # she holds a code

    @property
    def seen(self) -> int:
        return int(self.row.start_cell)


@bp.get("/roster/<slug>/<day>/visit/<int:ticket>")
@staff_only(*ROSTER_ROLES)
def show_visit(person: SignedIn, location: LocationInfo, day: str, ticket: int) -> ResponseReturnValue:
    """The visit of a number of this day; times to move it to, or for the next one, on the day in `?day=`."""
    desk = pages.desk_of(person, location, day)
    return visit_page(desk, ticket)


def visit_page(
    desk: Desk, ticket: int, sentence: str = "", status: int = 200, note: Note | None = None
) -> ResponseReturnValue:
    """The page of a visit; the truth in one sentence where it stands there no more; `note` is one that was refused."""
    found = visit_of(db.session(), desk, ticket)
    if found is None:
        gone = sentence or _("Number %(ticket)s does not stand on this day. It may have been moved.", ticket=ticket)
        return render_template("desk/visit_gone.html", **pages.names(desk), sentence=gone), max(status, 404)
    wanted = _wanted(found)
    chosen = next_services(desk)
    services = bookings.services_of(desk.location)
    on = times.day_asked(desk, clock.service_day(found.card.start))
    clinician = pages.is_clinician(desk.person, desk.location)
    slots = {day: _free(desk, found, day, wanted, chosen) for day in times.days_from(on)}
    return (
        render_template(
            "desk/visit.html",
            **pages.names(desk),
            visit=found,
            card=found.card,
            movable=_movable(found),
            again=_again(found),
            wanted=wanted,
            services=services,
            chosen=chosen if chosen is not None else found.services if clinician else frozenset[int](),
            named=[service.name[language_now()] for service in services if service.id in (chosen or found.services)],
            sentence=sentence,
            token=secrets.token_urlsafe(16),
            on=on,
            strip=times.strip(slots, on),
            groups=times.groups(slots[on]),
            left=len(slots[on]),
            jumps=times.jumps(desk, on),
            remindable=wanted == NEXT and again.may_be_reminded(db.session(), found.row),
            thing=_thing(desk, found),
            clinician=clinician,
            stop_sms=telling.stopped_words(language_now(), found.card.start, window.next_opening(desk.now)),
            note=note or Note(found.notes),
            saved="saved" in request.args,
            last=desk.service_day + timedelta(days=desk_times.MOST_DAYS),
        ),
        status,
    )


def visit_of(s: Session, desk: Desk, ticket: int) -> Visit | None:
    """The visit of a number on the desk's day; None when there is none any more."""
    rid = board.rid_of(s, desk.location.id, desk.day, ticket)
    try:
        row = None if rid is None else appointments.row_of(s, rid)
    except Gone:
        row = None
    if row is None or row.status == "cancelled":
        return None
    details = placing.unseal(row.rid, row.details)
    pass_ = rearranging.pass_of(s, row)
    card = answers.cards(desk, [appointments.desk_row(row)])[0]
    reachable = rearranging.reachable(s, row, desk.now)
    return Visit(row, card, frozenset(details.services), details.notes, reachable, pass_ is not None)


def move_words(desk: Desk, ticket: int, start: datetime) -> str:
    """The text that would tell her that this visit is moved to `start`; "" where none would go out."""
    s = db.session()
    found = visit_of(s, desk, ticket)
    if found is None or not _movable(found) or found.card.start == start:
        return ""
    told = rearranging.reachable(s, found.row, desk.now, start)
    return covers.moved(language_now(), start) if told else ""


def _movable(visit: Visit) -> bool:
    return visit.row.status in reshape.MOVABLE and visit.row.room_id is not None


def _again(visit: Visit) -> bool:
    return visit.row.status in ("here", "in_room", "done")


def _wanted(visit: Visit) -> str:
    """What the times on the page are for: moving this visit, or the next one."""
    asked = request.values.get("to", "")
    offered = [word for word, may in ((MOVE, _movable(visit)), (NEXT, _again(visit))) if may]
    return asked if asked in offered else next(iter(offered), "")


def next_services(desk: Desk) -> frozenset[int] | None:
    """What the next appointment is for, as it was ticked; None: the same as this time."""
    ticked = [
        int(value) for value in request.values.getlist("service")[:MOST_SERVICES] if re.fullmatch(r"\d{1,5}", value)
    ]
    return bookings.chosen_services(desk.location, tuple(ticked)) or None


def _free(desk: Desk, visit: Visit, day: date, wanted: str, chosen: frozenset[int] | None) -> tuple[Slot, ...]:
    if not wanted:
        return ()
    s, row = db.session(), visit.row
    cat = catalogue.current(s)
    own = Own(row.room_id, row.start_cell, row.own_cells) if wanted == MOVE else None
    services, length = visit.services, row.visit_cells
    if wanted == NEXT and chosen is not None:
        services, length = chosen, by_desk.cells(cat, chosen, 0)
    return desk_times.free(s, cat, desk.location, services, length, day, desk.now, own)


def _thing(desk: Desk, visit: Visit) -> awaiting.Thing | None:
    things = awaiting.of_location(db.session(), desk.location.id, desk.now)
    return next((t for t in things if (t.day, t.ticket) == (visit.row.day, visit.row.ticket)), None)
