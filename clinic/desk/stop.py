"""Stop tonight, in two taps: the first page says what it does, the second shows nothing to read."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import stopping, telling
from clinic.db import db, writing
from clinic.desk import bp
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.kits import pausing
from clinic.kits.catalogue import PointInfo, kits
from clinic.messaging import window
from clinic.staff import guard, leaving, memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

STOP_ROLES = ("receptionist", "clinician", "point_keeper", "coordinator", "administrator")
REOPEN_ROLES = ("coordinator",)


@bp.get("/stop/<slug>")
@staff_only(*STOP_ROLES)
def stop(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """What will happen; of a stopped place, since when, and for coordinators the way back."""
    now = clock.now()
    evening = stopping.foresee(db.session(), location.id, now)
    goes = window.next_opening(now)
    return render_template(
        "desk/stop.html",
        person=person,
        location=location,
        evening=evening,
        orders=pausing.waiting(db.session(), location.id),
        texts=[(row.ticket, telling.stopped_words(language_now(), row.start, goes)) for row in evening.told],
        window_open=window.is_open(now),
        closes=window.closes(clock.local(now).date()),
        may_reopen=_may_reopen(person, location),
        day=clock.service_day(now),
    )


@bp.post("/stop/<slug>")
@staff_only(*STOP_ROLES)
def do_stop(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Stop the place and sign its desks out; or, by a coordinator, open it again."""
    now, act = clock.now(), request.form.get("act", "stop")
    if act == "reopen":
        if not _may_reopen(person, location):
            abort(404)
        db.session.rollback()
        with writing() as s:
            stopping.reopen(s, location, person.login, now)
            point = _point(s, location)
            if point is not None:
                pausing.resume(s, point, now)
        return redirect(url_for("desk.stop", slug=location.slug, opened=1), 303)
    if act != "stop":
        abort(422)
    db.session.rollback()
    with writing() as s:
        stopping.stop(s, location, person.login, now)
        point = _point(s, location)
        if point is not None:
            pausing.pause(s, point, now)
        leaving.end_at(s, location)
    db.session.rollback()
    if guard.still_in(person, now):
        return redirect(url_for("desk.stop", slug=location.slug), 303)
    return redirect(url_for("desk.sign_in_page", done=1), 303)


def _point(s: Session, location: LocationInfo) -> PointInfo | None:
    return kits(s, catalogue.current(s)).points.get(location.id)


def _may_reopen(person: SignedIn, location: LocationInfo) -> bool:
    # a PIN at a shared desk is not enough: whoever is at the door may be pressing for it
    return person.desk_id is None and memberships.may(db.session(), person.staff_id, REOPEN_ROLES, location)
