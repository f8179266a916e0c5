"""The hand-over note on the roster: written by one shift, read by the next."""

import re

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from clinic import audit
from clinic.booking.typed import Unreadable, without_numbers
from clinic.db import db, writing
from clinic.desk import bp, pages, shift
from clinic.desk.pages import Note
from clinic.desk.views import ROSTER_ROLES
from clinic.directory.catalogue import LocationInfo
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn


@bp.post("/roster/<slug>/<day>/<any(note, noted):act>")
@staff_only(*ROSTER_ROLES)
def note_shift(person: SignedIn, location: LocationInfo, day: str, act: str) -> ResponseReturnValue:
    """Leave a note for the next shift, or take one away that is done with."""
    desk = pages.desk_of(person, location, day)
    key = request.form.get("key", "")
    try:
        text = without_numbers(request.form.get("text", ""), shift.LONGEST)
    except Unreadable as wrong:
        return pages.page(desk, None, None, Note(request.form["text"][: shift.LONGEST], str(wrong.message))), 422
    if act == "noted" and not re.fullmatch(r"[0-9a-f]{32}", key):
        abort(422)
    db.session.rollback()
    with writing() as s:
        if act == "noted":
            shift.remove(s, location.id, key)
            audit.record(s, desk.now, person.login, "shift.note_removed", "", location.id)
        elif text:
            shift.write(s, location.id, person.name, text, desk.now)
            audit.record(s, desk.now, person.login, "shift.note", "", location.id)
    return redirect(desk.url(), 303)
