"""The end of the day: "all came except …", said by a person. What nobody knows stays open."""

from collections import Counter
from dataclasses import dataclass

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clinic.booking import appointments, marking
from clinic.booking.refusals import StatusChanged, StillInside, TimeGiven
from clinic.db import db, writing
from clinic.desk import answers, board, bp, pages, roster
from clinic.desk.forms import StepForm
from clinic.desk.pages import Desk, Said
from clinic.desk.views import ROSTER_ROLES
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

MOST = 500  # marks in one form


@dataclass(frozen=True, slots=True)
class Standing:
    """The day before it is ended, by what is known of each visit."""

    cards: tuple[roster.Card, ...]  # her time has begun, and nobody has said whether she came
    inside: tuple[roster.Card, ...]  # in a room: she came
    in_line: tuple[roster.Card, ...]
    ahead: tuple[roster.Card, ...]  # still to come


@bp.get("/roster/<slug>/<day>/close")
@staff_only(*ROSTER_ROLES)
def look_at_the_end(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Those without a last mark: who did not come is ticked, the rest were there; who is still ahead is counted."""
    return _page(_past(person, location, day), "")


@bp.post("/roster/<slug>/<day>/close")
@staff_only(*ROSTER_ROLES)
def close_day(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Mark all that were shown; the answer counts them and takes all of it back on one press."""
    desk = _past(person, location, day)
    if request.form.get("act") == "undo":
        return _undo(desk)
    shown, missed = tickets("shown"), tickets("missed")
    if not missed <= shown:
        abort(422)
    db.session.rollback()
    with writing() as s:
        marked, changed = _mark(s, desk, shown, missed)
    if changed:
        numbers = ", ".join(str(ticket) for ticket in changed)
        return _page(desk, _("Marked elsewhere in the meantime: %(numbers)s. Look once more.", numbers=numbers)), 409
    counted = Counter(to for _ticket, to, _was in marked)
    back = [f"{ticket}:{to}:{was}" for ticket, to, was in marked if to != "cancelled"]
    ahead = standing(desk).ahead
    return render_template("desk/closed.html", **pages.names(desk), counted=counted, back=back, ahead=ahead)


def _past(person: SignedIn, location: LocationInfo, day: str) -> Desk:
    desk = pages.desk_of(person, location, day)
    if desk.day > desk.service_day:
        abort(404)
    return desk


def standing(desk: Desk) -> Standing:
    """Where the visits of the day stand."""
    s = db.session()
    rows = appointments.for_desk(s, catalogue.current(s), desk.location.id, desk.day).rows
    cards = answers.cards(desk, rows)
    placed = [c for c in cards if c.room_id is not None and c.status in roster.ACTIVE]
    begun = [c for c in placed if c.start <= desk.now or c.status == "in_room"]
    return Standing(
        cards=tuple(c for c in begun if c.status != "in_room"),
        inside=tuple(c for c in begun if c.status == "in_room"),
        in_line=tuple(c for c in cards if c.room_id is None),
        ahead=tuple(c for c in placed if c not in begun),
    )


def _mark(s: Session, desk: Desk, shown: set[int], missed: set[int]) -> tuple[list[tuple[int, str, str]], list[int]]:
    """Mark all that were shown: ticket, mark and what stood there before; and the numbers of those that had changed."""
    rows = {row.ticket: row for row in appointments.for_desk(s, catalogue.current(s), desk.location.id, desk.day).rows}
    marked, changed = [], []
    for ticket in sorted(shown):
        row = rows.get(ticket)
        to = "missed" if ticket in missed else "done"
        try:
            if row is None or row.status not in roster.ACTIVE or (row.status == "in_room" and to == "missed"):
                raise StatusChanged("")
            if row.room_id is None:
                board.give_up_walk_in(s, desk.location.id, desk.day, row.rid, desk.person.login, desk.now)
                to = "cancelled"
            else:
                marking.set_status(s, desk.location.id, row.rid, row.status, to, desk.person.login, desk.now)
            marked.append((ticket, to, row.status))
        except StatusChanged:
            if row is None or row.status != to:
                changed.append(ticket)
    return marked, changed


def _undo(desk: Desk) -> ResponseReturnValue:
    """Set back what one press has marked, each where it still stands so; what cannot be is named."""
    steps = [StepForm.of(value) for value in request.form.getlist("back")[:MOST]]
    if not steps or not all(step.validate() for step in steps):
        abort(422)
    stays = []
    db.session.rollback()
    for step in steps:
        ticket, was, to = int(step.ticket.data or 0), str(step.was.data), str(step.to.data)
        if was not in ("done", "missed") or to not in roster.ACTIVE:
            abort(422)
        try:
            with writing() as s:
                rid = board.rid_of(s, desk.location.id, desk.day, ticket)
                if rid is None:
                    raise StatusChanged("")
                marking.set_status(s, desk.location.id, rid, was, to, desk.person.login, desk.now)
        except (StatusChanged, StillInside, TimeGiven):
            stays.append(str(ticket))
    said = _("The marks are taken back, except: %(numbers)s.", numbers=", ".join(stays)) if stays else ""
    return pages.page(desk, None, Said(said or _("The marks are taken back."), bad=bool(stays)))


def tickets(name: str) -> set[int]:
    """The numbers in a field that is there once for each visit."""
    sent = request.form.getlist(name)
    if len(sent) > MOST or not all(value.isascii() and value.isdigit() and len(value) <= 5 for value in sent):
        abort(422)
    return {int(value) for value in sent}


def _page(desk: Desk, sentence: str) -> str:
    return render_template("desk/close.html", **pages.names(desk), standing=standing(desk), sentence=sentence)
