"""One visit at the desk: where it stands, and all that can be done with it. No noun, no service, no phone."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clinic import clock, wording
from clinic.booking import again, appointments, awaiting, desk_times, placing, rearranging, reshape
from clinic.booking.availability import Slot
from clinic.booking.desk_times import Own
from clinic.booking.refusals import Gone
from clinic.booking.typed import Unreadable
from clinic.booking.typed import day as typed_day
from clinic.db import db
from clinic.desk import answers, board, bp, pages, roster
from clinic.desk.pages import Desk
from clinic.desk.views import ROSTER_ROLES
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.privacy import sealing
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import ngettext

STRIP_DAYS = 7
WEEKS_AHEAD = (1, 4, 12)
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


def visit_page(desk: Desk, ticket: int, sentence: str = "", status: int = 200) -> ResponseReturnValue:
    """The page of a visit; the truth in one sentence where it stands there no more."""
    found = visit_of(db.session(), desk, ticket)
    if found is None:
        gone = sentence or _("Number %(ticket)s does not stand on this day. It may have been moved.", ticket=ticket)
        return render_template("desk/visit_gone.html", **pages.names(desk), sentence=gone), max(status, 404)
    wanted = _wanted(found)
    on = _day(desk, found)
    slots = {day: _free(desk, found, day, wanted) for day in (on + timedelta(days=n) for n in range(STRIP_DAYS))}
    return (
        render_template(
            "desk/visit.html",
            **pages.names(desk),
            visit=found,
            card=found.card,
            movable=_movable(found),
            again=_again(found),
            wanted=wanted,
            sentence=sentence,
            token=secrets.token_urlsafe(16),
            on=on,
            strip=[_strip_day(day, on, slots[day]) for day in slots],
            groups=_groups(slots[on]),
            left=len(slots[on]),
            jumps=_jumps(desk, on),
            remindable=wanted == NEXT and again.may_be_reminded(db.session(), found.row),
            thing=_thing(desk, found),
            clinician=pages.is_clinician(desk.person, desk.location),
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
    try:
        details = placing.unseal(row.rid, row.details)
    except sealing.Gone:
        return None
    pass_ = rearranging.pass_of(s, row)
    card = answers.cards(desk, [appointments.desk_row(row)])[0]
    reachable = rearranging.reachable(s, row, desk.now)
    return Visit(row, card, frozenset(details.services), details.notes, reachable, pass_ is not None)


def _movable(visit: Visit) -> bool:
    return visit.row.status in reshape.MOVABLE and visit.row.room_id is not None


def _again(visit: Visit) -> bool:
    return visit.row.status in ("here", "in_room", "done")


def _wanted(visit: Visit) -> str:
    """What the times on the page are for: moving this visit, or the next one."""
    asked = request.values.get("to", "")
    offered = [word for word, may in ((MOVE, _movable(visit)), (NEXT, _again(visit))) if may]
    return asked if asked in offered else next(iter(offered), "")


def _day(desk: Desk, visit: Visit) -> date:
    """The first of the days whose times are shown: the one asked for, if the desk looks so far."""
    first, last = desk.service_day, desk.service_day + timedelta(days=desk_times.MOST_DAYS)
    try:
        asked = typed_day(request.values.get("day", ""))
    except Unreadable:
        asked = clock.service_day(visit.card.start)
    return min(max(asked, first), last)


def _free(desk: Desk, visit: Visit, day: date, wanted: str) -> tuple[Slot, ...]:
    if not wanted:
        return ()
    s, row = db.session(), visit.row
    cat = catalogue.current(s)
    own = Own(row.room_id, row.start_cell, row.own_cells) if wanted == MOVE else None
    return desk_times.free(s, cat, desk.location, visit.services, row.visit_cells, day, desk.now, own)


def _strip_day(day: date, first: date, slots: tuple[Slot, ...]) -> tuple[str, str, str, str, str]:
    count = ngettext("%(num)s free time", "%(num)s free times", len(slots))
    return (
        day.isoformat(),
        wording.weekday_short(day),
        wording.short_day(day),
        f"{wording.long_day(day)}, {count}",
        "" if slots or day == first else _("full"),
    )


def _groups(slots: tuple[Slot, ...]) -> list[tuple[str, list[tuple[int, str, str]]]]:
    """Free times as keys, a group for each part of the day."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for slot in slots:
        words = wording.time_words(slot.start)
        found.setdefault(_part(slot.start), []).append((clock.cell(slot.start), words, words))
    return list(found.items())


def _part(moment: datetime) -> str:
    hour = clock.local(moment).hour
    if hour < clock.DAY_TURNS.hour:
        return str(_("At night"))
    if hour < 12:
        return str(_("In the morning"))
    return str(_("In the afternoon") if hour < 18 else _("In the evening"))


def _jumps(desk: Desk, on: date) -> list[tuple[str, str, bool]]:
    """Days that are asked for at a desk: in a week, in four, in twelve."""
    return [
        (day.isoformat(), ngettext("In %(num)s week", "In %(num)s weeks", weeks), day == on)
        for weeks in WEEKS_AHEAD
        for day in [desk.service_day + timedelta(weeks=weeks)]
    ]


def _thing(desk: Desk, visit: Visit) -> awaiting.Thing | None:
    things = awaiting.of_location(db.session(), desk.location.id, desk.now)
    return next((t for t in things if (t.day, t.ticket) == (visit.row.day, visit.row.ticket)), None)
