"""The end of the day: "all came except …", said by a person. What nobody knows stays open."""

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clinic.booking import appointments, marking
from clinic.booking.refusals import StatusChanged
from clinic.db import db, writing
from clinic.desk import answers, board, bp, pages, roster
from clinic.desk.pages import Desk
from clinic.desk.views import ROSTER_ROLES
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

MOST = 500  # marks in one form


@bp.route("/roster/<slug>/<day>/close", methods=["GET", "POST"])
@staff_only(*ROSTER_ROLES)
def close_day(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Those without a mark: who did not come is ticked, the rest were there; or nobody knows, and it stays open."""
    desk = pages.desk_of(person, location, day)
    if desk.day > desk.service_day:
        abort(404)
    if request.method == "GET":
        return _page(desk, "")
    shown, missed = tickets("shown"), tickets("missed")
    if not missed <= shown:
        abort(422)
    db.session.rollback()
    with writing() as s:
        changed = _mark(s, desk, shown, missed)
    if changed:
        numbers = ", ".join(str(ticket) for ticket in changed)
        return _page(desk, _("Marked elsewhere in the meantime: %(numbers)s. Look once more.", numbers=numbers)), 409
    return redirect(desk.url(), 303)


def unmarked(desk: Desk) -> tuple[tuple[roster.Card, ...], tuple[roster.Card, ...]]:
    """Whose time has begun and who has no mark, or no last one; and who still waits in the line."""
    s = db.session()
    rows = appointments.for_desk(s, catalogue.current(s), desk.location.id, desk.day).rows
    cards = answers.cards(desk, rows)
    open_ = tuple(c for c in cards if c.room_id is not None and c.status in roster.ACTIVE and c.start <= desk.now)
    return open_, tuple(c for c in cards if c.room_id is None)


def _mark(s: Session, desk: Desk, shown: set[int], missed: set[int]) -> list[int]:
    """Mark all that were shown; the numbers of those that had changed."""
    rows = {row.ticket: row for row in appointments.for_desk(s, catalogue.current(s), desk.location.id, desk.day).rows}
    changed = []
    for ticket in sorted(shown):
        row = rows.get(ticket)
        to = "missed" if ticket in missed else "done"
        try:
            if row is None or row.status not in roster.ACTIVE:
                raise StatusChanged("")
            if row.room_id is None:
                board.give_up_walk_in(s, desk.location.id, desk.day, row.rid, desk.person.login, desk.now)
            else:
                marking.set_status(s, desk.location.id, row.rid, row.status, to, desk.person.login, desk.now)
        except StatusChanged:
            if row is None or row.status != to:
                changed.append(ticket)
    return changed


def tickets(name: str) -> set[int]:
    """The numbers in a field that is there once for each visit."""
    sent = request.form.getlist(name)
    if len(sent) > MOST or not all(value.isascii() and value.isdigit() and len(value) <= 5 for value in sent):
        abort(422)
    return {int(value) for value in sent}


def _page(desk: Desk, sentence: str) -> str:
    cards, in_line = unmarked(desk)
    return render_template("desk/close.html", **pages.names(desk), cards=cards, in_line=in_line, sentence=sentence)
