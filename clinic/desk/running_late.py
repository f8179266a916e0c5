"""A room runs late: a number beside its name. Whom an SMS will tell is shown first, with the words; then it goes."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic.booking import lateness
from clinic.booking.lateness import Notice, OthersNow
from clinic.db import db, writing
from clinic.desk import bp, closing, pages
from clinic.desk.forms import LateForm
from clinic.desk.pages import Desk, Said
from clinic.desk.views import ROSTER_ROLES
from clinic.directory.catalogue import LocationInfo, RoomInfo
from clinic.messaging import covers
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now


@bp.post("/roster/<slug>/<day>/late")
@staff_only(*ROSTER_ROLES)
def run_late(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Show whom a delay, or its end, would tell what; write it down and send on the second press.

    Where nobody would be told, the first press is enough.
    """
    desk = pages.desk_of(person, location, day)
    form = LateForm(request.form)
    if not form.validate() or desk.day != desk.service_day:
        abort(422)
    room = next((r for r in location.rooms if r.id == form.room.data), None)
    if room is None:
        abort(404)
    minutes, sends = int(form.minutes.data or 0), request.form.get("act") == "send"
    shown = closing.tickets("shown") if sends else set[int]()
    db.session.rollback()
    try:
        with writing() as s:
            notices = lateness.run_late(s, location.id, room.id, minutes, shown, person.login, desk.now)
    except OthersNow as others:
        again = _("Others would be told now. Look once more.") if sends else ""
        return _look(desk, room, minutes, others.notices, again), 409 if sends else 200
    return pages.page(desk, None, Said(_words(room, minutes, notices)))


def _look(desk: Desk, room: RoomInfo, minutes: int, notices: tuple[Notice, ...], sentence: str) -> str:
    return render_template(
        "desk/late_look.html",
        **pages.names(desk),
        late_room=room,
        minutes=minutes,
        told=[(n.ticket, covers.late(language_now(), n.start, n.later)) for n in notices if n.reached],
        untold=[n.ticket for n in notices if not n.reached],
        shown=[n.ticket for n in notices],
        sentence=sentence,
    )


def _words(room: RoomInfo, minutes: int, notices: tuple[Notice, ...]) -> str:
    name = room.name[language_now()]
    first = _("%(room)s runs %(minutes)s min late.", room=name, minutes=minutes) if minutes else ""
    words = [first or _("%(room)s is on time again.", room=name)]
    told, untold = ([n.ticket for n in notices if n.reached is way] for way in (True, False))
    if told:
        words.append(_("Told by SMS: %(numbers)s.", numbers=", ".join(map(str, told))))
    if untold:
        words.append(_("To be told at the door: %(numbers)s.", numbers=", ".join(map(str, untold))))
    return " ".join(words)
