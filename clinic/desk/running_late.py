"""A room runs late: a number beside its name, and a message to those who asked for messages."""

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic.booking import lateness
from clinic.booking.lateness import Told
from clinic.db import db, writing
from clinic.desk import answers, bp, pages
from clinic.desk.forms import LateForm
from clinic.desk.pages import Said
from clinic.desk.views import ROSTER_ROLES
from clinic.directory.catalogue import LocationInfo, RoomInfo
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now


@bp.post("/roster/<slug>/<day>/late")
@staff_only(*ROSTER_ROLES)
def run_late(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Write down by how many minutes a room runs late today; 0 takes it back."""
    desk = pages.desk_of(person, location, day)
    form = LateForm(request.form)
    if not form.validate() or desk.day != desk.service_day:
        abort(422)
    room = next((r for r in location.rooms if r.id == form.room.data), None)
    if room is None:
        abort(404)
    minutes = int(form.minutes.data or 0)
    db.session.rollback()
    with writing() as s:
        told = lateness.run_late(s, location.id, room.id, minutes, person.login, desk.now)
    return answers.after(desk, Said(_words(room, minutes, told)), 200)


def _words(room: RoomInfo, minutes: int, told: Told) -> str:
    name = room.name[language_now()]
    if not minutes:
        return str(_("%(room)s is on time again.", room=name))
    words = [_("%(room)s runs %(minutes)s min late.", room=name, minutes=minutes)]
    if told.told:
        words.append(_("Told by SMS: %(numbers)s.", numbers=", ".join(map(str, told.told))))
    if told.untold:
        words.append(_("To be told at the door: %(numbers)s.", numbers=", ".join(map(str, told.untold))))
    return " ".join(words)
